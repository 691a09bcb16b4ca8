"""`make grade`, as an instructor uses it: what comes out, what is told, what is kept."""

from __future__ import annotations

import csv
import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from homework import __main__ as command
from homework import course, grade, sandbox
from homework.assignment import Assignment
from homework.grade import Job
from homework.judge import GRADED, Verdict, judge
from homework.kernel import student_kernel
from homework.report import Row, graded_page, write_grades
from homework.submissions import Submission
from nbgrader.converters import Autograde

import softlib

PENDING = {"p1_value": 2.0, "p1_stable": 4.0, "p2_tests": 3.0, "p3": None}


def table(job: Job) -> dict[str, dict[str, str]]:
    with (job.results / "grades.csv").open(encoding="utf-8", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The students whose notebooks are judged from now on."""
    names: list[str] = []
    truly = grade.verdicts

    def counting(job: Job, asked: object, todo: list) -> Iterator:
        names.extend(submission.student for submission in todo)
        yield from truly(job, asked, todo)

    monkeypatch.setattr(grade, "verdicts", counting)
    return names


@pytest.fixture
def believed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The students whose notebooks get full points from now on, and none is run: that is quick."""
    names: list[str] = []

    def believing(job: Job, asked: object, todo: list) -> Iterator:
        for submission in todo:
            names.append(submission.student)
            yield submission, Verdict(GRADED, seconds=len(names), notebook=submission.text)

    monkeypatch.setattr(grade, "verdicts", believing)
    return names


# ---------------------------------------------------------------- what comes out


@pytest.fixture(scope="module")
def graded(
    tmp_path_factory: pytest.TempPathFactory, master: Path, handed_out: Callable, answer: Callable
) -> Job:
    """A folder as it comes from a learning platform, graded."""
    there = tmp_path_factory.mktemp("a class")
    folder = there / "handed in"
    folder.mkdir()
    copy = handed_out(master)
    right = {"p1": "def mine(z):\n    return softlib.softmax(z)", "p2": "p2_answer = 0.5"}

    def write(name: str, text: str) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    write("anna.ipynb", answer(copy, {**right, "p3": "By $x \\mapsto -x$."}))
    write("bo_hw0_toy (1).ipynb", answer(copy, right | {"p2": "p2_answer = 0.7"}))
    write("Cleo/what she called it.ipynb", answer(copy, right | {"p3": "Because."}))
    write("dan.ipynb", answer(copy, {}))
    write("edited.ipynb", copy.replace("two logits, two probabilities", "no"))
    write("empty.ipynb", "")
    write("truncated.ipynb", copy[: len(copy) // 2])
    write("pdf.ipynb", "%PDF-1.7")
    write("renamed.ipynb.txt", copy)
    write("other.ipynb", nbformat.writes(nbformat.v4.new_notebook()))
    write("twin.ipynb", answer(copy, right))
    write("Twin/hw0_toy.ipynb", answer(copy, right))
    write("=1+1.ipynb", answer(copy, {}))
    (folder / "latin.ipynb").write_bytes("é".encode("latin-1"))
    (folder / "nothing").mkdir()
    (folder / ".DS_Store").touch()
    job = Job(master, folder, there / "course", workers=2)
    grade.grade(job, quiet=True)
    return job


def test_every_file_has_a_row_and_a_status(graded: Job) -> None:
    status = {student: row["status"] for student, row in table(graded).items()}
    assert status == {
        "anna": "graded", "bo": "graded", "Cleo": "graded", "dan": "graded",
        "edited": "tampered", "empty": "unreadable", "truncated": "unreadable",
        "pdf": "unreadable", "renamed": "unreadable", "other": "unreadable",
        "Twin": "unreadable", "'=1_1": "graded", "latin": "unreadable", "nothing": "unreadable",
    }  # fmt: skip


def test_the_points_are_right(graded: Job) -> None:
    rows = table(graded)
    columns = ("p1 (of 6)", "p2 (of 3)", "p3 (of 5)", "total (of 14)", "to grade by hand")
    points = {student: tuple(rows[student][name] for name in columns) for student in rows}
    assert points["anna"] == ("6", "3", "", "9", "p3")
    assert points["bo"] == ("6", "0", "0", "6", "")  # no word on problem 3: nothing to read
    assert points["Cleo"] == ("6", "3", "", "9", "p3")
    assert points["dan"] == ("0", "0", "0", "0", "")


def test_an_ungraded_submission_has_no_number(graded: Job) -> None:
    for row in table(graded).values():
        if row["status"] != "graded":
            numbers = [value for name, value in row.items() if "(of" in name]
            assert numbers == [""] * 4
            assert row["detail"]


@pytest.mark.parametrize(
    ("student", "detail"),
    [
        ("edited", "the test cell p1_value was changed"),
        ("empty", "the file is empty"),
        ("truncated", "not a notebook: "),
        ("pdf", "not a notebook: Expecting"),
        ("renamed", "its name ends in .txt, not in .ipynb"),
        ("other", "no problem of hw0_toy is in it"),
        ("Twin", "2 files of one name: Twin/hw0_toy.ipynb, twin.ipynb"),
        ("latin", "it is no text"),
        ("nothing", "the folder is empty"),
    ],
)
def test_the_detail_says_what_is_wrong(graded: Job, student: str, detail: str) -> None:
    assert detail in table(graded)[student]["detail"]


def test_everybody_has_a_feedback_page_that_asks_nobody_else(graded: Job) -> None:
    folder = graded.results / "feedback"
    pages = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}
    assert set(pages) == {student.removeprefix("'") for student in table(graded)}
    for page in pages.values():
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
        assert '<html lang="en">' in page
    assert (folder / "mathjax" / "tex-chtml.js").stat().st_size > 100_000
    assert "not a zero" in pages["edited"]


def test_feedback_tells_what_failed_and_hides_the_hidden_tests(graded: Job) -> None:
    folder = graded.results / "feedback"
    bo = (folder / "bo.html").read_text(encoding="utf-8")
    dan = (folder / "dan.html").read_text(encoding="utf-8")
    assert "A hidden test failed. Think of symmetry." in bo
    assert "✓ passed" in bo
    anna = (folder / "anna.html").read_text(encoding="utf-8")
    assert "A text of yours is still to be read" in anna
    assert "A text of yours is still to be read" not in dan  # it was left as it was
    assert "NotImplementedError: Replace this line by your answer." in dan
    for page in (bo, dan):
        assert "1000.25" not in page  # only in a hidden test
        assert "HIDDEN TESTS" not in page
        assert "def reply(" not in page  # how the kernel was asked
        assert "naming the symmetry" not in page  # the rubric


def test_helpers_in_a_cell_of_the_students_own_are_run(
    asked: Assignment, master: Path, handed_out: Callable, answer: Callable
) -> None:
    text = answer(handed_out(master), {"p1": "def mine(z):\n    return helped(z)"})
    notebook = nbformat.reads(text, as_version=4)
    helper = "def helped(z):\n    return softlib.softmax(z)"
    notebook.cells.append(nbformat.v4.new_code_cell(helper))
    verdict = judge(asked, nbformat.writes(notebook))
    assert (verdict.status, verdict.passed["p1_stable"]) == ("graded", True)


def test_the_report_shows_the_class(graded: Job) -> None:
    page = (graded.results / "report.html").read_text(encoding="utf-8")
    assert "14 submissions, 5 graded, 9 not. 2 wait" in page
    assert page.count('src="data:image/png;base64,') == 2
    assert "lowest 0, median 6, highest 9 of 14" in page
    assert "problem 1. Softmax: 60 %; problem 2. A number: 40 %; problem 3. Explain: 0 %, " in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_text_of_a_student_is_a_formula(asked: Assignment, tmp_path: Path, sign: str) -> None:
    text = f"{sign}1"
    row = Row(Submission(text, (text,)), "unreadable", text, {}, {})
    write_grades(tmp_path / "grades.csv", asked, [row])
    with (tmp_path / "grades.csv").open(encoding="utf-8", newline="") as file:
        [written] = csv.DictReader(file)
    harmless = f"'{text}".replace("\r", "\n")  # and still one row
    assert [written[name] for name in ("student", "detail", "file")] == [harmless] * 3


def test_mathjax_loads_nothing_that_a_formula_asks_for() -> None:
    row = Row(Submission("anna", ()), GRADED, "", {}, {})
    page = graded_page('<html><script src="https://any.where/MathJax.js"></script></html>', row)
    assert "packages: {'[-]': ['autoload', 'require']}" in page


# ---------------------------------------------------------------- what changes, and what is kept


def test_only_what_changed_is_graded_again(job: Job, hand_in: Callable, counted: list) -> None:
    for name in ("anna", "bo"):
        hand_in(name)
    grade.grade(job, quiet=True)
    assert sorted(counted) == ["anna", "bo"]
    counted.clear()
    page = job.results / "feedback" / "anna.html"
    before = page.stat().st_mtime_ns
    grade.grade(job, quiet=True)
    assert counted == []
    assert page.stat().st_mtime_ns == before
    hand_in("bo", p2="p2_answer = 0.6")
    hand_in("cleo")
    rows = grade.grade(job, quiet=True)
    assert sorted(counted) == ["bo", "cleo"]
    assert [row.total for row in rows] == [9, 6, 9]
    counted.clear()
    (job.submissions / "bo.ipynb").unlink()
    assert [row.submission.student for row in grade.grade(job, quiet=True)] == ["anna", "cleo"]
    assert not (job.results / "feedback" / "bo.html").exists()
    assert counted == []


def test_a_submission_that_no_longer_runs_loses_its_old_grade(
    job: Job, hand_in: Callable, by_student: Callable
) -> None:
    hand_in("anna")
    assert by_student(grade.grade(job, quiet=True))["anna"].total == 9
    hand_in("anna", p1="import os\nos._exit(0)")
    anna = by_student(grade.grade(job, quiet=True))["anna"]
    assert (anna.status, anna.total) == ("failed to run", None)
    assert course.Course(job.course).scores(job.master.stem) == {}
    assert "not a zero" in (job.results / "feedback" / "anna.html").read_text(encoding="utf-8")


def test_points_given_by_hand_come_in_and_stay(
    job: Job, hand_in: Callable, by_student: Callable, counted: list
) -> None:
    hand_in("anna")
    assert by_student(grade.grade(job, quiet=True))["anna"].parts == PENDING
    with course.Course(job.course).gradebook() as gradebook:
        given = gradebook.find_grade("p3", "hw0_toy", "hw0_toy", "anna")
        given.manual_score, given.needs_manual_grade = 4, False
        comment = gradebook.find_comment("p3", "hw0_toy", "hw0_toy", "anna")
        comment.manual_comment = "Say which symmetry."
        gradebook.db.commit()
    counted.clear()
    anna = by_student(grade.grade(job, quiet=True))["anna"]
    assert (anna.total, anna.open, counted) == (13, [], [])
    page = (job.results / "feedback" / "anna.html").read_text(encoding="utf-8")
    assert "Say which symmetry." in page


def test_a_changed_test_cell_can_be_accepted(
    job: Job, hand_in: Callable, by_student: Callable
) -> None:
    hand_in("anna", p1_value="assert True", p2="p2_answer = 0.6")
    assert by_student(grade.grade(job, quiet=True))["anna"].status == "tampered"
    again = dataclasses.replace(job, accepted=frozenset({"anna"}))
    anna = by_student(grade.grade(again, quiet=True))["anna"]
    assert (anna.status, anna.total) == ("graded", 6)
    assert "p1_value was changed" in anna.detail


def test_what_could_not_be_graded_is_tried_again_when_asked(
    job: Job, hand_in: Callable, counted: list
) -> None:
    hand_in("anna", p1="import os\nos._exit(0)")
    hand_in("bo")
    grade.grade(job, quiet=True)
    counted.clear()
    grade.grade(dataclasses.replace(job, retry=True), quiet=True)
    assert counted == ["anna"]


def test_a_stopped_run_goes_on_where_it_was(
    job: Job, hand_in: Callable, counted: list, tmp_path: Path
) -> None:
    for number in range(6):
        hand_in(f"student{number}", p2="import time\ntime.sleep(1)\np2_answer = 0.5")
    masters, submissions = str(job.master.parent), str(job.submissions)
    words = [sys.executable, "-m", "homework", "--masters", masters, "--course", str(job.course),
             "grade", job.master.stem, submissions, "--workers", "1"]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(Path(command.__file__).parents[1])}
    ledger = job.course / "verdicts" / job.master.stem
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True) as process:  # fmt: skip
        while process.poll() is None and not list(ledger.glob("student*.json")):
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "goes on from here" in said
    assert "Traceback" not in said
    statuses = [row["status"] for row in table(job).values()]
    done = statuses.count("graded")
    assert 1 <= done < 6
    assert statuses.count("not graded yet") == 6 - done
    # The ledger holds the limits that the verdicts were given under.
    rows = grade.grade(dataclasses.replace(job, limits=sandbox.Limits()), quiet=True)
    assert {row.status for row in rows} == {"graded"}
    assert len(counted) == 6 - done


