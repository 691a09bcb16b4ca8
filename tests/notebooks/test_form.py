"""Notebooks keep the rules of book/_tools/form.py, and each rule notices when it is broken."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

import form
import nbformat
import new_chapter
import pytest
import rehome

import notebooks

sys.path.insert(0, str(notebooks.ROOT / "book" / "_ext"))

from worked_numbers import worked_numbers

ALL = sorted((notebooks.ROOT / "notebooks").rglob("[!.]*.ipynb"))
HOMEWORK = [path for path in ALL if path.parent.name == "homework"]
HOME = rehome.repository()
EVERY_RULE = {**form.RULES, **form.CHAPTER_RULES}


def rules_of_each() -> list:
    pages = [form.Page(path) for path in ALL]
    return [
        pytest.param(page.path, name, id=f"{name}-{page.path.stem}")
        for page in pages
        for name in (EVERY_RULE if page.is_chapter else form.RULES)
    ]


@pytest.mark.parametrize(("path", "name"), rules_of_each())
def test_notebook_keeps_the_rule(path: Path, name: str) -> None:
    faults = list(EVERY_RULE[name](form.Page(path)))
    assert not faults, "\n".join([f"{path.name}:", *faults])


def test_nine_cells_in_ten_have_at_most_ten_lines() -> None:
    lengths = [
        len(code.source.splitlines())
        for path in ALL
        if path not in HOMEWORK  # whose cells hold solutions and hidden tests too
        for code in form.Page(path).codes[1:]
        if "hide-input" not in code.tags
    ]
    assert quantiles(lengths, n=10)[-1] <= 10


@pytest.mark.parametrize("path", HOMEWORK, ids=lambda path: path.stem)
def test_homework_is_handed_out_alone_and_links_to_no_file_beside_it(path: Path) -> None:
    links = [href for text in form.Page(path).texts for href in text.links]
    assert any(href.startswith(form.COLAB) for href in links), "what to know first"
    assert [href for href in links if not href.startswith("https://")] == []


def test_what_is_no_notebook_is_named(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "text.ipynb").write_text("no JSON", encoding="utf-8")
    paths = [str(tmp_path / "nope.ipynb"), str(tmp_path / "text.ipynb")]
    assert form.main(paths) == 1
    for path, line in zip(paths, capsys.readouterr().out.splitlines(), strict=True):
        assert line.startswith(f"{path}: not a notebook: ")


def test_the_setup_cell_is_short_and_names_the_repository() -> None:
    setup = form.Page(notebooks.TEMPLATE).codes[0].source
    assert len(setup.splitlines()) <= 6
    assert f'"git+{HOME}"' in setup


# ---------------------------------------------------------------- a new chapter


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book with nothing in it but what a chapter made from the template needs."""
    for name in ("_config.yml", "book/notation.md", "book/_tools/template.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(notebooks.ROOT / name, tmp_path / name)
    (tmp_path / "notebooks").mkdir()
    return tmp_path


@pytest.fixture
def chapter(book: Path) -> form.Page:
    return form.Page(new_chapter.new_chapter("12_relatives_of_it", book), book)


def test_a_chapter_from_the_template_is_in_form(chapter: form.Page) -> None:
    assert form.problems(chapter) == []
    assert chapter.headings[0] == (1, "12. Relatives of it")


def test_the_template_runs(chapter: form.Page) -> None:
    text, renewed = notebooks.renew(chapter.path, executing=True)
    assert renewed == text


def test_the_template_has_a_number_for_the_page_of_numbers() -> None:
    """That page wants one of every chapter."""
    assert list(worked_numbers(notebooks.TEMPLATE))


def test_a_chapter_is_never_overwritten(chapter: form.Page, book: Path) -> None:
    with pytest.raises(ValueError, match=r"NAME: .* already there"):
        new_chapter.new_chapter("12_relatives_of_it", book)


@pytest.mark.parametrize("name", ["", "12", "relatives", "12_Relatives", "12-relatives", "../12_x"])
def test_a_chapter_needs_a_name_with_a_number(name: str, book: Path) -> None:
    with pytest.raises(ValueError, match="NAME: must look like"):
        new_chapter.new_chapter(name, book)


# ---------------------------------------------------------------- each rule, broken
# Each row takes a chapter in perfect form, spoils one thing, and names the rule that must notice.

Notebook = nbformat.NotebookNode
PNG, SVG = "image/png", "image/svg+xml"


def cell(notebook: Notebook, name: str) -> Notebook:
    return next(cell for cell in notebook.cells if cell.id == name)


def replace(name: str, old: str, new: str) -> Callable[[Notebook], None]:
    def spoil(notebook: Notebook) -> None:
        spoilt = cell(notebook, name)
        assert old in spoilt.source
        spoilt.source = spoilt.source.replace(old, new)

    return spoil


def write(text: str, name: str = "section") -> Callable[[Notebook], None]:
    def spoil(notebook: Notebook) -> None:
        cell(notebook, name).source += f"\n\n{text}"

    return spoil


def put_out(place: str, kind: str, *data: dict, **fields: object) -> Callable[[Notebook], None]:
    def spoil(notebook: Notebook) -> None:
        cell(notebook, place).outputs.append(nbformat.v4.new_output(kind, *data, **fields))

    return spoil


def show(text: str, name: str = "witness", stream: str = "stdout") -> Callable[[Notebook], None]:
    return put_out(name, "stream", name=stream, text=text)


def edit(name: str, change: Callable[[Notebook], object]) -> Callable[[Notebook], None]:
    def spoil(notebook: Notebook) -> None:
        change(cell(notebook, name))

    return spoil


def describe(alt: str) -> Callable[[Notebook], None]:
    return edit("picture", lambda cell: cell.metadata.mystnb.image.update(alt=alt))


def respecify(change: Callable[[dict], object]) -> Callable[[Notebook], None]:
    return edit("live", lambda cell: change(cell.outputs[0].data[notebooks.VEGA]))


SPOILT = [
    ("setup_cell", replace("setup", HOME, "https://github.com/someone/else")),
    ("setup_cell", replace("setup", "-q", "-qq")),
    ("setup_cell", show("Collecting softlib", "setup")),
    ("setup_cell", lambda notebook: notebook.cells.pop(1)),
    ("plain_markdown", write(":::{note}\nMind.\n:::")),
    ("plain_markdown", write("```{math}\nx\n```")),
    ("plain_markdown", write("See {ref}`softmax`.")),
    ("plain_markdown", write("See {doc}`the notation <notation>`.")),
    ("plain_markdown", write("(odds)=\n## Odds")),
    ("plain_markdown", write("% a comment")),
    ("plain_markdown", write("+++")),
    ("plain_markdown", write("{.wide #odds}\nText.")),
    ("plain_markdown", write("{{ version }}")),
    ("plain_markdown", write("Luce said so.[^luce]")),
    ("plain_markdown", write("\\begin{align}\nx\n\\end{align}")),
    ("plain_markdown", write("$$x$$ (odds)")),
    ("plain_markdown", write("<script>1</script>")),
    ("plain_markdown", write('Line <span style="color:red">red</span>.')),
    ("plain_markdown", write("![a plot of the odds](plot.png)")),
    ("lists", write("Two things hold:\n2. the second one.")),
    ("lists", write("> 1. For all $x$,\n>\n> $$ x = x . $$\n> So it is.\n> 2. *Then.*")),
    ("folding", replace("exercises", "</details>", "")),
    ("folding", replace("exercises", "<summary>Hint</summary>", "")),
    ("folding", replace("exercises", "</summary>\n\n", "</summary>\n")),
    ("folding", replace("exercises", "\n\n</details>", "\n</details>")),
    ("executed", edit("witness", lambda cell: cell.update(execution_count=None))),
    ("executed", edit("witness", lambda cell: cell.update(execution_count=9))),
    ("executed", show("DeprecationWarning: p", stream="stderr")),
    ("executed", put_out("witness", "error", ename="CheckFailed", evalue="odds", traceback=[])),
    ("canonical", edit("witness", lambda cell: cell.metadata.update(collapsed=True))),
    ("canonical", edit("section", lambda cell: cell.update(id="witness"))),
    ("canonical", lambda notebook: notebook.metadata.update(authors=["me"])),
    ("canonical", lambda notebook: notebook.metadata.kernelspec.update(name="conda-env")),
    ("pictures", edit("picture", lambda cell: cell.metadata.clear())),
    ("pictures", describe("A curve.")),
    ("pictures", describe("The file figures/odds.png with a curve")),
    ("pictures", edit("picture", lambda cell: cell.outputs.append(cell.outputs[0]))),
    ("pictures", edit("picture", lambda cell: cell.outputs.clear())),
    ("pictures", put_out("picture", "execute_result", {"text/plain": "Text(0, 0, 'T')"})),
    ("live_figures", respecify(lambda spec: spec.pop("description"))),
    ("live_figures", respecify(lambda spec: spec.update(data={"url": "odds.csv"}))),
    ("short_cells", replace("imports", "figures.use()", "figures.use()\n" * 22)),
    ("headings", replace("title", "# 12.", "## 12.")),
    ("headings", write("# Another title")),
    ("headings", write("#### Too deep")),
    ("headings", write("## In short")),
    ("links", write("See [the next](13_nowhere.ipynb).")),
    ("links", write("See [the notation](../book/notation.md#no-such-heading).")),
    ("links", write("See [below](#no-such-heading).")),
    ("links", write("See [the disk](../../../etc/hostname).")),
    ("colab_links", replace("title", "12_relatives_of_it.ipynb", "12_relatives.ipynb")),
    ("colab_links", replace("title", rehome.spellings(HOME)[1], "github/someone/else")),
    ("colab_links", replace("title", "/blob/main/", "/blob/master/")),
    ("repeatable_outputs", show("<object at 0x7f3a5c0b2d90>")),
    ("repeatable_outputs", show("done at 14:05:12")),
    ("repeatable_outputs", show("took 31 ms")),
    ("repeatable_outputs", show("run on 2026-08-01")),
    ("repeatable_outputs", show("saved in /home/reader/odds.npy")),
    ("repeatable_outputs", show("odds 7.3890561")),
    ("repeatable_outputs", show("odds [1.2345678e-09 1.]")),
    ("formulas", write("The odds are $e^2.")),
    ("formulas", write("The odds are $$e^2.")),
    ("formulas", write("$$\n" + "a + b + c + d + " * 8 + "e\n$$")),
    ("formulas", write("> $$\n> x \\\\\n> " + "a + b + c + d + " * 8 + "e\n> $$")),
    ("formulas", replace("exercises", "<summary>Hint</summary>", "<summary>Hint on $e$</summary>")),
    ("first_cell", replace("title", "# 12. ", "# 11. ")),
    ("first_cell", replace("title", "**What you will be able to do**", "Aims")),
    ("first_cell", replace("title", "**What to know first:**", "Before:")),
    ("first_cell", replace("title", "minutes to read", "pages")),
    ("first_cell", replace("title", "minute to run", "cell")),
    ("first_cell", replace("title", "12_relatives_of_it.ipynb", "01_definition.ipynb")),
    ("live_figure", edit("live", lambda cell: cell.outputs.clear())),
    ("last_sections", replace("in-short", "## In short", "## Summary")),
    ("last_sections", replace("exercises", "## Exercises", "## Problems")),
    ("last_sections", write("## Epilogue", "further-reading")),
    ("exercises", replace("exercise-3", "Homework:", "Now")),
    ("exercises", replace("exercise-3", "**Exercise 12.3", "**Problem 12.3")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "spoil"), SPOILT, ids=[name for name, _ in SPOILT])
def test_a_broken_rule_is_noticed(
    name: str, spoil: Callable[[Notebook], object], chapter: form.Page
) -> None:
    spoil(chapter.notebook)
    chapter.path.write_text(json.dumps(chapter.notebook), encoding="utf-8")
    assert list(EVERY_RULE[name](form.Page(chapter.path, chapter.root)))


def test_every_rule_is_broken_once() -> None:
    assert {name for name, _ in SPOILT} == set(EVERY_RULE)


# ---------------------------------------------------------------- what the rules allow


@pytest.mark.parametrize(
    "text",
    [
        "The set {1, 2} has `{role}` in code; \\$5 is 50 % of \\$10.",
        "$$\n\\begin{aligned} a &= b \\\\ &= c \\end{aligned}\n$$",
        "Two formulas, $a$ and $b$, and a list:\n\n- $c$\n- [here](#in-short)",
        "```\n:::{note}\n```",
        "See [the notation](../book/notation.md), and <kbd>Shift</kbd>.",
    ],
)
def test_plain_text_is_in_form(text: str, chapter: form.Page) -> None:
    write(text)(chapter.notebook)
    chapter.path.write_text(notebooks.canonical(chapter.notebook), encoding="utf-8")
    assert form.problems(form.Page(chapter.path, chapter.root)) == []


@pytest.mark.parametrize(
    "line",
    ["p = 0.836019, 45951.2, 1.5e-17, 12345678", "✓ log σ = -0.17910439", "ratio 3:1 at T/2"],
)
def test_repeatable_lines_are_in_form(line: str, chapter: form.Page) -> None:
    show(line)(chapter.notebook)
    assert not list(form.repeatable_outputs(chapter))


def test_full_precision_is_allowed_where_it_is_asked_for(chapter: form.Page) -> None:
    show("-4.248354255291589e-18")(chapter.notebook)
    cell(chapter.notebook, "witness").metadata.tags = ["full-precision"]
    assert not list(form.repeatable_outputs(chapter))


@pytest.mark.parametrize(
    ("tex", "signs"),
    [
        (r"a + b", 3),
        (r"p_i = \frac{e^{z_i/T}}{\sum_j e^{z_j/T}}", 10),
        (r"\begin{aligned} x &= \left( \mathrm{LSE}(z) \right) \,.", 11),
        (r"\{ 1, 2 \}", 5),
        (r"\frac{1}{2} \quad \tfrac{\frac{1}{22}}{3}", 5),
    ],
)
def test_the_width_of_a_formula(tex: str, signs: int) -> None:
    assert form.width(tex) == signs
