"""nbgrader's formgrader, in JupyterLab on the course folder: points given by hand come in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from homework import __main__ as command
from homework import grade
from homework.grade import Job

# Whatever http_proxy says: no proxy reaches this machine's own loopback.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
TOKEN = "for-this-test-only"


class Server:
    """JupyterLab as `make formgrader` starts it."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, path: str, content: dict | None = None) -> str:
        request = urllib.request.Request(
            self.address + path,
            data=None if content is None else json.dumps(content).encode(),
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
            method="GET" if content is None else "PUT",
        )
        with OPENER.open(request, timeout=30) as answer:
            return answer.read().decode()


@pytest.fixture
def server(job: Job, hand_in: Callable, free_port: Callable, tmp_path: Path) -> Iterator[Server]:
    hand_in("anna", p3="By symmetry. <script>alert(1)</script><img src=x onerror=alert(2)>")
    grade.grade(job, quiet=True)
    port = free_port()
    words = [sys.executable, "-m", "homework", "--masters", str(job.master.parent), "--course",
             str(job.course), "formgrader", "--port", str(port), "--", "--no-browser",
             "--allow-root", f"--IdentityProvider.token={TOKEN}"]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(Path(command.__file__).parents[1]),
           "JUPYTER_CONFIG_DIR": str(tmp_path / "no settings of the user's"),
           "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}  # fmt: skip
    log = tmp_path / "jupyter.log"
    with (
        log.open("w") as file,
        subprocess.Popen(words, env=env, stdout=file, stderr=file) as process,
    ):
        server = Server(f"http://127.0.0.1:{port}")
        try:
            for _ in range(300):
                assert process.poll() is None, log.read_text()
                try:
                    server.ask("/api")
                    break
                except OSError:
                    time.sleep(0.1)
            yield server
        finally:
            process.terminate()


def test_points_given_in_the_formgrader_come_into_the_grades(
    server: Server, job: Job, by_student: Callable
) -> None:
    [listed] = json.loads(server.ask("/formgrader/api/assignments"))
    assert (listed["name"], listed["max_score"], listed["num_submissions"]) == ("hw0_toy", 14, 1)
    [submission] = json.loads(server.ask("/formgrader/api/submitted_notebooks/hw0_toy/hw0_toy"))
    assert submission["needs_manual_grade"]
    page = server.ask(f"/formgrader/submissions/{submission['id']}/")
    assert "By symmetry." in page
    assert "5 points for naming the symmetry." in page  # the rubric, for whoever grades
    assert "alert(1)</script>" not in page
    assert "<img src=x onerror" not in page.replace('"', "")

    grades = json.loads(server.ask(f"/formgrader/api/grades?submission_id={submission['id']}"))
    [essay] = [entry for entry in grades if entry["name"] == "p3"]
    server.ask(f"/formgrader/api/grade/{essay['id']}", {"manual_score": 4, "extra_credit": None})
    anna = by_student(grade.grade(job, quiet=True))["anna"]
    assert (anna.points, anna.total, anna.open) == ({"p1": 6, "p2": 3, "p3": 4}, 13, [])