def test_a_run_stopped_while_nbgrader_works_blames_nobody(
    job: Job, hand_in: Callable, by_student: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    # nbgrader takes an interrupt for a fault of the notebook and goes on.
    hand_in("anna")
    begin = Autograde.start

    def interrupted(autograde: Autograde) -> None:
        signal.raise_signal(signal.SIGINT)
        begin(autograde)

    monkeypatch.setattr(Autograde, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade.grade(job, quiet=True)
    monkeypatch.undo()
    assert by_student(grade.grade(job, quiet=True))["anna"].status == "graded"


@pytest.mark.usefixtures("believed")
def test_a_run_stopped_while_a_page_is_made_leaves_no_old_page(
    job: Job, hand_in: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = job.results / "feedback" / "anna.html"
    hand_in("anna", p3="The old answer.")
    grade.grade(job, quiet=True)
    assert "The old answer." in page.read_text(encoding="utf-8")
    hand_in("anna", p3="The new answer.")
    with monkeypatch.context() as patch:
        patch.setattr(course.Course, "feedback", lambda *_: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            grade.grade(job, quiet=True)
    grade.grade(job, quiet=True)
    assert "The new answer." in page.read_text(encoding="utf-8")


def lose_the_gradebook(job: Job) -> None:
    (job.course / "gradebook.db").unlink()


def lose_the_judged_notebook(job: Job) -> None:
    (job.course / "judged" / "hw0_toy" / "anna.ipynb").unlink()


@pytest.mark.parametrize("lose", [lose_the_gradebook, lose_the_judged_notebook])
def test_what_is_lost_is_graded_again(
    job: Job, hand_in: Callable, believed: list, lose: Callable
) -> None:
    hand_in("anna")
    before = grade.grade(job, quiet=True)
    believed.clear()
    lose(job)
    assert grade.grade(job, quiet=True) == before
    assert believed == ["anna"]


def test_a_judged_notebook_that_is_lost_does_not_stop_the_move_to_another_gradebook(
    job: Job, hand_in: Callable, believed: list, tmp_path: Path
) -> None:
    hand_in("anna")
    before = grade.grade(job, quiet=True)
    lose_the_judged_notebook(job)
    there = dataclasses.replace(job, gradebook=f"sqlite:///{tmp_path / 'other.db'}")
    assert grade.grade(there, quiet=True) == before
    assert believed == ["anna", "anna"]


@pytest.mark.usefixtures("believed")
def test_a_run_without_the_old_gradebook_can_be_stopped(
    job: Job, hand_in: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in("anna")
    grade.grade(job, quiet=True)
    lose_the_gradebook(job)
    monkeypatch.setattr(grade, "verdicts", lambda *_: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        grade.grade(job, quiet=True)
    assert table(job)["anna"]["status"] == "not graded yet"


def test_what_the_grader_could_not_judge_is_graded_again_unasked(
    job: Job, hand_in: Callable, believed: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise course.CourseError("no space left")

    hand_in("anna")
    with monkeypatch.context() as patch:
        patch.setattr(course.Course, "record", broken)
        [anna] = grade.grade(job, quiet=True)
    assert anna.detail.startswith("the grader could not judge it: ")
    [anna] = grade.grade(job, quiet=True)
    assert (anna.total, believed) == (9, ["anna", "anna"])


def test_a_mended_hidden_test_grades_everybody_again(
    job: Job, hand_in: Callable, believed: list, tmp_path: Path
) -> None:
    hand_in("anna")
    grade.grade(job, quiet=True)
    mended = tmp_path / "mended" / job.master.name
    mended.parent.mkdir()
    mended.write_text(job.master.read_text(encoding="utf-8").replace("1e-9", "1e-8"), "utf-8")
    grade.grade(dataclasses.replace(job, master=mended), quiet=True)
    assert believed == ["anna", "anna"]


@pytest.mark.parametrize("changed", ["grader/judge.py", "softlib/core.py"])
def test_another_grader_knows_no_verdict_of_the_old_one(
    job: Job, changed: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(Path(grade.__file__).parent, tmp_path / "grader")
    shutil.copytree(Path(softlib.__file__).parent, tmp_path / "softlib")
    monkeypatch.setattr(grade, "__file__", str(tmp_path / "grader" / "grade.py"))
    monkeypatch.setattr(softlib, "__file__", str(tmp_path / "softlib" / "__init__.py"))
    there = SimpleNamespace(place="", scores=lambda _: {}, forget=lambda *_: None)
    empty = Submission("anna", ("anna.ipynb",), fault="the file is empty")
    grade.Ledger(job, there).enter(empty, Verdict("unreadable", empty.fault))
    assert grade.Ledger(job, there).has(empty)
    with (tmp_path / changed).open("a", encoding="utf-8") as file:
        file.write("# changed")
    assert not grade.Ledger(job, there).has(empty)


def test_there_is_a_progress_bar_with_the_time_left(
    job: Job, hand_in: Callable, capfd: pytest.CaptureFixture
) -> None:
    hand_in("anna")
    arguments = ["--masters", str(job.master.parent), "--course", str(job.course), "grade",
                 job.master.stem, str(job.submissions), "--workers", "1"]  # fmt: skip
    assert command.main(arguments) == 0
    out, err = capfd.readouterr()
    assert re.search(r"1/1 \[\d\d:\d\d<\d\d:\d\d", err)
    assert "1 graded" in out
    assert str(job.results / "grades.csv") in out


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("homework", "folder", "words"),
    [
        ("hw9_none", "in", "HW: there is no homework 'hw9_none'; there are hw0_toy"),
        ("hw0_toy", "missing", "missing is not a folder"),
        ("hw0_toy", "in", "in is empty"),
        ("hw0_toy", "", "SUBMISSIONS: name the folder"),
    ],
)
def test_a_wrong_argument_is_named(
    job: Job, homework: str, folder: str, words: str, capsys: pytest.CaptureFixture
) -> None:
    path = str(job.submissions.parent / folder) if folder else ""
    arguments = ["--masters", str(job.master.parent), "--course", str(job.course)]
    assert command.main([*arguments, "grade", homework, path]) == 1
    assert words in capsys.readouterr().err


def grade_with(job: Job, *words: str) -> int:
    """Run the command on the job, as `make grade` does."""
    return command.main(["--masters", str(job.master.parent), "--course", str(job.course),
                         "grade", "hw0_toy", str(job.submissions), *words])  # fmt: skip


@pytest.mark.parametrize("workers", ["0", "-2", "two", "1.5"])
def test_no_worker_is_refused_at_once(
    job: Job, workers: str, capsys: pytest.CaptureFixture
) -> None:
    assert grade_with(job, f"--workers={workers}") == 1
    said = capsys.readouterr().err
    assert said == f"make: WORKERS: must be a whole number and at least 1, not '{workers}'\n"


def test_to_accept_nobody_is_refused(
    job: Job, hand_in: Callable, capsys: pytest.CaptureFixture
) -> None:
    hand_in("anna")
    assert grade_with(job, "--accept", "bo, ana,anna") == 1
    assert f"ACCEPT: nobody in {job.submissions} is called ana, bo\n" in capsys.readouterr().err
    assert not job.results.exists()


@pytest.mark.parametrize("scheduler", ["foo://127.0.0.1:1", "tcp://127.0.0.1:xx"])
def test_a_scheduler_that_is_no_address_is_named(job: Job, scheduler: str) -> None:
    with (
        pytest.raises(grade.JobError, match=f"SCHEDULER: no connection to {scheduler}: "),
        grade.cluster(dataclasses.replace(job, scheduler=scheduler)),
    ):
        pass


@pytest.mark.parametrize(
    "gradebook",
    ["nonsense", "mysql://u:secret@localhost/x", "nosuch://u:secret@localhost/x",
     "postgresql://u:p@rt:secret@localhost/x"],
)  # fmt: skip
def test_a_gradebook_that_cannot_be_is_named(job: Job, gradebook: str) -> None:
    with pytest.raises(course.CourseError, match=r"^GRADEBOOK: ") as error:
        course.Course(job.course, gradebook)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("name", ["master", "submissions", "course"])
def test_what_students_code_could_read_is_refused(
    job: Job, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = getattr(job, name)
    monkeypatch.setattr(sandbox, "exposes", lambda path: path == place)
    with pytest.raises(sandbox.SandboxError, match=re.escape(f"could read {place}: ")):
        grade.grade(job, quiet=True)


def test_without_bubblewrap_nothing_is_graded_unless_asked_for(
    job: Job, hand_in: Callable, monkeypatch: pytest.MonkeyPatch, by_student: Callable
) -> None:
    hand_in("anna")
    monkeypatch.setattr(sandbox.shutil, "which", lambda _: None)
    with pytest.raises(sandbox.SandboxError, match=r"bubblewrap is missing.*UNSAFE=1"):
        grade.grade(job, quiet=True)
    assert not job.course.exists()
    rows = grade.grade(dataclasses.replace(job, unsafe=True), quiet=True)
    assert by_student(rows)["anna"].total == 9


def test_a_kernel_that_does_not_start_gets_a_second_chance(
    job: Job, hand_in: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def late(*words: object, **more: object) -> object:
        started.append(words)
        if len(started) == 1:
            raise RuntimeError("Kernel didn't respond in 60 seconds")
        return student_kernel(*words, **more)

    hand_in("anna")
    monkeypatch.setattr("homework.judge.student_kernel", late)
    (anna,) = grade.grade(job, quiet=True)
    assert (anna.total, len(started)) == (9, 2)


def test_a_missing_cluster_is_named(job: Job, hand_in: Callable) -> None:
    hand_in("anna")
    with pytest.raises(grade.JobError, match=r"SCHEDULER: .*127\.0\.0\.1:9"):
        grade.grade(dataclasses.replace(job, scheduler="tcp://127.0.0.1:9"), quiet=True)
    assert table(job)["anna"]["status"] == "not graded yet"
    page = (job.results / "feedback" / "anna.html").read_text(encoding="utf-8")
    assert "not graded yet. It is not a zero." in page
    assert "make grade" not in page  # that is for the instructor


@pytest.mark.parametrize(
    ("where", "what"),
    [("homework.grade.judge", "the worker died"), ("homework.judge.student_kernel", "no kernel")],
)
def test_a_student_is_not_told_to_mend_what_the_grader_broke(
    job: Job, hand_in: Callable, monkeypatch: pytest.MonkeyPatch, where: str, what: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the worker died")

    hand_in("anna")
    monkeypatch.setattr(where, broken)
    (anna,) = grade.grade(job, quiet=True)
    assert anna.status == "failed to run"
    assert re.match(rf"the grader could not judge it: .*{what}", anna.detail)
    page = (job.results / "feedback" / "anna.html").read_text(encoding="utf-8")
    assert "not at fault" in page
    assert "Restart the kernel" not in page
