"""nbgrader's course folder: its configuration, the masters in it, and what becomes of verdicts."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import shutil
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bleach
import nbformat
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from traitlets.config import Config

from .assignment import STUB, TEXT_STUB

ROOT = Path(__file__).resolve().parents[3]
MASTERS = ROOT / "notebooks" / "homework"

# nbgrader looks for alembic's command, which lies beside the interpreter, on the path.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nbgrader.api import Gradebook, InvalidEntry, MissingEntry
    from nbgrader.apps.api import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import (
        AssignLatePenalties,
        CheckCellMetadata,
        ClearHiddenTests,
        ClearMarkScheme,
        ClearOutput,
        GetGrades,
        NbGraderPreprocessor,
        OverwriteCells,
        OverwriteKernelspec,
        SaveAutoGrades,
    )

COURSE_ID = "default_course"
CONFIGURATION = '''\
"""nbgrader's configuration of this course, written by `make homework`."""

import sys

sys.path.insert(0, {tools!r})
from homework.course import configure

configure(get_config(), {folder!r})
'''


class CourseError(Exception):
    """What nbgrader could not do, in its own words."""


class InsertVerdict(NbGraderPreprocessor):
    """Put what the sandbox and the judge found into the notebook that nbgrader scores.

    It stands where nbgrader would run the student's code: nothing is run here, and a notebook
    that was not judged is refused.
    """

    def preprocess(self, nb: Any, resources: dict) -> tuple[Any, dict]:
        """Replace the outputs by those of the judged notebook."""
        names = resources["nbgrader"]
        path = judged_path(Path.cwd(), names["assignment"], names["student"])
        if not path.is_file():
            raise RuntimeError(f"{names['student']} was not judged: use make grade")
        outputs = {
            cell.id: cell.outputs
            for cell in nbformat.read(path, as_version=4).cells
            if cell.cell_type == "code"
        }
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = outputs[cell.id]
        return nb, resources


def configure(config: Config, folder: str | Path, gradebook: str = "") -> Config:
    """Set nbgrader up for a course folder; the gradebook is $GRADEBOOK, or SQLite in the folder."""
    config.CourseDirectory.root = str(folder)
    config.CourseDirectory.db_url = gradebook_url(Path(folder), gradebook)
    # Some parts of nbgrader take this name for granted, and PostgreSQL minds when others do not.
    config.CourseDirectory.course_id = COURSE_ID
    config.ClearSolutions.code_stub = {"python": STUB}
    config.ClearSolutions.text_stub = TEXT_STUB
    # The rubric stands under its question, in a cell that is locked text to nbgrader.
    config.ClearMarkScheme.enforce_metadata = False
    config.Autograde.sanitize_preprocessors = [
        ClearOutput, OverwriteKernelspec, OverwriteCells, CheckCellMetadata
    ]  # fmt: skip
    config.Autograde.autograde_preprocessors = [
        InsertVerdict, SaveAutoGrades, AssignLatePenalties, CheckCellMetadata
    ]  # fmt: skip
    # A student's Markdown may carry scripts; hidden tests and rubrics are not for feedback.
    config.GenerateFeedback.preprocessors = [
        GetGrades, ClearHiddenTests, ClearMarkScheme,
        "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
    ]  # fmt: skip
    config.HTMLExporter.sanitize_html = True
    # nbgrader's templates, formgrader's too, pass Markdown by that setting; this is the last filter
    # that they send it through.
    config.HTMLExporter.filters = {"strip_files_prefix": harmless}
    return config


TAGS = frozenset(
    ["a", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3",
     "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "span", "strong", "sub",
     "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"]
)  # fmt: skip
PICTURE = "data:image/png;base64,"
CODE_CLASS = re.compile(r"highlight|hl-[\w-]+|[a-z][a-z0-9]{0,2}")  # of a highlighted word


def harmless(html: str) -> str:
    """Return what Markdown became without anything that acts, or that asks another machine."""
    protocols = ["http", "https", "mailto", "data"]
    return bleach.clean(html, tags=TAGS, attributes=_is_harmless, protocols=protocols)


def _is_harmless(tag: str, name: str, value: str) -> bool:
    if tag == "img":
        return name in ("alt", "title") or (name == "src" and value.startswith(PICTURE))
    if name == "class":
        coloured = tag in ("code", "div", "pre", "span")
        return coloured and all(map(CODE_CLASS.fullmatch, value.split()))
    if tag == "a" and name == "href":
        return value.startswith(("http://", "https://", "mailto:", "#"))
    return False


def gradebook_url(folder: Path, gradebook: str = "") -> str:
    """Return the gradebook's address."""
    return gradebook or os.environ.get("GRADEBOOK") or f"sqlite:///{folder / 'gradebook.db'}"


def judged_path(folder: Path, assignment: str, student: str) -> Path:
    """Return where the notebook lies that the judge has seen, with its outputs."""
    return folder / "judged" / assignment / f"{student}.ipynb"


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back until the end: nbgrader would take it for a fault of the notebook."""
    if threading.current_thread() is not threading.main_thread():  # only that one is interrupted
        yield
        return
    pressed = []
    usual = signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if pressed:
            signal.raise_signal(signal.SIGINT)


class Course:
    """A course folder, and nbgrader at work in it."""

    def __init__(self, folder: Path, gradebook: str = "") -> None:
        self.folder = folder.resolve()
        self.url = gradebook_url(self.folder, gradebook)
        self.folder.mkdir(parents=True, exist_ok=True)
        text = CONFIGURATION.format(tools=str(ROOT / "book" / "_tools"), folder=str(self.folder))
        (self.folder / "nbgrader_config.py").write_text(text, encoding="utf-8")
        config = configure(Config(), self.folder, self.url)
        self._api = NbGraderAPI(CourseDirectory(config=config), config=config)
        self._api.log_level = logging.WARNING
        with self.gradebook():  # say at once when it does not answer
            pass

    @property
    def place(self) -> str:
        """A name for this gradebook that gives no password away."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """Open the gradebook; CourseError if it does not answer."""
        try:
            with Gradebook(self.url, COURSE_ID) as gradebook:
                yield gradebook
        # The last two: its driver is not installed, its port is not a number.
        except (SQLAlchemyError, InvalidEntry, ImportError, ValueError) as error:
            raise CourseError(self._silent(error)) from None

    def _silent(self, error: Exception) -> str:
        """Return what went wrong with the gradebook, without its password."""
        try:
            where = make_url(self.url).render_as_string(hide_password=True)
        except (ArgumentError, ValueError):  # whose words may hold a part of the password
            return "GRADEBOOK: not the address of a database, such as sqlite:///… or postgresql+psycopg://…"
        words = getattr(error, "orig", None) or error
        return f"GRADEBOOK: {where} does not answer: {' '.join(str(words).split())[:300]}"

    def hand_out(self, master: Path) -> Path:
        """Make the student's copy of a master, enter the assignment in the gradebook."""
        source = self.folder / "source" / master.stem / master.name
        source.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(master, source)
        self._do("generate_assignment", master.stem)
        return self.folder / "release" / master.stem / master.name

    def record(self, assignment: str, student: str, notebook: nbformat.NotebookNode) -> None:
        """Enter a judged notebook in the gradebook."""
        judged = judged_path(self.folder, assignment, student)
        submitted = self.folder / "submitted" / student / assignment / f"{assignment}.ipynb"
        for path in (judged, submitted):
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, path)
        self._do("autograde", assignment, student)

    def forget(self, assignment: str, student: str) -> None:
        """Take a student's submission out of the gradebook: what it says is no longer true."""
        with self.gradebook() as gradebook, contextlib.suppress(MissingEntry):
            gradebook.remove_submission(assignment, student)
        judged_path(self.folder, assignment, student).unlink(missing_ok=True)
        for stage in ("submitted", "autograded", "feedback"):
            shutil.rmtree(self.folder / stage / student / assignment, ignore_errors=True)

    def feedback(self, assignment: str, student: str) -> str:
        """Return nbgrader's page for the student, without the hidden tests."""
        self._do("generate_feedback", assignment, student)
        path = self.folder / "feedback" / student / assignment / f"{assignment}.html"
        return path.read_text(encoding="utf-8")

    def scores(self, assignment: str) -> dict[str, dict[str, float | None]]:
        """Return each recorded student's points per graded cell; None where a hand must grade."""
        with self.gradebook() as gradebook:
            return {
                submission.student.id: {
                    grade.name: None if grade.needs_manual_grade else grade.score
                    for notebook in submission.notebooks
                    for grade in notebook.grades
                }
                for submission in gradebook.assignment_submissions(assignment)
            }

    def comments(self, assignment: str, student: str) -> list[str]:
        """Return what the instructor wrote to the student."""
        with self.gradebook() as gradebook:
            try:
                submission = gradebook.find_submission(assignment, student)
            except MissingEntry:
                return []
            comments = [c for notebook in submission.notebooks for c in notebook.comments]
            return sorted(f"{c.name}: {c.comment}" for c in comments if c.comment)

    def _do(self, action: str, *names: str) -> None:
        with warnings.catch_warnings(), uninterrupted():
            warnings.simplefilter("ignore")
            result = getattr(self._api, action)(*names)
        if not result["success"]:
            raise CourseError(
                f"{action} {' '.join(names)}: {result.get('error') or result.get('log')}"
            )
