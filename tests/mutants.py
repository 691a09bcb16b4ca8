"""Change softlib/core.py in small ways and count how many changes the fast tests notice.

``python tests/mutants.py`` prints each survivor and the share of mutants killed, and exits with 1
below 90 %. Survivors that change nothing but speed or a message are explained in EQUIVALENT and
left out of the count. It takes some minutes and is not part of `make test`.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).parents[1]
CORE = ROOT / "softlib" / "core.py"
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
    "BLOCK = 2 ** 19": "size of a block",
    "block = rows.nbytes": "size of a block",
    "step = max(min(max(block": "size of a block",
    "step = step // 16": "size of a block",
    "rows.size > 8192": "when NumPy's buffer shrinks, which shows in results only under NumPy 2.0",
    "np.setbufsize(512)": "size of NumPy's buffer",
    "x[0].size < 128": "which of two ways to find the same running maximum",
    "EINSUM = 1024": "how many terms einsum sums; both ways meet the bound",
    "e.shape[1] <= EINSUM": "how many terms einsum sums; both ways meet the bound",
    "if count == 1 and axis == 0": "whether a single slice takes the short path to the same bits",
    "if top.size == 1": "which of two ways to ask the same question",
    "if t == 1 and dtype.char": "whether what needs no conversion is converted to itself",
    "type(axis) is int": "whether NumPy normalises an axis that needs no normalising",
    "value = np.where(total == 1": "infinity times or over a number of the same sign",
    "copies_out = ": "whether a buffer is made that nobody may need",
    "_slices(z, axis, 1.0)": "a temperature that is not used",
    "np.maximum.reduce(x, axis=0, keepdims=True)": "with or without the axis it broadcasts alike",
    "zip(x[1:], others": "the two have the same length by construction",
    "if 0 < t < 1": "a division by 1",
    "if kept and order": "a transposition that moves nothing",
    "if axis == 0": "size of a block (a mutant of the other such line is killed)",
    "step = min(step, count)": "size of a block",
    "if t != 0 and abs(t)": "whether a limit is computed in float64 and rounded",
    "limits.tiny": "whether T at the very edge of float32 computes in float64",
    "sign = math.copysign": "only the sign is read",
    ".astype(dtype, copy=False)": "whether a copy is made of what nobody else holds",
    "raise ": "wording of a message",
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


def mutants() -> Iterator[tuple[str, str, str]]:
    """Yield (line, change, source) of every mutant."""
    tree = ast.parse(CORE.read_text(encoding="utf-8"))
    counter = Mutator()
    counter.visit(copy.deepcopy(tree))
    for number in range(counter.count):
        mutator = Mutator(number)
        changed = ast.fix_missing_locations(mutator.visit(copy.deepcopy(tree)))
        yield statement(tree, mutator.line), mutator.what, ast.unparse(changed)


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


def survives(source: str) -> bool:
    """Run the fast tests on a changed copy of the package."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "softlib"
        package.mkdir()
        for path in (ROOT / "softlib").glob("*.py"):
            (package / path.name).write_bytes(path.read_bytes())
        (package / "core.py").write_text(source, encoding="utf-8")
        options = ["-x", "-q", "-c", os.devnull, "--import-mode=importlib", "-W", "error"]
        options += ["-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={ROOT}"]
        command = [sys.executable, "-m", "pytest", *options, *(str(ROOT / test) for test in TESTS)]
        settings = os.environ | {"HYPOTHESIS_PROFILE": "mutants", "OPENBLAS_NUM_THREADS": "1"}
        # A mutant may ask for all the memory there is: the shell's limit turns that into a failure.
        command = ["sh", "-c", 'ulimit -v 4000000 && exec "$@"', "sh", *command]
        try:
            result = subprocess.run(
                command, cwd=folder, env=settings, capture_output=True, timeout=300, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return result.returncode == 0


def main() -> int:
    """Report on all mutants."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--every", type=int, default=1, help="try only every N-th mutant")
    parser.add_argument("--first", type=int, default=0, help="where to start")
    options = parser.parse_args()
    if not survives(CORE.read_text(encoding="utf-8")):
        print("The tests fail on the unchanged core.")
        return 1
    every = list(mutants())[options.first :: options.every]
    survivors, equivalent = 0, 0
    with ThreadPoolExecutor(options.jobs) as pool:
        running = {pool.submit(survives, source): (line, what) for line, what, source in every}
        for future in as_completed(running):
            if future.result():
                line, what = running[future]
                why = reason(line)
                survivors, equivalent = survivors + 1, equivalent + bool(why)
                print(f"survived: {what:22} in {line}", why and f"({why})", flush=True)
    killed = 1 - (survivors - equivalent) / (len(every) - equivalent)
    print(f"{len(every)} mutants, {equivalent} equivalent, {killed:.1%} of the others killed")
    return 0 if killed >= 0.9 else 1


if __name__ == "__main__":
    sys.exit(main())
