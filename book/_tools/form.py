"""The form that the book's notebooks keep, as rules that each say what is amiss and where.

    python book/_tools/form.py notebooks/12_relatives.ipynb

A rule takes a `Page` and yields one line per fault. `RULES` hold for every notebook,
`CHAPTER_RULES` for the chapters besides.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import nbformat
import rehome
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

import notebooks

BRANCH = "main"
COLAB = "https://colab.research.google.com/"
LONGEST_CELL = 25
WIDEST_FORMULA = 36  # signs: what fits a phone, and about 60 characters of TeX
HTML_TAGS = {"a", "b", "br", "details", "i", "kbd", "sub", "summary", "sup"}
MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)

Rule = Callable[["Page"], Iterator[str]]
RULES: dict[str, Rule] = {}
CHAPTER_RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Make the function a rule for every notebook."""
    RULES[function.__name__] = function
    return function


def chapter_rule(function: Rule) -> Rule:
    """Make the function a rule for chapters."""
    CHAPTER_RULES[function.__name__] = function
    return function


@dataclass(frozen=True)
class Text:
    """A Markdown cell, parsed as plain Markdown with formulas between dollars."""

    place: str
    source: str

    @cached_property
    def tokens(self) -> list[Token]:
        """All tokens, those inside paragraphs included."""
        found = []
        for token in MARKDOWN.parse(self.source.replace(r"\$", "")):
            found += [token, *(token.children or [])]
        return found

    @cached_property
    def headings(self) -> list[tuple[int, str]]:
        """Level and text of each heading."""
        pairs = zip(self.tokens, self.tokens[1:], strict=False)
        return [(int(a.tag[1]), b.content) for a, b in pairs if a.type == "heading_open"]

    @cached_property
    def links(self) -> list[str]:
        """The address of each link."""
        return [str(t.attrs["href"]) for t in self.tokens if t.type == "link_open"]

    @cached_property
    def formulas(self) -> list[str]:
        """The displayed formulas."""
        return [t.content for t in self.tokens if t.type.startswith("math_block")]

    @cached_property
    def words(self) -> str:
        """What is left when code, formulas, HTML and the addresses of links are taken away."""
        breaks = ("softbreak", "hardbreak", "paragraph_close", "heading_close")
        return "".join(
            token.content if token.type == "text" else "\n" * (token.type in breaks)
            for token in self.tokens
        )


@dataclass(frozen=True)
class Code:
    """A code cell."""

    place: str
    cell: nbformat.NotebookNode = field(repr=False)

    @property
    def source(self) -> str:
        """The cell's text."""
        return self.cell.source

    @property
    def tags(self) -> list[str]:
        """The cell's tags."""
        return self.cell.metadata.get("tags", [])

    @property
    def outputs(self) -> list[nbformat.NotebookNode]:
        """What the cell put out."""
        return self.cell.outputs

    def shown(self, mime: str) -> list:
        """Return the outputs of one mime type."""
        return [o.data[mime] for o in self.outputs if mime in o.get("data", {})]

    @property
    def printed(self) -> Iterator[str]:
        """The outputs that are text, but for the plain text of live figures."""
        for output in self.outputs:
            data = output.get("data", {})
            if notebooks.VEGA not in data:
                texts = (output.get("text"), data.get("text/plain"), data.get("text/latex"))
                yield from filter(None, texts)


@dataclass(frozen=True)
class Page:
    """A notebook at its place in the book."""

    path: Path
    root: Path = notebooks.ROOT

    @cached_property
    def text(self) -> str:
        """The file, letter by letter."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def notebook(self) -> nbformat.NotebookNode:
        """The file, as a tree."""
        return notebooks.read(self.path)[1]

    @cached_property
    def cells(self) -> list[Text | Code]:
        """All cells in order."""
        found: list[Text | Code] = []
        for number, cell in enumerate(self.notebook.cells, start=1):
            place = f"cell {number} ({cell.get('id')})"
            is_code = cell.cell_type == "code"
            found.append(Code(place, cell) if is_code else Text(place, cell.source))
        return found

    @property
    def texts(self) -> list[Text]:
        """The Markdown cells."""
        return [cell for cell in self.cells if isinstance(cell, Text)]

    @property
    def codes(self) -> list[Code]:
        """The code cells."""
        return [cell for cell in self.cells if isinstance(cell, Code)]

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Level and text of each heading."""
        return [heading for text in self.texts for heading in text.headings]

    @property
    def is_chapter(self) -> bool:
        """Whether the file is named like a chapter, NN_name.ipynb."""
        return bool(re.fullmatch(r"\d\d_\w+\.ipynb", self.path.name))


