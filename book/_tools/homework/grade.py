"""Grade a folder of submissions: on this machine or on a Dask cluster, and only what changed."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import nbformat
from dask.distributed import Client, LocalCluster, as_completed
from tqdm import tqdm

import softlib

from . import assignment as masters
from . import report, sandbox, submissions
from .course import Course, CourseError, judged_path
from .judge import FAILED, GRADED, GRADERS_FAULT, UNREADABLE, Verdict, judge
from .sandbox import Limits
from .submissions import Submission

AHEAD = 3  # tasks per worker that are sent before an answer is back


class JobError(Exception):
    """Which argument asks for what cannot be had."""


@dataclass(frozen=True)
class Job:
    """What the instructor asked for."""

    master: Path
    submissions: Path
    course: Path
    gradebook: str = ""
    workers: int = 1
    scheduler: str = ""
    unsafe: bool = False
    accepted: frozenset[str] = frozenset()
    retry: bool = False
    limits: Limits = field(default_factory=Limits)

    @property
    def results(self) -> Path:
        """Where the instructor finds what came out."""
        return self.course / "results" / self.master.stem


def grade(job: Job, *, quiet: bool = False) -> list[report.Row]:
    """Grade what is new, and write grades.csv, the feedback pages and the report."""
    if not job.unsafe and not job.scheduler:
        sandbox.find_bubblewrap()  # refuse before anything is begun
    assignment = masters.read(job.master)
    for place in (job.master, job.submissions, job.course):
        if not job.unsafe and sandbox.exposes(place):
            raise sandbox.SandboxError(f"students' code could read {place}: it lies in the system")
    found = submissions.collect(job.submissions, assignment.name, job.limits)
    if unknown := job.accepted - {submission.student for submission in found}:
        raise JobError(
            f"ACCEPT: nobody in {job.submissions} is called {', '.join(sorted(unknown))}"
        )
    course = Course(job.course, job.gradebook)
    course.hand_out(job.master)
    ledger = Ledger(job, course)
    report.add_mathjax(job.results / "feedback")
    todo = [s for s in found if not ledger.has(s)]
    for submission in [s for s in todo if s.fault]:
        ledger.enter(submission, Verdict(UNREADABLE, submission.fault))
    readable = [s for s in todo if not s.fault]
    if not quiet:
        print(
            f"{assignment.name}: {len(found)} submissions, {len(found) - len(todo)} graded before"
        )
        if ledger.moved:
            print(
                f"Another gradebook than before: {ledger.moved} verdicts moved into it. "
                "Points given by hand stay in the old one. "
                "If this surprises you, set GRADEBOOK as before."
            )
    try:
        with tqdm(total=len(readable), unit="notebook", disable=quiet or not readable) as bar:
            for submission, verdict in verdicts(job, assignment, readable):
                ledger.enter(submission, verdict)
                bar.update()
    finally:
        rows = write(job, assignment, found, ledger, course)
    return rows


def verdicts(
    job: Job, assignment: Any, todo: list[Submission]
) -> Iterator[tuple[Submission, Verdict]]:
    """Yield each submission with its verdict, in the order in which they come."""
    if not todo:
        return
    with cluster(job) as client:
        shared = client.scatter(assignment, broadcast=True)
        running: dict[Any, Submission] = {}

        def submit(batch: Iterator[Submission]) -> list[Any]:
            futures = []
            for submission in batch:
                accepted = submission.student in job.accepted
                future = client.submit(
                    judge,
                    shared,
                    submission.text,
                    job.limits,
                    unsafe=job.unsafe,
                    accepted=accepted,
                    pure=False,
                )
                running[future] = submission
                futures.append(future)
            return futures

        waiting = iter(todo)
        at_once = max(1, AHEAD * len(client.scheduler_info(n_workers=-1)["workers"]))
        coming = as_completed(submit(islice(waiting, at_once)))
        for future in coming:
            submission = running.pop(future)
            try:
                verdict = future.result()
            except Exception as error:  # the worker died, or the grader has a fault: say so, go on
                verdict = Verdict(FAILED, f"{GRADERS_FAULT}{error}"[:300])
            for more in submit(islice(waiting, 1)):
                coming.add(more)
            yield submission, verdict


@contextmanager
def cluster(job: Job) -> Iterator[Client]:
    """Connect to the scheduler that the job names, or start workers on this machine."""
    if job.scheduler:
        try:
            client = Client(job.scheduler, timeout="10s")
        except (OSError, ValueError) as error:
            raise JobError(f"SCHEDULER: no connection to {job.scheduler}: {error}") from error
        with client:
            yield client
        return
    apart = job.workers > 1
    # A worker's own memory is not the students': their kernels are bounded one by one.
    with (
        LocalCluster(n_workers=job.workers, threads_per_worker=1, processes=apart,
                     host="127.0.0.1" if apart else None, dashboard_address="127.0.0.1:0",
                     memory_limit=0, silence_logs=logging.ERROR) as local,
        Client(local) as client,
    ):  # fmt: skip
        yield client


class Ledger:
    """Remembers each verdict, so that a stopped run goes on where it was."""

    def __init__(self, job: Job, course: Course) -> None:
        self._job, self._course = job, course
        self.moved = 0  # verdicts that came from another gradebook
        self._folder = job.course / "verdicts" / job.master.stem
        self._recorded = course.scores(job.master.stem)  # before this run
        self._grader = _digest(job.master.read_bytes(), *_own_sources(), repr(job.limits).encode())

    def has(self, submission: Submission) -> bool:
        """Tell whether this very notebook was judged by this very grader, and nothing got lost."""
        verdict = self.verdict(submission)
        if verdict is None or verdict.detail.startswith(GRADERS_FAULT):
            return False
        if verdict.status != GRADED and self._job.retry:
            return False
        if verdict.status == GRADED and not self._judged(submission).is_file():
            return False
        if self._read(submission.student)["place"] != self._course.place:
            self._move_in(submission, verdict)  # another gradebook than before
            return True
        return verdict.status != GRADED or bool(self._recorded.get(submission.student))

    def verdict(self, submission: Submission) -> Verdict | None:
        """Return the verdict, if there is one for this notebook."""
        kept = self._read(submission.student)
        if kept.get("fingerprint") != self._fingerprint(submission):
            return None
        return Verdict(**kept["verdict"])

    def enter(self, submission: Submission, verdict: Verdict) -> None:
        """Enter a verdict in the gradebook, and then remember that it is there."""
        name = self._job.master.stem
        if verdict.status == GRADED:
            notebook = nbformat.reads(verdict.notebook, as_version=4)
            try:
                self._course.record(name, submission.student, notebook)
            except CourseError as error:  # one student's notebook must not stop the others' grades
                with self._course.gradebook():  # unless it is the gradebook that is gone
                    verdict = Verdict(FAILED, f"{GRADERS_FAULT}nbgrader: {error}"[:300])
        if verdict.status != GRADED:
            self._course.forget(name, submission.student)
        kept = {
            "fingerprint": self._fingerprint(submission),
            "place": self._course.place,
            "verdict": {**asdict(verdict), "notebook": ""},
        }
        report.save(self._path(submission.student), json.dumps(kept, indent=1))

    def page_is_current(self, student: str, state: str) -> bool:
        """Tell whether the feedback page shows this state already."""
        path = self._page_path(student)
        return path.is_file() and path.read_text(encoding="utf-8") == state

    def page_shows(self, student: str, state: str) -> None:
        """Remember what the feedback page shows. Say so only when the page is there."""
        report.save(self._page_path(student), state)

    def _move_in(self, submission: Submission, verdict: Verdict) -> None:
        if verdict.status == GRADED:
            verdict.notebook = self._judged(submission).read_text(encoding="utf-8")
        self.enter(submission, verdict)
        self.moved += 1

    def _fingerprint(self, submission: Submission) -> str:
        accepted = str(submission.student in self._job.accepted)
        words = (self._grader, submission.text, submission.fault, accepted, str(self._job.unsafe))
        return _digest(*(word.encode() for word in words))

    def _judged(self, submission: Submission) -> Path:
        return judged_path(self._course.folder, self._job.master.stem, submission.student)

    def _path(self, student: str) -> Path:
        return self._folder / f"{student}.json"

    def _page_path(self, student: str) -> Path:
        return self._folder / f"{student}.page"

    def _read(self, student: str) -> dict[str, Any]:
        try:
            return json.loads(self._path(student).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}


def write(
    job: Job, assignment: Any, found: list[Submission], ledger: Ledger, course: Course
) -> list[report.Row]:
    """Write what the instructor gets, from what the ledger and the gradebook say."""
    scores = course.scores(assignment.name)
    rows = []
    for submission in found:
        verdict = ledger.verdict(submission)
        rows.append(report.row(assignment, submission, verdict, scores.get(submission.student, {})))
    report.write_grades(job.results / "grades.csv", assignment, rows)
    report.save(job.results / "report.html", report.class_report(assignment, rows))
    for row in rows:
        student = row.submission.student
        path = job.results / "feedback" / f"{student}.html"
        verdict = ledger.verdict(row.submission)
        state = repr((verdict, row.parts, course.comments(assignment.name, student)))
        if path.exists() and ledger.page_is_current(student, state):
            continue
        if row.graded:
            page = _feedback(assignment, row, course)
        else:
            page = report.ungraded_page(assignment, row)
        report.save(path, page)
        ledger.page_shows(student, state)
    _sweep(job.results / "feedback", {row.submission.student for row in rows})
    return rows


def _feedback(assignment: Any, row: report.Row, course: Course) -> str:
    try:
        return report.graded_page(course.feedback(assignment.name, row.submission.student), row)
    except CourseError as error:  # the points stand all the same
        return report.plain_page(assignment, row, str(error)[:300])


def _sweep(folder: Path, students: set[str]) -> None:
    """Remove the pages of those who are no longer in the folder of submissions."""
    for page in folder.glob("*.html"):
        if page.stem not in students:
            page.unlink()


def _own_sources() -> list[bytes]:
    """Return what a verdict depends on beside the notebook: the grader, and softlib."""
    folders = [Path(__file__).parent, Path(softlib.__file__).parent]
    return [path.read_bytes() for folder in folders for path in sorted(folder.glob("*.py"))]


def _digest(*parts: bytes) -> str:
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()
