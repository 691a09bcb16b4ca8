"""The student's copies: made by nbgrader from the masters, and then distrusted."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat

import notebooks

from .assignment import HIDDEN, SCHEME, SOLUTION, STUB, TEXT_STUB, Assignment
from .course import ROOT

COLAB = ROOT / ".venv-colab" / "bin" / "python"


def faults(assignment: Assignment, copy: Path) -> Iterator[str]:
    """Yield what is wrong with a student's copy, as text."""
    made = nbformat.read(copy, as_version=4)
    if len(made.cells) != len(assignment.cells):
        yield f"{len(made.cells)} cells in place of {len(assignment.cells)}"
        return
    secret = _secret_lines(assignment)
    for cell, node in zip(assignment.cells, made.cells, strict=True):
        name = cell.grade_id or cell.id
        if node.source.strip() != cell.handed_out.strip():
            yield f"{name}: not the text that is to be handed out"
        if node.get("outputs") or node.get("execution_count"):
            yield f"{name}: the master's outputs are still there"
        for line in node.source.splitlines():
            if line.strip() in secret:
                yield f"{name}: a line that is to stay hidden: {line.strip()}"
            if any(mark in line for mark in (*HIDDEN, *SOLUTION, *SCHEME)):
                yield f"{name}: a mark is left: {line.strip()}"


def _secret_lines(assignment: Assignment) -> set[str]:
    """Return the lines that stand nowhere but in solutions, hidden tests and rubrics."""
    visible = {line.strip() for cell in assignment.cells for line in cell.handed_out.splitlines()}
    every = {line.strip() for cell in assignment.cells for line in cell.source.splitlines()}
    return every - visible - {""}


def trial_faults(assignment: Assignment, copy: Path, python: Path = COLAB) -> Iterator[str]:
    """Run the unanswered copy on Colab's versions with softlib alone; yield what is wrong.

    An unanswered cell must say so, every test must fail, and nothing else may.
    """
    notebook = nbformat.read(copy, as_version=4)
    for node in notebook.cells:
        node.metadata["tags"] = ["raises-exception"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "softlib", Path(folder, "lib", "softlib"))
        alone = Path(folder, "alone")
        alone.mkdir()
        env = {"PYTHONPATH": str(Path(folder, "lib")), "PYTHONNOUSERSITE": "1",
               "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # fmt: skip
        try:
            notebooks.execute(notebook, alone, python=str(python), env=env)
        except notebooks.NotebookError as error:
            yield f"it does not run: {error}"
            return
    for cell, node in zip(assignment.cells, notebook.cells, strict=True):
        errors = [o for o in node.get("outputs", []) if o.output_type == "error"]
        said = " ".join(f"{error.ename}: {error.evalue}" for error in errors)
        if cell.kind == "test" and not errors:
            yield f"{cell.grade_id}: it passes on an unanswered notebook"
        unanswered = STUB.split('"')[1] in said or "is not defined" in said
        if errors and not unanswered and cell.kind != "test":
            yield f"{cell.grade_id or cell.id}: it fails: {said}"
    if TEXT_STUB not in "".join(node.source for node in notebook.cells) and assignment.essays:
        yield "no answer that is graded by hand is left open"
