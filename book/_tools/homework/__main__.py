"""The commands behind `make homework`, `make grade` and `make formgrader`."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from . import release
from .assignment import AssignmentError, read
from .course import MASTERS, Course, CourseError
from .grade import Job, JobError, grade
from .sandbox import SandboxError
from .submissions import SubmissionsError


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status."""
    try:
        options = _parser().parse_args(arguments)
        return options.run(options)
    except KeyboardInterrupt:
        print(
            "\nStopped. What was graded is kept: the same command goes on from here.",
            file=sys.stderr,
        )
        return 130
    except (
        AssignmentError, CourseError, JobError, SandboxError, SubmissionsError, OSError
    ) as error:  # fmt: skip
        print(f"make: {error}", file=sys.stderr)
        return 1


def hand_out(options: argparse.Namespace) -> int:
    """Make the student's copy of every master, and verify each."""
    course = Course(options.course, options.gradebook)
    failed = False
    for master in sorted(options.masters.glob("hw*.ipynb")):
        assignment = read(master)
        copy = course.hand_out(master)
        faults = [*release.faults(assignment, copy), *release.trial_faults(assignment, copy)]
        for fault in faults:
            print(f"{copy.name}: {fault}", file=sys.stderr)
        if faults:
            copy.unlink()  # nobody must hand out what may give answers away
            failed = True
        else:
            tests, essays = len(assignment.tests), len(assignment.essays)
            print(f"{copy}: {assignment.points()} points, {len(assignment.problems)} problems, "
                  f"{tests} test cells, {essays} to grade by hand")  # fmt: skip
    return int(failed)


def grade_all(options: argparse.Namespace) -> int:
    """Grade a folder of submissions."""
    master = options.masters / f"{options.homework}.ipynb"
    if not master.is_file():
        known = ", ".join(path.stem for path in sorted(options.masters.glob("hw*.ipynb")))
        raise AssignmentError(f"HW: there is no homework {options.homework!r}; there are {known}")
    if not options.submissions:
        raise SubmissionsError("SUBMISSIONS: name the folder with the students' notebooks")
    job = Job(
        master, Path(options.submissions), options.course.resolve(), options.gradebook,
        options.workers, options.scheduler, options.unsafe,
        frozenset(map(str.strip, options.accept.split(","))) - {""}, options.retry,
    )  # fmt: skip
    rows = grade(job)
    counts = Counter(row.status for row in rows)
    print(", ".join(f"{count} {status}" for status, count in counts.most_common()))
    print(f"Grades: {job.results / 'grades.csv'}\nReport: {job.results / 'report.html'}\n"
          f"Feedback: {job.results / 'feedback'}")  # fmt: skip
    return 0


def formgrader(options: argparse.Namespace) -> int:
    """Open JupyterLab on the course folder, where nbgrader's formgrader is."""
    course = Course(options.course, options.gradebook)
    os.environ["GRADEBOOK"] = course.url
    os.chdir(course.folder)
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1",
                              f"--port={options.port}", *options.jupyter])  # fmt: skip


def _workers(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise JobError(f"WORKERS: must be a whole number and at least 1, not {text!r}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="homework", description=__doc__)
    parser.add_argument("--masters", type=Path, default=MASTERS)
    parser.add_argument("--course", type=Path, default=Path("course"))
    parser.add_argument("--gradebook", default="")
    commands = parser.add_subparsers(required=True)
    commands.add_parser("make").set_defaults(run=hand_out)
    one = commands.add_parser("grade")
    one.set_defaults(run=grade_all)
    one.add_argument("homework")
    one.add_argument("submissions")
    one.add_argument("--workers", type=_workers, default=os.cpu_count() or 1)
    one.add_argument("--scheduler", default="")
    one.add_argument("--unsafe", action="store_true")
    one.add_argument("--accept", default="", help="students whose changed test cells are accepted")
    one.add_argument("--retry", action="store_true", help="try again what could not be graded")
    form = commands.add_parser("formgrader")
    form.set_defaults(run=formgrader)
    form.add_argument("--port", type=int, default=8000)
    form.add_argument("jupyter", nargs="*")
    return parser


if __name__ == "__main__":
    sys.exit(main())