def problems(page: Page) -> list[str]:
    """Collect what all the rules that concern this notebook have to say."""
    rules = {**RULES, **(CHAPTER_RULES if page.is_chapter else {})}
    return [f"{name}: {fault}" for name, rule in rules.items() for fault in rule(page)]


# ---------------------------------------------------------------- rules for every notebook


@rule
def setup_cell(page: Page) -> Iterator[str]:
    """Demand the template's setup cell as second cell, with nothing to show."""
    standard = Page(page.root / notebooks.TEMPLATE.relative_to(notebooks.ROOT)).codes[0].source
    second = page.cells[1] if len(page.cells) > 1 else None
    if not isinstance(second, Code) or second.source != standard:
        yield "cell 2 must be the setup cell, letter by letter that of book/_tools/template.ipynb"
    elif second.outputs:
        yield "the setup cell must print nothing"


@rule
def plain_markdown(page: Page) -> Iterator[str]:
    """Refuse what Colab or GitHub would show raw: MyST's directives and roles, most HTML."""
    lines = {
        r"^\s*:::": "directive",
        r"^\s*\([\w:.-]+\)=\s*$": "label",
        r"^\s*%": "comment",
        r"^\s*\+\+\+\s*$": "block break",
        r"^\s*\{[.#][^}]*\}\s*$": "attributes",
        r"\{\{.*\}\}": "substitution",
        r"\[\^[^\]]+\]": "footnote",
        r"\\begin\{": "formula without dollars",
    }
    for text in page.texts:
        for token in text.tokens:
            if token.type == "fence" and token.info.startswith("{"):
                yield f"{text.place}: directive ```{token.info}"
            if token.type.startswith("html"):
                for tag in re.findall(r"</?\s*([A-Za-z]\w*)", token.content):
                    if tag.lower() not in HTML_TAGS:
                        yield f"{text.place}: HTML tag <{tag}>"
            if token.type == "image":
                yield f"{text.place}: picture that is not a cell's output: {token.attrs['src']}"
            if token.type == "math_block_label":
                yield f"{text.place}: label of a formula ({token.info})"
        for before, token in zip(text.tokens, text.tokens[1:], strict=False):
            if token.type == "code_inline" and re.search(r"\{[\w:+.-]+\}$", before.content):
                yield f"{text.place}: role before `{token.content}`"
        for pattern, name in lines.items():
            for match in re.finditer(pattern, text.words, re.MULTILINE):
                yield f"{text.place}: {name}: {match.group().strip()}"


@rule
def lists(page: Page) -> Iterator[str]:
    """Refuse a line that begins like an item, but runs on from the paragraph above it."""
    for text in page.texts:
        for before, token in zip(text.tokens, text.tokens[1:], strict=False):
            if before.type == "softbreak" and re.match(r"(\d+[.)]|[-*+])\s", token.content):
                yield f"{text.place}: no blank line before the item {token.content[:40]!r}"


@rule
def folding(page: Page) -> Iterator[str]:
    """Demand of what is folded a summary, blank lines around its Markdown, and an end."""
    for text in page.texts:
        source = text.source
        if source.count("<details>") != source.count("</details>"):
            yield f"{text.place}: <details> and </details> do not match"
        if source.count("<details>") != len(re.findall(r"<details>\s*<summary>", source)):
            yield f"{text.place}: <details> without <summary>"
        if re.search(r"</summary>[^\n]*\n(?![ \t]*\n)", source):
            yield f"{text.place}: no blank line after </summary>"
        if re.search(r"\S[ \t]*\n[ \t]*</details>", source):
            yield f"{text.place}: no blank line before </details>"


@rule
def executed(page: Page) -> Iterator[str]:
    """Demand that every cell was run, in order, without an error or a warning."""
    for number, code in enumerate(page.codes, start=1):
        if code.cell.execution_count != number:
            yield f"{code.place}: run as number {code.cell.execution_count}, must be {number}"
        for output in code.outputs:
            if output.output_type == "error":
                yield f"{code.place}: {output.ename}: {output.evalue}"
            if output.get("name") == "stderr":
                yield f"{code.place}: writes to stderr: {output.text.strip()[:200]}"


@rule
def canonical(page: Page) -> Iterator[str]:
    """Demand the file that `make notebooks` would write."""
    if page.text != notebooks.canonical(page.notebook):
        yield "not in canonical form: run `make notebooks`"


@rule
def pictures(page: Page) -> Iterator[str]:
    """Demand a text for those who do not see a picture."""
    for code in page.codes:
        count = len(code.shown("image/png")) + len(code.shown("image/svg+xml"))
        alt = code.cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if count > 1:
            yield f"{code.place}: {count} pictures share one alt text; give each its own cell"
        if count and (len(alt) < 20 or re.search(r"\.(png|svg|jpe?g|ipynb|py)\b", alt)):
            yield f"{code.place}: metadata mystnb.image.alt must tell what the picture shows"
        if alt and not count:
            yield f"{code.place}: alt text without a picture"
        if count and any(o.output_type == "execute_result" for o in code.outputs):
            yield f"{code.place}: shows an object beside its picture; end with plt.show()"


