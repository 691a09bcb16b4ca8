"""One submission, one verdict.

The student's notebook, without any test, runs in the sandbox. Then every test cell of the master
runs *here*, out of the student's reach. Whatever the student had to define is, to those tests, a
stand-in that asks the student's kernel and gets plain data back. Nothing that happens inside the
kernel can therefore earn a point but a right answer.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
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
from .kernel import AnswerError, KernelLost, Slow, StudentKernel, student_kernel
from .sandbox import Limits

GRADED, FAILED, TIMED_OUT, MEMORY, TAMPERED, UNREADABLE = STATUSES = (
    "graded", "failed to run", "timed out", "out of memory", "tampered", "unreadable"
)  # fmt: skip

# Every honest kernel fails all of these. The tests do not run in the kernel, so that one which
# passes them gains nothing by it; but someone has been at work there, and should be asked.
CANARIES = {
    "assertions": "assert False",
    "exceptions": "raise AssertionError",
    "NumPy's testing functions": "import numpy.testing\nnumpy.testing.assert_allclose(0.0, 1.0)",
    "NumPy's comparisons": "import numpy\nassert numpy.allclose(0.0, 1.0)",
    "softlib": "import softlib\nassert float(softlib.softmax([0.0, 0.0])[0]) != 0.5",
    "softlib's checks": "from softlib import check\ncheck.at_most('two', 2, 1)",
    "the notebook's input": "import IPython\nshell = IPython.get_ipython()\n"
    "assert shell.ast_transformers or shell.input_transformers_post\n",
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
    start = time.monotonic()
    try:
        notebook, changed = assemble(assignment, text)
    except ValueError as error:
        return Verdict(UNREADABLE, str(error))
    if changed and not accepted:
        return Verdict(TAMPERED, "; ".join(changed))
    verdict = Verdict(GRADED, "; ".join(changed))
    try:
        with student_kernel(limits, unsafe=unsafe) as kernel:
            _run(assignment, notebook, kernel)
            if touched := [name for name, code in CANARIES.items() if not kernel.refuses(code)]:
                return Verdict(TAMPERED, f"the notebook changes {' and '.join(touched)}")
            tests = [(test, cell) for cell in notebook.cells if (test := _test(assignment, cell))]
            # What the student can see runs first. Once the kernel has seen a hidden test's input,
            # no word of its own may reach the feedback: it could carry that input out.
            seen = [_judge(assignment, test, test.handed_out, kernel) for test, _ in tests]
            for (test, cell), complaint in zip(tests, seen, strict=True):
                complaint = complaint or _judge(assignment, test, test.source, kernel)
                verdict.passed[test.grade_id] = not complaint
                cell.outputs = [_said(complaint)]
    except KernelLost as lost:
        return Verdict(lost.status, lost.why, time.monotonic() - start)
    except (RuntimeError, OSError) as error:  # the kernel never answered
        return Verdict(FAILED, f"no kernel: {_one_line(error)}", time.monotonic() - start)
    verdict.notebook = nbformat.writes(notebook)
    verdict.seconds = time.monotonic() - start
    return verdict


# ---------------------------------------------------------------- reading what was handed in


def assemble(assignment: Assignment, text: str) -> tuple[nbformat.NotebookNode, list[str]]:
    """Return the notebook to run, and what was done to its test cells.

    The student's cells are taken in the student's order, with the master's metadata in place of
    what came; a test cell is the one handed out. ValueError says why there is nothing to run.
    """
    try:
        raw = nbformat.reads(text, as_version=4)
        cells = [(str(cell["cell_type"]), _source(cell), cell) for cell in raw["cells"]]
    except Exception as error:  # nbformat raises as many types as there are ways to be no notebook
        raise ValueError(f"not a notebook: {_one_line(error)}") from error
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


def _source(cell: Any) -> str:
    source = cell["source"]
    return "".join(source) if isinstance(source, list) else str(source)


def _plain(source: str) -> str:
    """Return the source without what editors change unasked: line ends and blanks before them."""
    return "\n".join(line.rstrip() for line in source.splitlines()).strip()


def _recognise(assignment: Assignment, kind: str, source: str, cell: Any) -> Cell | None:
    """Find the assignment's cell that this one was: by nbgrader's name, its id, or its text.

    Some editors drop metadata they do not know, or keep the cell's id within it.
    """
    meta = cell.get("metadata") or {}
    name = (meta.get("nbgrader") or {}).get("grade_id")
    ids = {cell.get("id"), meta.get("id")} - {None}
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
    """Run a test cell, or what is seen of it; say what is wrong, in words for the student."""
    file = f"<{test.grade_id}>"
    tree = ast.parse(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    try:
        with _quiet():
            space = _given(assignment)
            for name in used & assignment.functions:
                space[name] = partial(_ask, kernel, name)
            for name in used & assignment.values:
                space[name] = kernel.ask(name)[0]
            exec(compile(tree, file, "exec"), space)  # noqa: S102 - the master's own tests
    except Slow as error:
        return f"{error}."
    except Exception as error:  # whatever a wrong answer makes of a test
        if source != test.handed_out:
            return f"A hidden test failed. {test.hint}{_raised(error)}"
        return _complaint(source, file, error)
    return ""


def _given(assignment: Assignment) -> dict[str, Any]:
    """Return what the master's own cells give to its tests: imports, data, helpers."""
    space: dict[str, Any] = {"__name__": "tests"}
    for cell in assignment.cells:
        if cell.kind == "given" and cell.grade_id:
            exec(compile(cell.source, f"<{cell.grade_id}>", "exec"), space)  # noqa: S102
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
    """Call the student's function; lists and arrays that it changed change here too."""
    # Only plain lists and arrays can travel; anything else names itself in a TypeError.
    value, changed = kernel.ask(name, (copy.copy(args), kwargs))
    for place, now in changed.items():
        if place.isdigit() and int(place) < len(args):
            with contextlib.suppress(TypeError, ValueError):
                args[int(place)][...] = now
            if isinstance(args[int(place)], list):
                args[int(place)][:] = now
    return value


def _complaint(source: str, file: str, error: Exception) -> str:
    """Say which of the tests that the student sees failed, and how."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]  # fmt: skip
    if not lines:  # a name that the tests need, asked for before they ran
        return _one_line(error)
    kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
    return f"This test failed: {source.splitlines()[lines[-1] - 1].strip()}\n{kind}{_one_line(error)}".strip()


def _raised(error: Exception) -> str:
    if isinstance(error, AssertionError):
        return ""
    name = "an exception" if isinstance(error, AnswerError) else type(error).__name__
    return f" (The test ended with {name}.)"


def _one_line(error: object) -> str:
    return re.sub(r"\s+", " ", str(error)).strip()[:300]


def _said(complaint: str) -> nbformat.NotebookNode:
    if not complaint:
        return nbformat.v4.new_output("stream", name="stdout", text="✓ passed\n")
    return nbformat.v4.new_output(
        "error", ename="NotPassed", evalue=complaint, traceback=complaint.splitlines()
    )
