"""The gradebook in PostgreSQL, the work on a Dask cluster: the same grades as on a laptop."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dask.distributed import LocalCluster
from homework import course, grade
from homework.grade import Job


def find_postgres() -> Path:
    """Return the folder of PostgreSQL's programs; Debian keeps them off the path."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    folders = sorted(versions, key=lambda folder: int(folder.parent.name))
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    if not folders:
        pytest.fail("no PostgreSQL: install it (Debian: apt-get install postgresql)", pytrace=False)
    return folders[-1]


@contextlib.contextmanager
def postgresql(port: int) -> Iterator[str]:
    """Run a PostgreSQL of our own, on this port of loopback; yield the address of a database."""
    programs = find_postgres()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    user: dict = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root; its Debian package brings a user
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def call(*words: str) -> subprocess.CompletedProcess:
        words = (str(programs / words[0]), *words[1:])
        return subprocess.run(
            words, cwd=folder, capture_output=True, text=True, check=False, **user
        )

    def run(*words: str) -> None:
        done = call(*words)
        assert done.returncode == 0, done.stderr

    data = str(folder / "data")
    settings = f"-c listen_addresses=127.0.0.1 -p {port} -k {shlex.quote(str(folder))} -c fsync=off"
    try:
        run("initdb", "-D", data, "--username=grader", "--auth=trust", "--encoding=UTF8")
        run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
        run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "grader", "gradebook")
        yield f"postgresql+psycopg://grader@127.0.0.1:{port}/gradebook"
    finally:
        call("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")  # if it ever began
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres(free_port: Callable) -> Iterator[str]:
    with postgresql(free_port()) as address:
        yield address


@pytest.fixture
def class_of_three(hand_in: Callable) -> None:
    hand_in("anna")
    hand_in("bo", p1="def mine(z):\n    return np.exp(z) / np.exp(z).sum()")
    hand_in("cleo", p1="import os\nos._exit(0)")


@pytest.mark.usefixtures("class_of_three")
def test_postgresql_holds_the_same_grades(job: Job, elsewhere: Job, postgres: str) -> None:
    plain = grade.grade(job, quiet=True)
    there = dataclasses.replace(elsewhere, gradebook=postgres)
    assert grade.grade(there, quiet=True) == plain
    assert [row.total for row in plain] == [9, 5, None]
    assert not (there.course / "gradebook.db").exists()
    kept = course.Course(there.course, postgres).scores("hw0_toy")
    assert kept["bo"] == {"p1_value": 2, "p1_stable": 0, "p2_tests": 3, "p3": None}


@pytest.mark.usefixtures("class_of_three")
def test_grades_move_to_another_gradebook_without_running_again(
    job: Job, postgres: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    before = grade.grade(job)
    assert "gradebook" not in capsys.readouterr().out
    monkeypatch.setattr(grade, "judge", None)  # nothing may be judged
    assert grade.grade(dataclasses.replace(job, gradebook=postgres)) == before
    assert "3 verdicts moved into it. Points given by hand stay" in capsys.readouterr().out


@pytest.mark.usefixtures("class_of_three")
def test_a_gradebook_that_does_not_answer_is_named(job: Job, free_port: Callable) -> None:
    nowhere = f"postgresql+psycopg://grader:secret@127.0.0.1:{free_port()}/gradebook"
    with pytest.raises(course.CourseError, match="does not answer") as error:
        grade.grade(dataclasses.replace(job, gradebook=nowhere), quiet=True)
    assert "secret" not in str(error.value)


@pytest.mark.usefixtures("class_of_three")
def test_a_dask_cluster_gives_the_same_grades(job: Job, elsewhere: Job) -> None:
    plain = grade.grade(job, quiet=True)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0",
                      host="127.0.0.1") as cluster:  # fmt: skip
        there = dataclasses.replace(elsewhere, scheduler=cluster.scheduler_address)
        assert grade.grade(there, quiet=True) == plain
    assert [row.status for row in plain] == ["graded", "graded", "failed to run"]