@rule
def live_figures(page: Page) -> Iterator[str]:
    """Demand that a live figure describes itself and needs nothing from elsewhere."""
    for code in page.codes:
        for spec in code.shown(notebooks.VEGA):
            if len(spec.get("description", "")) < 20:
                yield f"{code.place}: the live figure needs a description"
            if '"url"' in json.dumps(spec):
                yield f"{code.place}: the live figure loads data from an address"


@rule
def short_cells(page: Page) -> Iterator[str]:
    """Refuse cells that are longer than a screen."""
    for code in page.codes:
        if (length := len(code.source.splitlines())) > LONGEST_CELL:
            yield f"{code.place}: {length} lines, at most {LONGEST_CELL}"


@rule
def headings(page: Page) -> Iterator[str]:
    """Demand one title, at the top, no skipped level, and no heading twice."""
    levels = [level for level, _ in page.headings]
    if not page.cells or not page.cells[0].source.startswith("# ") or levels.count(1) != 1:
        yield "the first cell must begin with the title, the only heading of level 1"
    for (upper, _), (lower, name) in zip(page.headings, page.headings[1:], strict=False):
        if lower > upper + 1:
            yield f"heading {name!r}: level {lower} right under level {upper}"
    slugs = [slug(name) for _, name in page.headings]
    for name in sorted({name for name in slugs if slugs.count(name) > 1}):
        yield f"heading {name!r} stands more than once"


@rule
def links(page: Page) -> Iterator[str]:
    """Demand that links inside the book lead somewhere."""
    for text in page.texts:
        for href in text.links:
            if re.match(r"[a-z]+:", href):
                continue
            file, _, anchor = href.partition("#")
            target = (page.path.parent / file).resolve() if file else page.path.resolve()
            if not target.is_file() or not target.is_relative_to(page.root.resolve()):
                yield f"{text.place}: {href}: no such file in the book"
            elif anchor and anchor not in anchors(target):
                yield f"{text.place}: {href}: no such heading"


@rule
def colab_links(page: Page) -> Iterator[str]:
    """Demand that links to Colab open files of the repository that _config.yml names."""
    owner = rehome.spellings(rehome.repository(page.root))[1]
    start = f"{COLAB}{owner}/blob/{BRANCH}/"
    for text in page.texts:
        for href in text.links:
            if href.startswith(COLAB) and not (
                href.startswith(start) and (page.root / href.removeprefix(start)).is_file()
            ):
                yield f"{text.place}: {href}: must be {start}… and a file of the book"


@rule
def repeatable_outputs(page: Page) -> Iterator[str]:
    """Refuse outputs that show the machine, the moment or the noise of rounding."""
    patterns = {
        r"0x[0-9a-f]{6,}": "an address",
        r"\b([01]?\d|2[0-3]):[0-5]\d\b": "a time",
        r"\b20\d\d-\d\d-\d\d\b": "a date",
        r"\b\d+(\.\d+)? ?(ns|µs|ms|s|seconds|minutes)\b": "a duration",
        r"(?<![\w/.])/(home|root|tmp|usr|opt|var|Users|mnt)/": "a path",
    }
    for code in page.codes:
        for line in "\n".join(code.printed).splitlines():
            for pattern, name in patterns.items():
                if match := re.search(pattern, line):
                    yield f"{code.place}: prints {name}: {match.group()}"
            # A check's line repeats digits that stand in its source.
            if line.startswith(("✓", "✗")) or "full-precision" in code.tags:
                continue
            for number in re.findall(r"(?<![\w.])\d+\.\d+|\.\d+|\d+(?=[eE][-+]?\d)", line):
                if len(number.replace(".", "").lstrip("0")) > 6:
                    yield f"{code.place}: prints more than 6 significant digits: {number}"


@rule
def formulas(page: Page) -> Iterator[str]:
    """Demand that dollars match and that displayed formulas fit a phone."""
    for text in page.texts:
        if "$" in text.words:
            yield f"{text.place}: a dollar without a partner, or $$ inside a line"
        if any("$" in token.content for token in text.tokens if token.type.startswith("html")):
            yield f"{text.place}: a formula inside HTML, where the site does not set it"
        for formula in text.formulas:
            for line in re.split(r"\\\\", formula):
                if (signs := width(line)) > WIDEST_FORMULA:
                    yield f"{text.place}: {signs} signs, at most {WIDEST_FORMULA}: {line.strip()}"


