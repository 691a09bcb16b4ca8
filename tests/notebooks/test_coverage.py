"""What each chapter must cover, and the cell that shows it.

The rows are those of the book's plan: topics A1 … D7 that a course on softmax cannot leave out,
and errata A-1 … E-5 of published texts. A cell claims a topic in its metadata, as
{"softmax_book": {"covers": ["A1"]}}, and the errata appendix an erratum, as
{"softmax_book": {"erratum": "A-1"}}. A claim counts only if the cell checks something.
"""

from __future__ import annotations

import form
import pytest

import notebooks

TOPICS = {
    "01_definition": {
        "A1": "scores become probabilities in the same order",
        "A2": "exponentiate and normalise; differentiable",
        "A4": "a common shift of the scores changes nothing",
        "A5": "the probability that the maximum is at i needs Gumbel noise",
        "A6": "softmax and soft arg max are two things",
        "B2": "max, min, arg max, arg min of [10, 50, 20, 40] and of 10 - (x - 2)²",
        "B3": "softmax, log-softmax and hardmax of (3, 1, 0.2), and the decision",
        "C1": "softmax of (3, 1, -3) as a picture",
        "C2": "one of ten actions chosen by the largest output",
        "D6": "the categorical distribution",
    },
    "02_temperature": {
        "B1": "the temperature demonstration on (3, 1, 0.2)",
        "B4": "arg max as the cold limit; hardmax has gradient zero almost everywhere",
        "B6": "confidence against randomness of choice",
        "D1": "one-hot arg max, ties, singular points, the jump",
        "D2": "pointwise, not uniform, locally uniform convergence",
        "D3": "arg min for β → -∞",
        "D5": "a difference of 10 at T = 1 and T = 100",
    },
    "03_jacobian": {
        "A3": "the Jacobian, both cases, and p_i ([i = j] - p_j)",
        "B4": "hardmax has gradient zero almost everywhere",
    },
    "04_logsumexp": {
        "A6": "the soft maximum, and the soft arg max as its gradient",
    },
    "05_numerics": {
        "B5": "log-softmax with the negative log-likelihood, and its numerical stability",
    },
    "06_cross_entropy": {
        "B5": "log-softmax with the negative log-likelihood, and why the pair is stable",
        "C3": "the network z4, z5, z6 from o1, o2, o3 with weights w41 … w63",
        "C4": "cross-entropy; a one-hot target collapses the sum",
        "C5": "the derivative, cases i = j and i ≠ j: p - 1 and p",
        "C6": "(2, 3, 4) with the second class right, carried back to the weights",
    },
    "08_boltzmann": {
        "B6": "the sampling temperature of text generation",
        "D7": "microstates, energies, partition function, coldness",
    },
    "09_tropical": {
        "D4": "log-semiring, max-plus, min-plus, dequantisation",
    },
}
ERRATA = {
    "01_definition": {
        "A-1": "the index in the denominator",
        "A-2": "infinite logits have no value by the formula",
        "A-3": "the probability that the maximum is at i",
        "A-4": "a stray parenthesis in the shift law",
        "B-1": "a triple that is not the softmax of (3, 1, 0.2)",
        "B-2": "a triple that is not its log-softmax",
        "B-5": "outputs in (0, 1): in R, not in float64",
        "C-1": "powers of z instead of e in the denominator",
        "C-2": "a triple that is not the softmax of (2, 3, 4)",
        "C-4": "the smallest probability instead of the largest",
        "E-1": "scores printed beside probabilities that they do not give",
        "E-2": "the interior of the simplex, not its boundary",
    },
    "02_temperature": {
        "B-4": "the cold limit of a tie is not a one-hot vector",
        "D-2": "(½, ½), a vector, for every β",
        "D-4": "the Swedish word for uniform convergence",
    },
    "03_jacobian": {
        "E-4": "the signs of the Jacobian off its diagonal",
        "E-5": "no component of softmax is convex",
    },
    "04_logsumexp": {
        "E-3": "log-sum-exp is equivariant, not invariant",
    },
    "05_numerics": {
        "B-3": "x - log Σ exp x does not avoid exp x; the shift by the maximum does the work",
    },
    "06_cross_entropy": {
        "C-3": "a gradient that is not that of (2, 3, 4)",
        "C-5": "ascent, two ones, outputs, 01",
    },
    "08_boltzmann": {
        "D-1": "energies are not logits: z = -E",
    },
    "09_tropical": {
        "D-3": "LSE deforms max; its gradient deforms arg max",
    },
}
APPENDIX = notebooks.ROOT / "notebooks" / "appendix_errata.ipynb"
CHAPTERS = [form.Page(notebooks.ROOT / "notebooks" / f"{name}.ipynb") for name in TOPICS]


def rows(table: dict[str, dict[str, str]]) -> list:
    """Make one test of each row, named by the row."""
    return [pytest.param(name, row, id=row) for name in table for row in table[name]]


def claims(page: form.Page, key: str) -> dict[str, list[form.Code]]:
    """Collect the rows that cells of a notebook claim, each with its cells."""
    found: dict[str, list[form.Code]] = {}
    for code in page.codes:
        claimed = code.cell.metadata.get("softmax_book", {}).get(key, [])
        for row in [claimed] if isinstance(claimed, str) else claimed:
            found.setdefault(row, []).append(code)
    return found


def witnesses(code: form.Code) -> bool:
    """Tell whether the cell checks something and its stored output says that it held."""
    lines = "\n".join(code.printed).splitlines()
    return "check." in code.source and any(line.startswith(("✓", "✗")) for line in lines)


@pytest.mark.parametrize(("chapter", "row"), rows(TOPICS))
def test_the_topic_has_a_witness(chapter: str, row: str) -> None:
    cells = claims(form.Page(notebooks.ROOT / "notebooks" / f"{chapter}.ipynb"), "covers").get(row)
    assert cells, f"no cell of {chapter} claims {row}: {TOPICS[chapter][row]}"
    assert any(map(witnesses, cells)), f"{cells[0].place} claims {row} and checks nothing"


@pytest.mark.parametrize(("chapter", "row"), rows(ERRATA))
def test_the_erratum_has_a_proof(chapter: str, row: str) -> None:
    cells = claims(form.Page(APPENDIX), "erratum").get(row)
    assert cells, f"no cell of the appendix shows {row}: {ERRATA[chapter][row]}"
    assert any(map(witnesses, cells)), f"{cells[0].place} claims {row} and checks nothing"


def test_no_cell_claims_an_unknown_row() -> None:
    topics = {row for table in TOPICS.values() for row in table}
    for page in CHAPTERS:
        assert set(claims(page, "covers")) <= topics
    assert set(claims(form.Page(APPENDIX), "erratum")) <= {
        row for table in ERRATA.values() for row in table
    }


def test_every_chapter_has_its_rows() -> None:
    chapters = {path.stem for path in APPENDIX.parent.glob("[0-9][0-9]_*.ipynb")}
    assert chapters == set(TOPICS) == set(ERRATA)
