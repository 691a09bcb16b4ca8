"""Change softlib's core in small ways and count how many changes the fast tests notice.

``python tests/mutants.py`` prints each survivor and the share of mutants killed, and exits with 1
below 90 %. Survivors that change nothing but speed or a message are explained in EQUIVALENT and
left out of the count. It takes some minutes and is not part of `make test`. The core is core.py
with the checks of its arguments. Each mutant is tested in a fork, which has the imports already.
"""

from __future__ import annotations

import argparse
import ast
import copy
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing import connection
from pathlib import Path
from typing import NamedTuple

os.environ["HYPOTHESIS_PROFILE"] = "mutants"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import hypothesis.extra.numpy  # noqa: F401  imported once, for all the forks
import mpmath  # noqa: F401
import pytest
import scipy.special  # noqa: F401

ROOT = Path(__file__).parents[1]
MODULES = [ROOT / "softlib" / name for name in ("core.py", "_arguments.py")]
FORK = multiprocessing.get_context("fork")
LIMIT = 300  # seconds for one mutant
TESTS = [f"tests/softlib/test_core{part}.py" for part in ("", "_exact", "_properties")]

SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NAMES = {
    "maximum": "minimum", "minimum": "maximum", "log1p": "log", "exp": "expm1", "max": "min",
    "min": "max", "subtract": "add", "divide": "multiply", "multiply": "divide", "add": "maximum",
    "isinf": "isfinite", "all": "any", "copysign": "fmod", "sorted": "list",
}  # fmt: skip

# Pieces of a line (as `ast.unparse` writes it) whose change moves time or wording, not a result.
EQUIVALENT = {
    "Axis = int": "read by type checkers alone",
    "SHORT = 24": "where the layout changes; the tests know both layouts on either side",
    "UNSIGNED: dict": "slices of that type are taken as rows, like longdouble ones",
    "EINSUM = 1024": "how many terms einsum sums; both ways meet the bound",
    "if math.copysign(1, t)": "only the sign is read, and it is never 0",
    "limits = not": "whether limits are filled in where there are none",
    "if t <= 1": "which of two formulas divides by 1",
    "if t < 1:": "a division by 1, or of what the limits replace",
    "if t < INF": "a quotient that the limits replace",
    "if axis == 1 or (d.ndim": "whether a single slice takes a quicker way to the same bits",
    "if d[0].size < 8192": "which of two ways to the same bits",
    "eps = max(float": "a tolerance a little smaller",
    "near = abs(total": "a tolerance twice as small, or its very edge",
    "value = np.where(near": "∞ times or over a number that is not 0: one sign",
    "if t < 1e": "from where on an overflow is looked for at all",
    "if e.shape[1] <= EINSUM": "how many terms einsum sums; both ways meet the bound",
    "turned = bool": "axes that are last already may be moved to where they are",
    "if dtype.char not in": "which of two ways to the same bits",
    "beyond = 0 <": "float64 where float32 would do as well, at the edges of its range",
    "w, eps = (None": "a number that is not used without weights",
    "rows = rows.astype": "a copy that nobody needs",
    "axis = int(n > SHORT": "where the layout changes; the tests know both layouts on either side",
    "if n >= 512": "speed, and bits on NumPy 2.0 alone",
    "np.setbufsize(512)": "speed, and bits on NumPy 2.0 alone",
    "whole = out.shape": "how large a block is; the same bits",
    "in_lines = rows.strides": "how large a block is; the same bits",
    "if whole and in_lines": "how large a block is; the same bits",
    "share, least, most =": "how large a block is; the same bits",
    "share = 20 if": "how large a block is; the same bits",
    "least, most =": "how large a block is; the same bits",
    "step = min": "how large a block is; the same bits",
    "if x.strides[1] == o": "a copy that nobody needs; the same bits",
    "if type(axis) is int": "the quick way to the axes; the other one finds the same",
}


