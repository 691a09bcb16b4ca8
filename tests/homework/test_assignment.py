"""A master with a fault is refused, and the fault is named."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from homework import assignment


def fault(master: Path, folder: Path, name: str, **changes: object) -> str:
    """Return what is said of the toy when the cell of this name is changed."""
    notebook = nbformat.read(master, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
            cell.update(changes)
    nbformat.write(notebook, folder / master.name)
    with pytest.raises(assignment.AssignmentError, match=rf"^{master.name}: ") as error:
        assignment.read(folder / master.name)
    return str(error.value).removeprefix(f"{master.name}: ")


def test_two_cells_of_one_name(master: Path, tmp_path: Path) -> None:
    meta = {"nbgrader": {"grade_id": "p1", "grade": False, "solution": False}}
    assert fault(master, tmp_path, "imports", metadata=meta) == "two cells are named p1"


def test_an_answer_without_a_solution_region(master: Path, tmp_path: Path) -> None:
    said = fault(master, tmp_path, "p2", source="p2_answer = 0.5")
    assert said == "the answer cell p2 has no solution region"


def test_hidden_tests_without_a_hint(master: Path, tmp_path: Path) -> None:
    meta = {"nbgrader": {"grade_id": "p2_tests", "grade": True, "points": 3, "solution": False}}
    said = fault(master, tmp_path, "p2_tests", metadata=meta)
    assert said == "the test cell p2_tests has hidden tests and no hint"


def test_a_cell_of_no_problem(master: Path, tmp_path: Path) -> None:
    said = fault(master, tmp_path, "p3_text", source="Why?")
    assert said == "the cell p3 belongs to no problem"


def test_points_that_do_not_add_up(master: Path, tmp_path: Path) -> None:
    said = fault(master, tmp_path, "p2_text", source="## Problem 2. A number (4 points)")
    assert said == "problem 2 says 4 points, its cells give 3"


@pytest.mark.parametrize("line", ["%matplotlib inline", "def mine(z:"])
def test_an_answer_that_is_not_python(master: Path, tmp_path: Path, line: str) -> None:
    source = f"### BEGIN SOLUTION\n{line}\n### END SOLUTION"
    assert fault(master, tmp_path, "p1", source=source).endswith("(p1, line 2)")
