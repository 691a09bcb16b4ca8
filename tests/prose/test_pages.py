"""The pages around the chapters say what is true, and cite what exists."""

import json
import re
from pathlib import Path

import pytest
from pybtex.database import parse_file

import softlib

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "book").glob("*.md"))
OTHERS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ENTRIES = parse_file(ROOT / "book" / "references.bib", encoding="utf-8").entries


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def chapter(number: str) -> str:
    """All that stands in the cells of a chapter."""
    (path,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells)


# ---------------------------------------------------------------- references


def is_isbn(text: str) -> bool:
    digits = [int(digit) for digit in text if digit.isdigit()]
    return len(digits) == 13 and (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def is_arxiv(fields) -> bool:
    number = re.fullmatch(r"\d{4}\.\d{4,5}", fields.get("eprint", ""))
    return bool(number) and fields.get("archiveprefix") == "arXiv"


def is_identified(fields) -> bool:
    """Whether a reader can find the work without guessing."""
    # In print before identifiers existed: there journal, volume and pages are the identifier.
    in_print = int(fields["year"]) < 1900 and all(
        k in fields for k in ("journal", "volume", "pages")
    )
    return (
        bool(re.fullmatch(r"10\.\d{4,}/\S+", fields.get("doi", "")))
        or is_arxiv(fields)
        or is_isbn(fields.get("isbn", ""))
        or fields.get("url", "").startswith("https://")
        or in_print
    )


def cited(text: str) -> set[str]:
    roles = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)
    return {key.strip() for role in roles for key in role.split(",")}


@pytest.mark.parametrize("key", ENTRIES)
def test_reference_is_complete_and_has_an_identifier(key):
    entry = ENTRIES[key]
    assert entry.persons["author"]
    assert entry.fields["title"]
    assert is_identified(entry.fields)


def test_an_isbn_with_a_wrong_digit_is_no_identifier():
    assert is_identified({"isbn": "9780262035613", "year": "2016"})
    assert not is_identified({"isbn": "9780262035614", "year": "2016"})


def test_what_is_cited_is_listed_and_what_is_listed_is_cited():
    assert set().union(*(cited(page.read_text(encoding="utf-8")) for page in PAGES)) == set(ENTRIES)


# ---------------------------------------------------------------- glossary


def glossary() -> dict[str, str]:
    """Term → entry, from the one glossary directive of the page."""
    (body,) = re.findall(r"```\{glossary\}\n(.*?)\n```", read("book/glossary.md"), re.DOTALL)
    parts = re.split(r"^(?=\S)", body, flags=re.MULTILINE)
    return {part.splitlines()[0]: part for part in parts if part}


PEOPLE = {"Boltzmann", "Jacobian", "Markov"}  # the only words with a capital
LETTERS = {"ru": "[а-яё]", "zh": "[\u4e00-\u9fff]", "sv": "[a-zåäö]"}


@pytest.mark.parametrize("term", glossary())
def test_glossary_entry_has_four_languages(term):
    entry = glossary()[term]
    assert re.fullmatch(r"[A-Za-z][A-Za-z -]+", term)
    assert {word for word in re.findall(r"[A-Za-z]+", term) if not word.islower()} <= PEOPLE
    for language, letter in LETTERS.items():
        (translation,) = re.findall(rf'<span lang="{language}">([^<]+)</span>', entry)
        assert re.search(letter, translation)


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_a_person_has_a_capital_in_the_glossary(name):
    words = re.findall(rf"\b{name}\b", " ".join(glossary()), re.IGNORECASE)
    assert set(words) == {name}


@pytest.mark.parametrize("term", glossary())
def test_glossary_entry_links_to_a_chapter_that_uses_the_term(term):
    (number,) = re.findall(r"\]\(\.\./notebooks/(\d\d)_\w+\.ipynb\)", glossary()[term])
    # The stem of the first word, or the chapter's own word for it, in italics.
    words = [term.split()[0][:8], *re.findall(r"\*([^*]+)\*", glossary()[term])]
    assert any(word.lower() in chapter(number).lower() for word in words)


def test_glossary_is_sorted():
    terms = [term.replace("-", " ").lower() for term in glossary()]
    assert len(terms) > 20
    assert terms == sorted(terms)


# ---------------------------------------------------------------- notation, names, API

ROW = re.compile(r"^\| ([^|]+?) \| .+<br>(?:.* · )?(\d\d) \|$", re.MULTILINE)
SYMBOLS = ROW.findall(read("book/notation.md"))


def test_every_row_of_the_notation_names_a_chapter():
    rows = [line for line in read("book/notation.md").splitlines() if line.startswith("| ")]
    headers = [line for line in rows if line == "| Symbol | Meaning |"]
    assert len(SYMBOLS) == len(rows) - len(headers) >= 25


@pytest.mark.parametrize(("symbol", "number"), SYMBOLS)
def test_a_symbol_of_the_notation_is_used_by_its_chapter(symbol, number):
    first = symbol.split(", ")[0].strip("$")
    assert first.lower() in chapter(number).lower()


