"""What a master asks for: its cells, its problems with their points, the names it wants defined."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

HIDDEN = ("BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
SOLUTION = ("BEGIN SOLUTION", "END SOLUTION")
SCHEME = ("BEGIN MARK SCHEME", "END MARK SCHEME")
STUB = 'raise NotImplementedError("Replace this line by your answer.")'
TEXT_STUB = "*Replace this text by your answer.*"
HEADING = re.compile(r"^## Problem (\d+)\. (.+?)(?: \((\d+) points?\))?$", re.MULTILINE)


class AssignmentError(Exception):
    """What is wrong with a master."""


@dataclass(frozen=True)
class Cell:
    """One cell of an assignment."""

    id: str  # the notebook format's
    grade_id: str  # nbgrader's, or nothing
    kind: str  # answer, test, essay (graded by hand), given, text
    source: str
    handed_out: str  # the student's copy of the source
    points: int = 0
    hint: str = ""

    @property
    def problem(self) -> str:
        """The problem it belongs to: p3 for p3_stable."""
        return self.grade_id.split("_")[0]

    @property
    def graded(self) -> bool:
        """Whether it carries points."""
        return self.kind in ("test", "essay")


@dataclass(frozen=True)
class Assignment:
    """A master, read."""

    name: str
    title: str
    cells: tuple[Cell, ...]
    problems: dict[str, str]  # p3 → its title
    functions: frozenset[str]  # what answers define, and tests ask for
    values: frozenset[str]

    @property
    def tests(self) -> list[Cell]:
        """The cells that the grader judges."""
        return [cell for cell in self.cells if cell.kind == "test"]

    @property
    def essays(self) -> list[Cell]:
        """The cells that are graded by hand."""
        return [cell for cell in self.cells if cell.kind == "essay"]

    def points(self, problem: str | None = None) -> int:
        """Return the points of one problem, or of all."""
        return sum(cell.points for cell in self.cells if problem in (None, cell.problem))


def read(path: Path) -> Assignment:
    """Read a master; AssignmentError names what keeps it from being one."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        raise AssignmentError(f"{path.name}: not a notebook: {error}") from error
    try:
        cells = tuple(map(_cell, notebook.cells))
        functions, values = _names(cells)
    except (KeyError, SyntaxError, TypeError, ValueError) as error:
        raise AssignmentError(f"{path.name}: {error}") from error
    text = "\n".join(cell.source for cell in cells if cell.kind == "text")
    problems = {f"p{number}": title for number, title, _ in HEADING.findall(text)}
    title = re.search(r"^# (.+)$", text, re.MULTILINE)
    assignment = Assignment(
        path.stem, title[1] if title else path.stem, cells, problems, functions, values
    )
    if faults := list(_faults(assignment, text)):
        raise AssignmentError("\n".join(f"{path.name}: {fault}" for fault in faults))
    return assignment


def without(source: str, marks: tuple[str, str], stub: str = "") -> str:
    """Return the source without its marked regions, `stub` in the place of each."""
    kept, inside = [], False
    for line in source.splitlines():
        if marks[0] in line:
            inside = True
            if stub:
                kept.append(line[: len(line) - len(line.lstrip())] + stub)
        elif marks[1] in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def hidden_lines(source: str) -> set[int]:
    """Return the numbers, from 1, of the lines that only the grader sees."""
    found, inside = set(), False
    for number, line in enumerate(source.splitlines(), start=1):
        inside = inside or HIDDEN[0] in line
        if inside:
            found.add(number)
        inside = inside and HIDDEN[1] not in line
    return found


def _cell(cell: nbformat.NotebookNode) -> Cell:
    meta = cell.metadata.get("nbgrader", {})
    grade, solution, code = meta.get("grade"), meta.get("solution"), cell.cell_type == "code"
    if grade and solution:
        kind = "essay"
    elif grade:
        kind = "test"
    elif solution:
        kind = "answer"
    else:
        kind = "given" if code else "text"
    handed_out = without(cell.source, SCHEME)
    if kind in ("answer", "essay"):
        handed_out = without(cell.source, SOLUTION, STUB if code else TEXT_STUB)
        if not code and SOLUTION[0] not in cell.source:
            handed_out = TEXT_STUB
    elif kind == "test":
        handed_out = without(cell.source, HIDDEN)
    hint = cell.metadata.get("softmax_book", {}).get("hint", "")
    return Cell(cell.get("id", ""), meta.get("grade_id", ""), kind, cell.source, handed_out,
                int(meta.get("points", 0)) if grade else 0, hint)  # fmt: skip


def _names(cells: tuple[Cell, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the functions and the other names that the answers define."""
    functions, values = set(), set()
    for cell in cells:
        if cell.kind != "answer":
            continue
        for statement in ast.parse(cell.source, cell.grade_id).body:
            if isinstance(statement, ast.FunctionDef):
                functions.add(statement.name)
            elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
                targets = getattr(statement, "targets", None) or [statement.target]
                for target in targets:
                    values |= {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}
    return frozenset(functions), frozenset(values - functions)


def _faults(assignment: Assignment, text: str) -> list[str]:
    faults = []
    ids = [cell.grade_id for cell in assignment.cells if cell.grade_id]
    faults += [
        f"two cells are named {name}" for name in sorted({i for i in ids if ids.count(i) > 1})
    ]
    for cell in assignment.cells:
        if cell.kind == "answer" and SOLUTION[0] not in cell.source:
            faults.append(f"the answer cell {cell.grade_id} has no solution region")
        if cell.kind == "test" and hidden_lines(cell.source) and not cell.hint:
            faults.append(f"the test cell {cell.grade_id} has hidden tests and no hint")
        if cell.graded and cell.problem not in assignment.problems:
            faults.append(f"the cell {cell.grade_id} belongs to no problem")
    for number, _, points in HEADING.findall(text):
        if (found := assignment.points(f"p{number}")) != int(points or 0):
            faults.append(f"problem {number} says {points or 0} points, its cells give {found}")
    return faults
