"""Mend what the theme gets wrong, in the built pages.

Working on the pages, rather than overriding templates, serves every version of the theme that
requirements.txt pins for the different Pythons.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bs4 import BeautifulSoup, NavigableString

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# Font Awesome's script draws icons as SVG (1.5 MB); the stylesheets name its fonts, which suffice.
# Thebe runs code on a remote server, which the book does not use, and its script throws.
UNWANTED_SCRIPTS = re.compile(r"fontawesome.*\.js|sphinx-thebe\.js|design-tabs\.js")
# Jupyter Book's own page says nothing of itself, so that browsers ask for an icon in vain.
ENTRANCE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="_static/favicon.svg">
<meta http-equiv="refresh" content="0; url={front}.html">
</head>
<body><main><h1>{title}</h1><p><a href="{front}.html">{title}</a></p></main></body>
</html>
"""
OPENING = re.compile(r"[(\[“‘]+$")
CLOSING = re.compile(r"(?:[.,;:!?)\]”’]|-\w*)+")
CHECKS = ("✓ ", "✗ ")
LABELS = {
    "statement": ("Axiom", "Corollary", "Definition", "Lemma", "Proposition", "Theorem"),
    "question": ("Predict",),
}


def drop_scripts(page: BeautifulSoup) -> None:
    """Remove scripts that the book does not use."""
    for script in page.find_all("script"):
        if UNWANTED_SCRIPTS.search(script.get("src", "")) or "thebe" in (script.string or ""):
            script.decompose()


def drop_preloads(page: BeautifulSoup) -> None:
    """Remove orders to load fonts early, which a browser refuses for a page from disk."""
    for link in page.select('link[rel~="preload"][href*="fontawesome"]'):
        link.decompose()


def name_controls(page: BeautifulSoup) -> None:
    """Give every icon button its title as its accessible name."""
    for control in page.select("button[title]:not([aria-label]), a[title]:not([aria-label])"):
        if not control.get_text(strip=True):
            control["aria-label"] = control["title"]


def mark_landmarks(page: BeautifulSoup) -> None:
    """Put the book's name, which the theme leaves outside of every landmark, into one."""
    logo = page.select_one(".bd-sidebar-primary .navbar-brand")
    if logo:
        logo.parent["role"] = "banner"
    header = page.select_one("header.bd-header")
    if header and not header.get_text(strip=True):
        header["role"] = "none"


def mark_block_quotes(page: BeautifulSoup) -> None:
    """Let the style tell theorems and questions from other block quotes, by their bold label."""
    for quote in page.select("article blockquote"):
        label = quote.select_one("p:first-child > strong:first-child")
        for name, words in LABELS.items():
            if label and label.get_text().startswith(words) and name not in quote.get("class", []):
                quote["class"] = [*quote.get("class", []), name]


def keep_punctuation(page: BeautifulSoup) -> None:
    """Keep a formula on one line with its comma: to a browser it is a box, to break beside."""
    for formula in page.select("article span.math"):
        before, after = formula.previous_sibling, formula.next_sibling
        opening = isinstance(before, NavigableString) and OPENING.search(before)
        closing = isinstance(after, NavigableString) and CLOSING.match(after)
        if not (opening or closing) or "unbroken" in formula.parent.get("class", []):
            continue
        unbroken = formula.wrap(page.new_tag("span", attrs={"class": "unbroken"}))
        if opening:
            unbroken.insert(0, opening[0])
            before.replace_with(before[: opening.start()])
        if closing:
            unbroken.append(closing[0])
            after.replace_with(after[closing.end() :])


def hang_code_lines(page: BeautifulSoup) -> None:
    """Make each line of code, and each check, an element that can break under its own indent.

    Other lines of output stay as they are: their columns stand under one another.
    """
    for block in page.select("article .highlight pre:not(:has(.code-line))"):
        text = block.get_text()
        output = block.find_parent(class_="cell_output")
        # The highlighter closes all its elements at the end of each line.
        lines = zip(text.splitlines(), block.decode_contents().splitlines(), strict=True)
        hung = [
            f"{html}\n" if output and not line.startswith(CHECKS) else _hung(line, html)
            for line, html in lines
        ]
        # Parsed inside a <pre>, as elsewhere Beautiful Soup takes several spaces for one.
        block.replace_with(BeautifulSoup(f"<pre>{''.join(hung)}</pre>", "html.parser"))


def _hung(line: str, html: str) -> str:
    indent = len(line) - len(line.lstrip())
    if html.startswith(" " * indent):  # the style may make it narrower, on a phone
        html = f'<span class="indent">{" " * indent}</span>{html[indent:]}' if indent else html
    return f'<span class="code-line" style="--indent: {indent}ch">{html}\n</span>'


def mend_bibliography(page: BeautifulSoup) -> None:
    """Give the references the role of list items: their own role is deprecated."""
    for entry in page.select('[role="doc-biblioentry"]'):
        entry["role"] = "listitem"


def call_folds_by_their_words(page: BeautifulSoup) -> None:
    """Let a fold's name be what it shows: the label says other words."""
    for summary in page.select("details > summary[aria-label]"):
        del summary["aria-label"]


def choose_colours(page: BeautifulSoup) -> None:
    """Start in the light theme, which a browser without scripts keeps: "auto" has no colours."""
    if page.html and page.html.get("data-theme") == "auto":
        page.html["data-theme"] = "light"


def say_the_title_once(page: BeautifulSoup) -> None:
    """Give the front page, named like the book, its name alone."""
    first, _, second = page.title.get_text().partition(" — ") if page.title else ("", "", "")
    if first and first == second:
        page.title.string = first


def drop_empty_heads(page: BeautifulSoup) -> None:
    """Remove the empty head of a table: Markdown has no table without one."""
    for head in page.select("article thead"):
        if not head.get_text(strip=True):
            head.decompose()


MENDINGS = (
    drop_scripts,
    drop_preloads,
    name_controls,
    mark_landmarks,
    mark_block_quotes,
    keep_punctuation,
    hang_code_lines,
    mend_bibliography,
    drop_empty_heads,
    call_folds_by_their_words,
    choose_colours,
    say_the_title_once,
)


def mend(app: Sphinx, error: Exception | None) -> None:
    """Rewrite each built page once."""
    if error is not None or app.builder.format != "html":
        return
    for file in Path(app.outdir).rglob("*.html"):
        if "_static" in file.parts:
            continue
        page = BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")
        for mending in MENDINGS:
            mending(page)
        file.write_text(str(page), encoding="utf-8")
    for file in Path(app.outdir, "_static").rglob("*.js*"):
        if UNWANTED_SCRIPTS.search(file.as_posix()):
            file.unlink()


def refresh_front_page(app: Sphinx, *_: object) -> list[str]:
    """Have one page to write in each build: where there is none, Sphinx copies no styles either."""
    return [app.config.root_doc]


def write_entrance(app: Sphinx, error: Exception | None) -> None:
    """Lead those who open the site's folder to its front page."""
    if error is None and app.builder.format == "html":
        config = app.config
        page = ENTRANCE.format(
            language=config.language, title=config.project, front=config.root_doc
        )
        Path(app.outdir, "index.html").write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Mend the pages when all of them are written."""
    app.connect("env-get-outdated", refresh_front_page)
    app.connect("build-finished", mend)
    app.connect("build-finished", write_entrance, priority=900)  # after the one that it replaces
    return {"parallel_read_safe": True, "parallel_write_safe": True}
