"""What several groups of tests share: where things are, and which pages the site has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
# A program of its own: looking for doctests in it would set its Hypothesis profile for all tests.
collect_ignore = ["mutants.py"]


def entries(toc: dict) -> Iterator[str]:
    """Yield the documents of a table of contents, in reading order."""
    if "root" in toc:
        yield toc["root"]
    if "file" in toc:
        yield toc["file"]
    for key in ("parts", "chapters", "sections"):
        for entry in toc.get(key, []):
            yield from entries(entry)


def read_documents() -> list[str]:
    """Return the documents of the book, without suffix: "book/index", "notebooks/01_…"."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return list(entries(toc))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `document` once for each document, `notebook` for each notebook."""
    if "document" in metafunc.fixturenames:
        metafunc.parametrize("document", read_documents())
    if "notebook" in metafunc.fixturenames:
        notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
        metafunc.parametrize("notebook", notebooks, ids=lambda path: path.stem)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def documents() -> list[str]:
    """Return the documents that the table of contents names."""
    return read_documents()


@pytest.fixture(scope="session")
def site() -> Path:
    """Return the folder of the built site."""
    folder = ROOT / "_build" / "html"
    if not (folder / "index.html").is_file():
        pytest.fail("the site is not built: run make book", pytrace=False)
    return folder