class Mutator(ast.NodeTransformer):
    """Apply the change with a given number; count the changes that there are."""

    def __init__(self, number: int = -1) -> None:
        self.number, self.count = number, 0
        self.line, self.what = 0, ""

    def turn(self, node: ast.AST, what: str) -> bool:
        self.count += 1
        if self.count - 1 != self.number:
            return False
        self.line, self.what = getattr(node, "lineno", 0), what
        return True

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, (ast.AnnAssign, ast.arg)) and node.annotation is not None:
            annotation, node.annotation = node.annotation, None
            node = self.generic_visit(node)
            node.annotation = annotation
            return node
        if isinstance(node, ast.FunctionDef):
            returns, node.returns = node.returns, None
            node = self.generic_visit(node)
            node.returns = returns
            return node
        node = self.generic_visit(node)
        method = getattr(self, "mutate_" + type(node).__name__, None)
        return method(node) if method else node

    def mutate_BinOp(self, node: ast.BinOp) -> ast.AST:  # noqa: N802
        swap = SWAPS.get(type(node.op))
        if swap and self.turn(node, f"{type(node.op).__name__} → {swap.__name__}"):
            node.op = swap()
        return node

    mutate_AugAssign = mutate_BinOp  # noqa: N815

    def mutate_BoolOp(self, node: ast.BoolOp) -> ast.AST:  # noqa: N802
        swap = SWAPS[type(node.op)]
        if self.turn(node, f"{type(node.op).__name__} → {swap.__name__}"):
            node.op = swap()
        return node

    def mutate_Compare(self, node: ast.Compare) -> ast.AST:  # noqa: N802
        for i, op in enumerate(node.ops):
            swap = SWAPS[type(op)]
            if self.turn(node, f"{type(op).__name__} → {swap.__name__}"):
                node.ops[i] = swap()
        return node

    def mutate_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:  # noqa: N802
        return node.operand if self.turn(node, f"without {type(node.op).__name__}") else node

    def mutate_Constant(self, node: ast.Constant) -> ast.AST:  # noqa: N802
        if isinstance(node.value, bool):
            if self.turn(node, f"{node.value} → {not node.value}"):
                return ast.copy_location(ast.Constant(not node.value), node)
        elif isinstance(node.value, (int, float)) and self.turn(node, f"{node.value} + 1"):
            return ast.copy_location(ast.Constant(node.value + 1), node)
        return node

    def mutate_Attribute(self, node: ast.Attribute) -> ast.AST:  # noqa: N802
        if node.attr in NAMES and self.turn(node, f"{node.attr} → {NAMES[node.attr]}"):
            node.attr = NAMES[node.attr]
        return node

    def mutate_Name(self, node: ast.Name) -> ast.AST:  # noqa: N802
        if node.id in NAMES and self.turn(node, f"{node.id} → {NAMES[node.id]}"):
            node.id = NAMES[node.id]
        return node

    def mutate_Expr(self, node: ast.Expr) -> ast.AST:  # noqa: N802
        if isinstance(node.value, ast.Call) and self.turn(node, "statement removed"):
            return ast.copy_location(ast.Pass(), node)
        return node


class Mutant(NamedTuple):
    """One change: the module, the line it is in, what it is, and the changed source."""

    module: Path
    line: str
    what: str
    source: str


def mutants() -> Iterator[Mutant]:
    """Yield every mutant of every module."""
    for module in MODULES:
        tree = ast.parse(module.read_text(encoding="utf-8"))
        counter = Mutator()
        counter.visit(copy.deepcopy(tree))
        for number in range(counter.count):
            mutator = Mutator(number)
            changed = ast.fix_missing_locations(mutator.visit(copy.deepcopy(tree)))
            line = statement(tree, mutator.line)
            yield Mutant(module, line, mutator.what, ast.unparse(changed))


def statement(tree: ast.Module, line: int) -> str:
    """Return the innermost statement around a line, as one line of source."""
    found = None
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            found = node
    return ast.unparse(found).splitlines()[0] if found else ""


def reason(line: str) -> str:
    """Return why a change of this line changes no result, or nothing."""
    return next((why for piece, why in EQUIVALENT.items() if piece in line), "")


def survives(module: Path, source: str) -> multiprocessing.Process:
    """Start the fast tests on a changed copy of the package; exit code 0 means that all pass."""
    process = FORK.Process(target=run_tests, args=(module, source), daemon=True)
    process.start()
    return process


def run_tests(module: Path, source: str) -> None:
    """Run them in this process, a fork that has all of their imports but softlib."""
    # A mutant may ask for all the memory there is, or never end.
    resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))
    signal.alarm(LIMIT)
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "softlib"
        shutil.copytree(ROOT / "softlib", package, ignore=shutil.ignore_patterns("__pycache__"))
        (package / module.name).write_text(source, encoding="utf-8")
        sys.path.insert(0, folder)
        os.chdir(folder)
        options = ["-x", "-q", "-c", os.devnull, "--import-mode=importlib", "-W", "error"]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # by the early imports
        options += ["-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={ROOT}"]
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        failed = pytest.main([*options, *(str(ROOT / test) for test in TESTS)])
        os._exit(failed)


def outcomes(every: list[Mutant], jobs: int) -> Iterator[tuple[Mutant, bool]]:
    """Yield every mutant with whether it survives, as they finish."""
    waiting, running = list(reversed(every)), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            process = survives(mutant.module, mutant.source)
            running[process.sentinel] = process, mutant
        for sentinel in connection.wait(list(running)):
            process, mutant = running.pop(sentinel)
            process.join()
            yield mutant, process.exitcode == 0


def main() -> int:
    """Report on all mutants."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--every", type=int, default=1, help="try only every N-th mutant")
    parser.add_argument("--first", type=int, default=0, help="where to start")
    options = parser.parse_args()
    whole = [
        Mutant(module, "", "nothing", module.read_text(encoding="utf-8")) for module in MODULES
    ]
    if not all(passes for _, passes in outcomes(whole, options.jobs)):
        print("The tests fail on the unchanged core.")
        return 1
    every = list(mutants())[options.first :: options.every]
    survivors, equivalent = 0, 0
    for mutant, lives in outcomes(every, options.jobs):
        if lives:
            why = reason(mutant.line)
            survivors, equivalent = survivors + 1, equivalent + bool(why)
            print(f"survived: {mutant.what:22} in {mutant.line}", why and f"({why})", flush=True)
    killed, counted = len(every) - survivors, len(every) - equivalent
    print(f"{len(every)} mutants, {killed} killed ({killed / len(every):.1%})")
    print(f"{equivalent} equivalent; {killed / counted:.1%} of the others killed")
    return 0 if killed >= 0.9 * counted else 1


if __name__ == "__main__":
    sys.exit(main())
