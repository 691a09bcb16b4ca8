"""A small assignment to grade, students to hand it in, and a course to grade them in."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from homework import assignment, course, grade, report
from homework.sandbox import Limits
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

QUICK = Limits(cell_seconds=4, answer_seconds=2, total_seconds=30)
SECRET = "1000.25"  # stands in a hidden test only

RIGHT = {
    "p1": "def mine(z):\n    e = np.exp(np.array(z) - np.max(z))\n    return e / e.sum()",
    "p2": "p2_answer = 0.5",
    "p3": "Because the two logits are equal.",
}


def _meta(grade_id: str, *, points: int = 0, solution: bool = False, hint: str = "") -> dict:
    meta: dict = {
        "nbgrader": {
            "grade": bool(points),
            "grade_id": grade_id,
            "locked": not solution,
            "schema_version": 3,
            "solution": solution,
            "task": False,
        }
    }
    if points:
        meta["nbgrader"]["points"] = points
    if hint:
        meta["softmax_book"] = {"hint": hint}
    return meta


def toy() -> nbformat.NotebookNode:
    """A master with two problems for the grader and one for a hand."""
    cells = [
        new_markdown_cell("# Homework 0. A toy"),
        new_code_cell(
            "import numpy as np\nimport softlib\nfrom softlib import check",
            metadata=_meta("imports"),
        ),
        new_markdown_cell("## Problem 1. Softmax (6 points)", metadata=_meta("p1_text")),
        new_code_cell(
            'def mine(z):\n    """Return the softmax of z."""\n    ### BEGIN SOLUTION\n'
            "    shifted = np.exp(z - np.max(z))\n    return shifted / shifted.sum()\n"
            "    ### END SOLUTION",
            metadata=_meta("p1", solution=True),
        ),
        new_code_cell(
            "assert np.shape(mine([0.0, 0.0])) == (2,), 'two logits, two probabilities'\n"
            "### BEGIN HIDDEN TESTS\nz = np.array([1.0, 2.0, 3.0])\n"
            "check.agree('softmax', mine=mine(z), softlib=softlib.softmax(z), within=1e-12)\n"
            "### END HIDDEN TESTS",
            metadata=_meta("p1_value", points=2, hint="Compare with the definition."),
        ),
        new_code_cell(
            f"mine([0.0])\n### BEGIN HIDDEN TESTS\nz = np.array([{SECRET}, 1001.0])\n"
            "check.agree('softmax', mine=mine(z), softlib=softlib.softmax(z), within=1e-12)\n"
            "### END HIDDEN TESTS",
            metadata=_meta("p1_stable", points=4, hint="Try large logits."),
        ),
        new_markdown_cell("## Problem 2. A number (3 points)", metadata=_meta("p2_text")),
        new_code_cell(
            "### BEGIN SOLUTION\np2_answer = 1 / 2\n### END SOLUTION",
            metadata=_meta("p2", solution=True),
        ),
        new_code_cell(
            "assert 0 < p2_answer < 1, f'a probability, not {p2_answer}'\n"
            "### BEGIN HIDDEN TESTS\nassert abs(p2_answer - 0.5) < 1e-9\n### END HIDDEN TESTS",
            metadata=_meta("p2_tests", points=3, hint="Think of symmetry."),
        ),
        new_markdown_cell(
            "## Problem 3. Explain (5 points)\n\nWhy?\n\n=== BEGIN MARK SCHEME ===\n"
            "5 points for naming the symmetry.\n=== END MARK SCHEME ===",
            metadata=_meta("p3_text"),
        ),
        new_markdown_cell("Swapping equals.", metadata=_meta("p3", points=5, solution=True)),
    ]
    notebook = new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python"
    }  # fmt: skip
    for number, cell in enumerate(notebook.cells):
        cell.id = f"toy-{number}"
    return notebook


@pytest.fixture(scope="session")
def handed_out(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """Return the function that gives the student's copy of a master, as text."""
    there = course.Course(tmp_path_factory.mktemp("handing out"))
    copies: dict[Path, str] = {}

    def copy(master: Path) -> str:
        if master not in copies:
            copies[master] = there.hand_out(master).read_text(encoding="utf-8")
        return copies[master]

    return copy


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy, as a file."""
    path = tmp_path_factory.mktemp("masters") / "hw0_toy.ipynb"
    nbformat.write(toy(), path)
    return path


@pytest.fixture(scope="session")
def asked(master: Path) -> assignment.Assignment:
    """The toy, read."""
    return assignment.read(master)


def answered(copy: str, cells: dict[str, str]) -> str:
    """Return a student's copy with answers in the cells of these names."""
    notebook = nbformat.reads(copy, as_version=4)
    left = dict(cells)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = left.pop(name, cell.source)
    assert not left, f"no cells {sorted(left)}"
    return nbformat.writes(notebook)


@pytest.fixture(scope="session")
def answer() -> Callable[[str, dict[str, str]], str]:
    """Return the function that fills a student's copy in."""
    return answered


@pytest.fixture
def job(master: Path, tmp_path: Path) -> grade.Job:
    """A folder for submissions, empty yet, and a course to grade it in."""
    (tmp_path / "in").mkdir()
    return grade.Job(master, tmp_path / "in", tmp_path / "course", workers=1, limits=QUICK)


@pytest.fixture
def hand_in(job: grade.Job, handed_out: Callable[[Path], str]) -> Callable[..., Path]:
    """Return the function that puts a student's notebook into the folder."""
    copy = handed_out(job.master)

    def hand_in(name: str, **cells: str) -> Path:
        path = job.submissions / f"{name}.ipynb"
        path.write_text(answered(copy, {**RIGHT, **cells}), encoding="utf-8")
        return path

    return hand_in


@pytest.fixture
def by_student() -> Callable[[list[report.Row]], dict[str, report.Row]]:
    """Return the function that finds rows by the student's name."""
    return lambda rows: {row.submission.student: row for row in rows}


@pytest.fixture
def elsewhere(tmp_path: Path, job: grade.Job) -> grade.Job:
    """The same job in a course of its own."""
    return grade.Job(job.master, job.submissions, tmp_path / "elsewhere", workers=1, limits=QUICK)


def unused_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Return the function that finds a port."""
    return unused_port


@pytest.fixture(autouse=True)
def bubblewrap() -> None:
    """Fail, and do not skip, where no sandbox can be had."""
    if shutil.which("bwrap") is None:
        pytest.fail("no bubblewrap: install it (Debian: apt-get install bubblewrap)", pytrace=False)
