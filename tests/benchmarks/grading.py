"""Grade a class of 200, good, wrong and hostile, and say how fast: none may be lost.

    python tests/benchmarks/grading.py --workers 1 2 --gradebooks sqlite postgresql

Each run grades the whole class anew in a folder of its own, and compares each student's status
and points with what they must be.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import sys
import tempfile
import textwrap
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import psutil

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_tools"))

from homework import assignment, course, grade, judge, sandbox  # noqa: E402

MASTER = course.MASTERS / "hw1_definition.ipynb"
HOSTILE = ("loops", "loops and is deaf", "exits", "kills all", "takes 6 GB",
           "takes it with children", "prints 50 MB at once", "prints 200 MB in pieces",
           "makes many files", "forks", "starts threads", "removes assertions",
           "rewrites its input", "speaks nonsense")  # fmt: skip
UNREADABLE = {"empty": "", "cut off": '{"cells": [', "no notebook": "\x89PNG"}


def load(path: str) -> ModuleType:
    """Load a module of the tests by its place."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / "tests" / path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def hand_in(folder: Path, copy: str, students: int) -> dict[str, tuple[str, float | None]]:
    """Write the class's notebooks; return what each student must get.

    Of twenty students thirteen are right, four wrong in one known way each, and three hostile.
    """
    asked = assignment.read(MASTER)
    fill = load("homework/conftest.py").answered
    wrong = itertools.cycle(load(f"homework/answers/{MASTER.stem}.py").ANSWERS)
    cases = load("homework/test_hostile.py").CASES
    hostile = itertools.cycle([*HOSTILE, *UNREADABLE])
    right = {c.grade_id: c.source for c in asked.cells if c.kind in ("answer", "essay")}
    points = {test.grade_id: test.points for test in asked.tests}
    expected = {}
    for number in range(students):
        name, text = f"student{number:05}", fill(copy, right)
        must = (judge.GRADED, sum(points.values()))
        if number % 20 in (3, 8, 13, 18):
            answer = next(wrong)
            text = fill(copy, right | answer["cells"])
            must = (judge.GRADED, must[1] - sum(points[test] for test in answer["lost"]))
        elif number % 20 in (5, 10, 15):
            kind = next(hostile)
            if kind in UNREADABLE:
                text, must = UNREADABLE[kind], (judge.UNREADABLE, None)
            else:
                notebook = nbformat.reads(text, as_version=4)
                first = textwrap.dedent(cases[kind].first)
                notebook.cells.insert(3, nbformat.v4.new_code_cell(first, id="first"))
                text = nbformat.writes(notebook)
                if cases[kind].status != judge.GRADED:
                    must = (cases[kind].status, None)
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
        expected[name] = must
    return expected


class Watch(threading.Thread):
    """Looks on: the most memory that one sandbox had, and all of the grader's own processes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.one_sandbox = self.grader = 0
        self.over = threading.Event()

    def run(self) -> None:
        """Sum the processes' own memory ten times a second."""
        while not self.over.wait(0.1):
            grader, sandboxes = 0, {}
            processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
            inside: dict[int, int] = {}
            for process in processes:
                try:
                    parent = inside.get(process.ppid())
                    if parent is None and process.name() == "bwrap":
                        parent = process.pid
                except psutil.Error:
                    continue
                memory, _ = sandbox._use(process.pid)
                if parent is None:
                    grader += memory
                else:
                    inside[process.pid] = parent
                    sandboxes[parent] = sandboxes.get(parent, 0) + memory
            self.grader = max(self.grader, grader)
            self.one_sandbox = max([self.one_sandbox, *sandboxes.values()])


def run(students: int, workers: int, gradebook: str) -> dict[str, Any]:
    """Grade the class once; AssertionError if anybody is lost or has what they must not have."""
    with tempfile.TemporaryDirectory(prefix="class-") as place:
        folder = Path(place)
        (folder / "in").mkdir()
        copy = course.Course(folder / "handing out").hand_out(MASTER).read_text(encoding="utf-8")
        expected = hand_in(folder / "in", copy, students)
        job = grade.Job(MASTER, folder / "in", folder / "course", gradebook, workers=workers)
        watch, start = Watch(), time.monotonic()
        watch.start()
        rows = grade.grade(job)
        seconds = time.monotonic() - start
        watch.over.set()
        watch.join()
        found = {row.submission.student: (row.status, row.total) for row in rows}
        differ = {name: (found.get(name), must) for name, must in expected.items()
                  if found.get(name) != must}  # fmt: skip
        assert not differ, differ
        assert len(rows) == students
        verdicts = [
            json.loads(path.read_text(encoding="utf-8"))["verdict"]
            for path in (folder / "course" / "verdicts" / MASTER.stem).glob("*.json")
        ]
        slowest = max(verdicts, key=lambda verdict: verdict["seconds"])
        return {
            "students": students,
            "workers": workers,
            "gradebook": gradebook.partition(":")[0] or "sqlite",
            "seconds": round(seconds, 1),
            "per second": round(students / seconds, 3),
            "slowest": [round(slowest["seconds"], 1), slowest["status"]],
            "one sandbox, MiB": watch.one_sandbox >> 20,
            "grader, MiB": watch.grader >> 20,
        }


def main() -> None:
    """Run each combination and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--gradebooks", nargs="+", default=["sqlite", "postgresql"])
    options = parser.parse_args()
    for kind, workers in itertools.product(options.gradebooks, options.workers):
        port = load("homework/conftest.py").unused_port()
        server = load("homework/test_gradebooks.py").postgresql(port)
        with server if kind == "postgresql" else nullcontext("") as gradebook:
            print(json.dumps(run(options.students, workers, gradebook)), flush=True)


if __name__ == "__main__":
    main()
