"""The page of numbers holds those of every chapter, as their cells print them."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from worked_numbers import worked_numbers  # noqa: E402 - found by the line above

CHAPTERS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def test_only_lines_of_numbers_count(tmp_path):
    printed = "✓ a = b = 1.5e-3 -2\n✓ c: x and y agree within 1e-15\n✓ at T = 1: 0.1 ≤ 0.2\nd = 4\n"
    cells = [
        {"cell_type": "markdown", "source": "`check.digits(` prints numbers."},
        {
            "cell_type": "code",
            "source": ["check.digits(...)"],
            "outputs": [{"text": [printed]}],
        },
        {
            "cell_type": "code",
            "source": "print('✓ e = 5')",
            "outputs": [{"text": "✓ e = 5\n"}],
        },
    ]
    notebook = tmp_path / "numbers.ipynb"
    notebook.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert list(worked_numbers(notebook)) == [("a = b", "1.5e-3 -2")]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_is_on_the_page(chapter):
    page = (ROOT / "book" / "numbers.md").read_text(encoding="utf-8")
    assert f"(../notebooks/{chapter.name})" in page
    assert f"```{{worked-numbers}} notebooks/{chapter.name}\n```" in page


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_no_number_is_missed(chapter):
    cells = json.loads(chapter.read_text(encoding="utf-8"))["cells"]
    # A call inside a loop prints more than one line.
    calls = sum("".join(cell["source"]).count("check.digits(") for cell in cells)
    found = list(worked_numbers(chapter))
    assert len(found) >= calls > 0
