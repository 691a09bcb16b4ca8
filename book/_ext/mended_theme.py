"""Mend what the theme gets wrong, in the built pages.

Working on the pages, rather than overriding templates, serves every version of the theme that
requirements.txt pins for the different Pythons.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bs4 import BeautifulSoup

if TYPE_CHECKING:
    from sphinx.application import Sphinx

# fontawesome.js draws icons as SVG (1.5 MB); the stylesheets name the web fonts, which suffice.
# Thebe runs code on a remote server, which the book does not use, and its script throws.
UNWANTED_SCRIPTS = ("fontawesome.js", "sphinx-thebe.js", "design-tabs.js")
UNWANTED_FILES = ("scripts/fontawesome.js", "sphinx-thebe.js", "design-tabs.js")
LABELS = {
    "statement": ("Axiom", "Corollary", "Definition", "Lemma", "Proposition", "Theorem"),
    "question": ("Predict",),
}


def drop_scripts(page: BeautifulSoup) -> None:
    """Remove scripts that the book does not use."""
    for script in page.find_all("script"):
        source = script.get("src", "").partition("?")[0]
        if source.endswith(UNWANTED_SCRIPTS) or "thebe" in (script.string or ""):
            script.decompose()


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


def mend_bibliography(page: BeautifulSoup) -> None:
    """Give the references the role of list items: their own role is deprecated."""
    for entry in page.select('[role="doc-biblioentry"]'):
        entry["role"] = "listitem"


def drop_empty_heads(page: BeautifulSoup) -> None:
    """Remove the empty head of a table: Markdown has no table without one."""
    for head in page.select("article thead"):
        if not head.get_text(strip=True):
            head.decompose()


MENDINGS = (
    drop_scripts,
    name_controls,
    mark_landmarks,
    mark_block_quotes,
    mend_bibliography,
    drop_empty_heads,
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
    for name in UNWANTED_FILES:
        Path(app.outdir, "_static", name).unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Mend the pages when all of them are written."""
    app.connect("build-finished", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
