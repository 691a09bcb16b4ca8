"""One submission, one verdict.

The student's notebook, without any test, runs in the sandbox. Then every test cell of the master
runs *here*, out of the student's reach. Whatever the student had to define is, to those tests, a
stand-in that asks the student's kernel and gets plain data back. Nothing that happens inside the
kernel can therefore earn a point but a right answer.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import time
import traceback
import warnings
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import nbformat
import numpy as np

from .assignment import Assignment, Cell
from .kernel import KernelLost, Slow, StudentKernel, student_kernel
from .sandbox import Limits

GRADED, FAILED, TIMED_OUT, MEMORY, TAMPERED, UNREADABLE = STATUSES = (
    "graded", "failed to run", "timed out", "out of memory", "tampered", "unreadable"
)  # fmt: skip
# How the detail begins where the student is not to blame.
GRADERS_FAULT = "the grader could not judge it: "

MOST_CELLS = 500
MOST_TEXT = 500_000  # characters of all sources together: pages are made of them later

# Every honest kernel fails all of these. The tests do not run in the kernel, so that one which
# passes them gains nothing by it; but someone has been at work there, and should be asked.
CANARIES = {
    "assertions": "assert False",
    "exceptions": "raise AssertionError",
    "NumPy's testing functions": "import numpy.testing as _a\n_a.assert_allclose(0.0, 1.0)",
    "NumPy's comparisons": "import numpy as _a\nassert _a.allclose(0.0, 1.0)",
    "softlib": "import softlib as _a\nassert float(_a.softmax([0.0, 0.0])[0]) != 0.5",
    "softlib's checks": "from softlib import check as _a\n_a.at_most('two', 2, 1)",
    "the notebook's input": "from IPython import get_ipython as _a\n_a = _a()\n"
    "assert _a.ast_transformers or _a.input_transformers_post\n",
}


@dataclass
class Verdict:
    """What became of a submission."""

    status: str
    detail: str = ""
    seconds: float = 0.0
    passed: dict[str, bool] = field(default_factory=dict)  # by the grade_id of the test
    notebook: str = ""  # the notebook with its outputs, as text


def judge(
    assignment: Assignment,
    text: str,
    limits: Limits = Limits(),  # noqa: B008 - it is frozen
    *,
    unsafe: bool = False,
    accepted: bool = False,
) -> Verdict:
    """Run and judge one notebook. `accepted` grades it although its test cells were changed."""
    verdict = _judged(assignment, text, limits, unsafe, accepted)
    if verdict.detail.startswith(GRADERS_FAULT):  # a machine that stalls may keep a kernel waiting
        verdict = _judged(assignment, text, limits, unsafe, accepted)
    return verdict


def _judged(
    assignment: Assignment, text: str, limits: Limits, unsafe: bool, accepted: bool
) -> Verdict:
    start = time.monotonic()
    try:
        notebook, changed = assemble(assignment, text)
    except ValueError as error:
        return Verdict(UNREADABLE, str(error))
    if changed and not accepted:
        return Verdict(TAMPERED, "; ".join(changed))
    verdict = Verdict(GRADED)
    try:
        with student_kernel(limits, unsafe=unsafe) as kernel:
            _run(assignment, notebook, kernel)
            if touched := [name for name, code in CANARIES.items() if not kernel.refuses(code)]:
                changed.append(f"the notebook changes {' and '.join(touched)}")
                if not accepted:
                    return Verdict(TAMPERED, changed[-1], time.monotonic() - start)
            tests = [(cell, test) for cell in notebook.cells if (test := _test(assignment, cell))]
            # First what the student has seen, of all tests. From the first hidden question on the
            # kernel knows hidden numbers, and nothing that it says is told any more.
            seen = [_judge(assignment, test, test.handed_out, kernel) for _, test in tests]
            for (cell, test), complaint in zip(tests, seen, strict=True):
                if not complaint and _judge(assignment, test, test.source, kernel):
                    complaint = f"A hidden test failed. {test.hint}"
                verdict.passed[test.grade_id] = not complaint
                cell.outputs = [_said(complaint)]
    except KernelLost as lost:
        return Verdict(lost.status, lost.why, time.monotonic() - start)
    except (RuntimeError, OSError) as error:  # the kernel never answered
        why = f"{GRADERS_FAULT}no kernel: {_one_line(error)}"
        return Verdict(FAILED, why, time.monotonic() - start)
    verdict.detail = "; ".join(changed)
    # Half a surrogate pair can stand in a string, and in no file.
    verdict.notebook = _whole(nbformat.writes(notebook))
    verdict.seconds = time.monotonic() - start
    return verdict


# ---------------------------------------------------------------- reading what was handed in


def assemble(assignment: Assignment, text: str) -> tuple[nbformat.NotebookNode, list[str]]:
    """Return the notebook to run, and what was done to its test cells.

    The student's cells are taken in the student's order, with the master's metadata in place of
    what came; a test cell is the one handed out. ValueError says why there is nothing to run.
    """
    cells = _cells(text)
    found = [_recognise(assignment, *cell) for cell in cells]
    if not any(cell and cell.kind in ("answer", "test") for cell in found):
        raise ValueError(f"no problem of {assignment.name} is in it")

    kept: list[tuple[nbformat.NotebookNode, Cell | None]] = []
    seen: set[str] = set()
    changed = []
    for (kind, source, _), cell in zip(cells, found, strict=True):
        if cell is None or cell.id in seen:
            if cell is not None and cell.kind == "test":
                changed.append(f"the test cell {cell.grade_id} is there twice")
            if kind in ("code", "markdown"):
                kept.append((_new(kind, source, f"extra-{len(kept)}"), None))
            continue
        seen.add(cell.id)
        if cell.kind == "test" and _plain(source) != _plain(cell.handed_out):
            changed.append(f"the test cell {cell.grade_id} was changed")
        given = cell.kind in ("test", "text")
        kept.append((_restored(cell, cell.handed_out if given else source), cell))
    for place, cell in enumerate(assignment.cells):
        if cell.id not in seen and cell.kind != "given" and cell.grade_id:
            if cell.kind == "test":
                changed.append(f"the test cell {cell.grade_id} is missing")
            _insert(kept, assignment.cells[:place], cell)
    return nbformat.v4.new_notebook(cells=[node for node, _ in kept]), changed


def _cells(text: str) -> list[tuple[str, str, dict]]:
    """Return what is looked at of each cell: its kind, its source, and the names it bears.

    Outputs, attachments and other metadata go unread: who made them is not known.
    """
    try:
        raw = json.loads(text)
        if raw.get("nbformat") != 4:
            raw = nbformat.reads(text, as_version=4)
        cells = [(str(cell["cell_type"]), _source(cell), _names(cell)) for cell in raw["cells"]]
    except Exception as error:  # as many types as there are ways to be no notebook
        raise ValueError(f"not a notebook: {_one_line(error)}") from error
    if len(cells) > MOST_CELLS or sum(len(source) for _, source, _ in cells) > MOST_TEXT:
        raise ValueError(f"more than {MOST_CELLS} cells, or {MOST_TEXT} characters in them")
    return cells


def _source(cell: Any) -> str:
    source = cell["source"]
    return _whole("".join(source) if isinstance(source, list) else str(source))


def _names(cell: Any) -> dict:
    """Return what a cell is called: by nbgrader, and by the notebook format then and now."""
    meta = _dict(cell.get("metadata"))
    names = {
        "grade_id": _dict(meta.get("nbgrader")).get("grade_id"),
        "id": cell.get("id"),
        "old_id": meta.get("id"),
    }
    return {key: name for key, name in names.items() if isinstance(name, str)}


def _dict(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _plain(source: str) -> str:
    """Return the source without what editors change unasked: line ends and blanks before them."""
    return "\n".join(line.rstrip() for line in source.splitlines()).strip()


def _recognise(assignment: Assignment, kind: str, source: str, names: dict) -> Cell | None:
    """Find the assignment's cell that this one was: by nbgrader's name, its id, or its text.

    Some editors drop metadata they do not know, or keep the cell's id within it.
    """
    name = names.get("grade_id")
    ids = {names.get("id"), names.get("old_id")} - {None}
    code = kind == "code"
    candidates = [c for c in assignment.cells if (c.kind in ("answer", "test", "given")) == code]
    for fits in (
        lambda c: name and c.grade_id == name,
        lambda c: c.id in ids,
        lambda c: len(c.handed_out) > 20 and _plain(c.handed_out) == _plain(source),
    ):
        if match := next(filter(fits, candidates), None):
            return match
    return None


def _new(kind: str, source: str, cell_id: str) -> nbformat.NotebookNode:
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    node = make(source)
    node.id = cell_id
    return node


def _restored(cell: Cell, source: str) -> nbformat.NotebookNode:
    code = cell.kind in ("answer", "test", "given")
    node = _new("code" if code else "markdown", source, cell.id)
    if cell.grade_id:
        node.metadata["nbgrader"] = {
            "grade": cell.graded,
            "grade_id": cell.grade_id,
            "locked": cell.kind not in ("answer", "essay"),
            "schema_version": 3,
            "solution": cell.kind in ("answer", "essay"),
            "task": False,
        }
        if cell.graded:
            node.metadata["nbgrader"]["points"] = cell.points
    return node


def _insert(kept: list, before: tuple[Cell, ...], cell: Cell) -> None:
    """Put a missing cell behind the nearest that came before it in the assignment."""
    places = [n for n, (_, known) in enumerate(kept, start=1) if known in before]
    kept.insert(max(places, default=0), (_restored(cell, cell.handed_out), cell))


def _test(assignment: Assignment, node: nbformat.NotebookNode) -> Cell | None:
    name = node.metadata.get("nbgrader", {}).get("grade_id")
    return next((cell for cell in assignment.tests if cell.grade_id == name), None)


# ---------------------------------------------------------------- running it


def _run(assignment: Assignment, notebook: nbformat.NotebookNode, kernel: StudentKernel) -> None:
    for cell in notebook.cells:
        if cell.cell_type != "code" or _test(assignment, cell):
            continue
        kernel.run(cell)
        if any("MemoryError" in output.get("ename", "") for output in cell.outputs):
            raise KernelLost(MEMORY, "a cell asked for more memory than there is")


# ---------------------------------------------------------------- judging it


def _judge(assignment: Assignment, test: Cell, source: str, kernel: StudentKernel) -> str:
    """Run a test's source; return what is wrong, in words, or nothing."""
    tree = ast.parse(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    file = f"<{test.grade_id}>"
    try:
        with _quiet():
            space = _given(assignment)
            for name in used & assignment.functions:
                space[name] = partial(_ask, kernel, name)
            for name in used & assignment.values:
                space[name] = kernel.ask(name)
            exec(compile(tree, file, "exec"), space)
    except Slow as error:
        return f"{error}."
    except Exception as error:  # whatever a wrong answer makes of a test
        return _complaint(source, file, error)
    return ""


def _given(assignment: Assignment) -> dict[str, Any]:
    """Return what the master's own cells give to its tests: imports, data, helpers."""
    space: dict[str, Any] = {"__name__": "tests"}
    for cell in assignment.cells:
        if cell.kind == "given" and cell.grade_id:
            exec(compile(cell.source, f"<{cell.grade_id}>", "exec"), space)
    return space


@contextlib.contextmanager
def _quiet() -> Any:
    with (
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("ignore")
        yield


def _ask(kernel: StudentKernel, name: str, *args: Any, **kwargs: Any) -> Any:
    """Call the student's function with copies of the arguments.

    What it does to lists and arrays stays in its kernel: a function that could set the test's own
    array to zeros could make any answer agree with what is computed from it afterwards.
    """
    # Only plain lists and arrays can travel; anything else names itself in a TypeError.
    return kernel.ask(name, (args, kwargs))


def _complaint(source: str, file: str, error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == file]
    if not lines or not lines[-1]:  # a name that the tests need, asked for before they ran
        return _one_line(error) or type(error).__name__
    kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
    line = source.splitlines()[lines[-1] - 1].strip()
    return f"This test failed: {line}\n{kind}{_one_line(error)}".strip()


def _one_line(error: object) -> str:
    return re.sub(r"\s+", " ", str(error)).strip()[:300]


def _said(complaint: str) -> nbformat.NotebookNode:
    if not complaint:
        return nbformat.v4.new_output("stream", name="stdout", text="✓ passed\n")
    return nbformat.v4.new_output(
        "error", ename="NotPassed", evalue=complaint, traceback=complaint.splitlines()
    )