@pytest.mark.parametrize(
    "symbol", [r"$\bar z$", r"$\nabla$", r"$\lVert x \rVert_\infty$", r"$\mathrm{LSE}_T$"]
)
def test_no_earlier_chapter_uses_a_symbol_that_cannot_be_mistaken(symbol):
    """Other symbols, such as $T$ or $m$, stand in earlier chapters as parts of something else."""
    said = dict(SYMBOLS)[symbol]
    as_written = symbol.strip("$").partition(" x ")[2] or symbol.strip("$")
    numbers = [path.name[:2] for path in NOTEBOOKS if path.name[:2].isdigit()]
    assert next(number for number in numbers if as_written in chapter(number)) == said


def test_the_notation_explains_what_the_chapters_cannot_do_without():
    symbols = {symbol.split(", ")[0] for symbol, _ in SYMBOLS}
    assert symbols >= {
        "$n$",
        "$z$",
        "$p$",
        "$T$",
        r"$\beta$",
        r"$\sigma(z)$",
        r"$\sigma_T$",
        r"$H(p)$",
    }
    assert symbols >= {r"$\mathrm{LSE}$", r"$\Delta$", r"$\mathbf{1}$", r"$\delta$", "$k$", "$m$"}
    assert symbols >= {r"$\langle z \rangle_p$", r"$\mathrm{Var}(z)$", r"$\rho$", r"$\varepsilon$"}


def test_each_name_of_softmax_has_a_reference():
    section = read("book/names.md").partition("## Softmax\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| **")]
    assert len(rows) >= 12
    assert [row for row in rows if not cited(row) or row.count("|") != 4] == []


def test_the_api_page_documents_every_public_name():
    text = read("book/api.md")
    own = [name for name in softlib.__all__ if hasattr(softlib.core, name)]
    assert "softmax" in own
    assert [name for name in own if f":: softlib.core.{name}" not in text] == []
    modules = {path.stem for path in (ROOT / "softlib").glob("[a-z]*.py")} - {"core"}
    assert {
        name for name in modules if f"automodule:: softlib.{name}\n   :members:" in text
    } == modules


# ---------------------------------------------------------------- all pages


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_has_one_title(page):
    text = without_code(page.read_text(encoding="utf-8"))
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1


@pytest.mark.parametrize("path", [*PAGES, *OTHERS], ids=lambda path: path.stem)
def test_links_between_files_resolve(path):
    targets = re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text(encoding="utf-8")))
    local = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (path.parent / target).is_file()] == []


WAYS = ["Read it", "Run it on Colab", "Run it on your own machine", "Teach with it"]


@pytest.mark.parametrize("name", ["README.md", "book/index.md"])
def test_a_page_that_counts_the_ways_to_use_the_book_shows_all_four(name):
    ways = read(name).partition("\n## Four ways to use it\n")[2].partition("\n## ")[0]
    assert re.findall(r"^(?:- )?\*\*([\w ]+)\b\.?\*\*", ways, re.MULTILINE) == WAYS


def test_the_page_on_its_use_has_a_section_for_each_way():
    headings = re.findall(r"^## (.+)$", read("book/how_to_use.md"), re.MULTILINE)
    assert [heading.removesuffix(" as a website") for heading in headings[:4]] == WAYS
    assert "This page shows four ways to use the book" in read("book/how_to_use.md")


def test_what_make_test_needs_is_said_where_it_is_named():
    needs = r"needs Chromium, bubblewrap and PostgreSQL\s+\(on Debian: `apt-get install ([\w ]+)`\)"
    for name in ("README.md", "book/how_to_use.md"):
        assert re.findall(needs, read(name)) == ["chromium bubblewrap postgresql"]


@pytest.mark.parametrize("name", ["README.md", "book/how_to_use.md", "book/index.md"])
def test_a_number_that_no_chapter_has_is_accounted_for(name):
    numbers = {int(path.name[:2]) for path in NOTEBOOKS if path.name[:2].isdigit()}
    missing = set(range(1, max(numbers))) - numbers
    named = set(map(int, re.findall(r"There is no chapter (\d+) yet\.", read(name))))
    assert named <= missing
    assert named or not missing


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_table_on_the_first_page_lists_every_notebook(path):
    row = rf"^\| \[[^]]+\]\(\.\./notebooks/{path.name}\) \| "
    assert re.search(row, read("book/index.md"), re.MULTILINE)


@pytest.mark.parametrize("name", ["README.md", "book/how_to_use.md"])
def test_every_notebook_has_a_colab_link(name):
    owner = re.search(r"url: https://github\.com/(\S+)", read("_config.yml")).group(1)
    start = f"https://colab.research.google.com/github/{owner}/blob/main/notebooks/"
    linked = set(re.findall(r"https://colab[^)\s]+", read(name)))
    assert linked == {start + path.name for path in NOTEBOOKS}