# ---------------------------------------------------------------- rules for chapters


@chapter_rule
def first_cell(page: Page) -> Iterator[str]:
    """Demand what the chapter is for, what it takes, and a link to Colab at the top."""
    first = page.texts[0]
    number = int(page.path.name[:2])
    if not re.match(rf"# {number}\. \S", first.source):
        yield f"the title must begin with {number}."
    for lead in ("What you will be able to do", "What to know first"):
        if f"**{lead}" not in first.source:
            yield f"the first cell lacks **{lead}**"
    for activity in ("read", "run"):
        if not re.search(rf"minutes? to {activity}\b", first.source):
            yield f"the first cell lacks the minutes to {activity}"
    own = f"/blob/{BRANCH}/{page.path.resolve().relative_to(page.root.resolve()).as_posix()}"
    if not any(href.startswith(COLAB) and href.endswith(own) for href in first.links):
        yield "the first cell lacks the link that opens this very notebook in Colab"


@chapter_rule
def live_figure(page: Page) -> Iterator[str]:
    """Demand that something in the chapter moves."""
    if not any(code.shown(notebooks.VEGA) for code in page.codes):
        yield "no live figure"


@chapter_rule
def last_sections(page: Page) -> Iterator[str]:
    """Demand results, exercises and readings at the end."""
    expected = ["In short", "Exercises", "Further reading"]
    if [name for level, name in page.headings if level == 2][-3:] != expected:
        yield f"the last sections must be {', '.join(expected)}"


@chapter_rule
def exercises(page: Page) -> Iterator[str]:
    """Demand of each exercise a folded hint or solution, unless it is homework."""
    found = exercise_texts(page)
    if len(found) < 3:
        yield f"{len(found)} exercises, at least 3 (each begins with **Exercise)"
    for text in found:
        if not re.search(r"<details>|homework", text, re.IGNORECASE):
            yield f"{text.splitlines()[0]!r}: neither <details> nor marked as homework"


# ---------------------------------------------------------------- helpers


def exercise_texts(page: Page) -> list[str]:
    """Return the Markdown of each exercise, from its bold label on."""
    whole = "\n".join(text.source for text in page.texts)
    section = re.search(r"^## Exercises\n(.*?)(?=^## |\Z)", whole, re.MULTILINE | re.DOTALL)
    found = section[1] if section else ""
    return re.split(r"^(?=\*\*Exercise )", found, flags=re.MULTILINE)[1:]


def slug(heading: str) -> str:
    """Return the anchor that the site gives a heading, which is GitHub's too."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(target: Path) -> set[str]:
    """Collect the anchors of a notebook or Markdown page."""
    if target.suffix == ".ipynb":
        texts = Page(target).texts
    else:
        texts = [Text("", target.read_text(encoding="utf-8"))]
    named = [slug(name) for text in texts for _, name in text.headings]
    labels = r"^\(([\w:.-]+)\)=|<a id=\"([\w:.-]+)\">"
    for text in texts:
        named += ["".join(pair) for pair in re.findall(labels, text.source, re.MULTILINE)]
    return set(named)


def width(tex: str) -> int:
    """Count the signs in a line of TeX, side by side: of a fraction only its wider half."""
    tex = re.sub(r"\\(begin|end|label|tag)\{[^}]*\}", "", tex)
    tex = re.sub(r"\\(left|right|[bB]igg?[lrm]?|(display|text)style)(?![A-Za-z])|\\[,;:!]", "", tex)
    tex = re.sub(r"\\[dt]?frac(?![A-Za-z])", "/", tex.replace("/", "|"))
    tex = re.sub(r"\\(math[a-z]+|operatorname|text|sqrt)(?=\{)", "^", tex)
    tex = re.sub(r"\\q?quad", "||", tex)
    tex = re.sub(r"\\([A-Za-z]+|.)", "|", tex)
    tex = re.sub(r"[\s&]", "", tex)
    inner = re.compile(r"[\^_]\{([^{}]*)\}|/\{([^{}]*)\}\{([^{}]*)\}")
    while inner.search(tex):
        tex = inner.sub(lambda match: max((half or "" for half in match.groups()), key=len), tex)
    return len(re.sub(r"[{}^_]", "", tex))


def main(arguments: list[str]) -> int:
    """Print the faults of the given notebooks, and return the exit status."""
    paths = [Path(argument) for argument in arguments] or notebooks.all_notebooks()
    found = []
    for path in paths:
        try:
            faults = problems(Page(path))
        except notebooks.NotebookError as error:
            faults = [str(error)]
        found += [f"{path}: {fault}" for fault in faults]
    print("\n".join(found) or "The form is right.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
