"""What a submission could do to whoever grades it, to the others and to the grades: nothing.

One class is graded in one run, as an instructor does it: honest students among hostile ones. Each
test then asks for one thing that must have become of one of them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import psutil
import pytest
from bs4 import BeautifulSoup
from homework import assignment, course, grade, judge, kernel, plain, report, sandbox, submissions
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets.config import Config

NAME = "hw0_toy"
LIMITS = sandbox.Limits(cell_seconds=8, answer_seconds=2, total_seconds=40, grace=2)
NUMBER = "1000.25"  # asked for by a hidden test, and by nothing else
SECRET = "the instructor's secret 5d1c"  # in the grader's environment
LONELY = f"86399.{os.getpid()}"  # seconds that a hostile student's process wants to outlive it
LISTENER = f"/tmp/hostile-{os.getpid()}.socket"  # of this machine, where nobody is to call

SOFTMAX = "def mine(z):\n    e = np.exp(np.array(z) - np.max(z))\n    return e / e.sum()\n"
HALF = "p2_answer = 0.5"
ESSAY = "Because both logits are equal."


# ---------------------------------------------------------------- notebooks


@pytest.fixture(scope="module")
def copy(handed_out: Callable[[Path], str], master: Path, answer: Callable) -> str:
    """The student's copy, filled in rightly."""
    return answer(handed_out(master), {"p1": SOFTMAX, "p2": HALF, "p3": ESSAY})


def _cell(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def _notebook(copy: str, first: str = "", **answers: str) -> str:
    """A student's notebook: code that runs first, and other answers than the right ones."""
    notebook = nbformat.reads(copy, as_version=4)
    for name, text in answers.items():
        _cell(notebook, name).source = textwrap.dedent(text)
    if first:
        notebook.cells.insert(3, new_code_cell(textwrap.dedent(first), id="first"))
    return nbformat.writes(notebook)


# ---------------------------------------------------------------- the hostile ones


@dataclass(frozen=True)
class Case:
    """A hostile notebook, and what must become of it."""

    status: str
    total: float | None = None
    first: str = ""
    answers: dict[str, str] = field(default_factory=dict)
    says: str = ""  # in the reason


def case(
    status: str, total: float | None = None, first: str = "", says: str = "", **answers: str
) -> Case:
    return Case(status, total, first, answers, says)


DEAF = """
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            while True: pass
        except BaseException: pass
"""
SEND = """
    k = get_ipython().kernel
    def send(kind, content):
        k.session.send(k.iopub_socket, kind, content=content, parent=k.get_parent(), ident=b"x")
"""
CASES = {
    # -- never ending
    "loops": case("timed out", first="while True: pass", says="a cell ran for more than 8 s"),
    "loops and is deaf": case("timed out", first=DEAF, says="a cell ran for more than 8 s"),
    "stands still": case("timed out", first="import os\nos.kill(os.getpid(), 19)"),
    "loops when asked": case("graded", 3, p1="def mine(z):\n    while True: pass"),
    "sleeps when asked": case(
        "graded", 3, p1="import time\ndef mine(z):\n    try: time.sleep(60)\n"
        "    except BaseException: time.sleep(60)",
    ),
    "is deaf when asked": case(
        "timed out", p1="def mine(z):" + textwrap.indent(DEAF, "    "), says="ran for more than"
    ),
    # -- ending
    "exits": case("failed to run", first="import os\nos._exit(0)", says="its kernel died"),
    "exits when asked": case("failed to run", p1="def mine(z):\n    import os\n    os._exit(0)"),
    "kills all": case(
        "failed to run", first="import os\ntry: os.kill(-1, 9)\nfinally: os.kill(os.getpid(), 9)"
    ),
    "kills from a thread": case(
        "failed to run", first="""
        import os, threading, time
        def wait():
            while "p2_answer" not in globals(): time.sleep(0.01)
            os.kill(os.getpid(), 9)
        threading.Thread(target=wait, daemon=True).start()
        """,
        p1="import time\ndef mine(z):\n    time.sleep(1)\n    return z",
    ),
    # -- too much
    "takes 6 GB": case("out of memory", first="x = bytearray(6 * 10**9)"),
    "takes 6 GB when asked": case(
        "out of memory", p1="def mine(z):\n    return bytearray(6 * 10**9)"
    ),
    "takes it with children": case(
        "out of memory", first="""
        import os, time
        for _ in range(8):
            if os.fork() == 0:
                x = b"x" * 300_000_000
                time.sleep(60)
        time.sleep(60)
        """,
    ),
    "takes it in files": case(
        "graded", 9, first="""
        import glob, os
        sockets = os.path.dirname(glob.glob("/tmp/hw-*/kernel.json")[0])
        for folder in (os.path.expanduser("~"), "/tmp", "/dev/shm", "/", "/dev", "/usr", sockets):
            try:
                for number in range(6):
                    with open(f"{folder}/large{number}", "wb") as f:
                        for _ in range(1000): f.write(bytes(1_000_000))
            except OSError as error: print(folder, error.strerror)
            else: print("WROTE", folder)
        """,
    ),
    "makes many files": case(
        "failed to run", says="files",
        first="import itertools\nfor n in itertools.count(): open(f'/tmp/{n}', 'w').close()",
    ),
    "forks": case(
        "failed to run", first="""
        import os, time
        for _ in range(400):
            if os.fork() == 0: os.execvp("sleep", ["sleep", "60"])
        time.sleep(60)
        """, says="processes",
    ),
    "starts threads": case(
        "failed to run", first="""
        import threading, time
        threading.stack_size(65536)
        for _ in range(1000): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        time.sleep(60)
        """, says="threads",
    ),
    "prints 50 MB at once": case("failed to run", first="print('x' * 50_000_000)", says="printed"),
    "prints 200 MB in pieces": case(
        "graded", 9, first="for _ in range(200): print('y' * 1_000_000, flush=True)"
    ),
    "shows much": case(
        "graded", 9, first="""
        from IPython.display import display
        for n in range(3000): display(n)
        """,
    ),
    "answers too much": case("graded", 3, p1="def mine(z):\n    return np.zeros(10**6)"),
    # -- the tests, changed
    "deletes a test": case("tampered", says="p1_stable is missing"),
    "edits a test": case("tampered", says="p2_tests was changed"),
    "doubles a test": case("tampered", says="p2_tests is there twice"),
    "renames a test": case("graded", 9),
    "raises the points": case("graded", 0, p1="", p2=""),
    # -- the kernel, changed
    "removes assertions": case(
        "tampered", first="""
        import ast
        class Blind(ast.NodeTransformer):
            def visit_Assert(self, node): return ast.Pass()
        get_ipython().ast_transformers.append(Blind())
        """, says="assertions",
    ),
    "rewrites its input": case(
        "tampered", first="get_ipython().input_transformers_post.append(lambda lines: ['pass\\n'])",
        says="input",
    ),
    "patches NumPy": case(
        "tampered", first="""
        import numpy.testing
        numpy.testing.assert_allclose = lambda *a, **k: None
        np.allclose = lambda *a, **k: True
        """, p1="def mine(z):\n    return [0, 0]", says="NumPy",
    ),
    "patches softlib": case(
        "tampered", first="""
        softlib.softmax = lambda z: np.zeros(len(z))
        check.agree = check.at_most = lambda *a, **k: None
        """, p1="def mine(z):\n    return np.zeros(len(z))", says="softlib",
    ),
    "patches quietly": case(
        "graded", 3, first="""
        np.linalg.norm = np.max = lambda *a, **k: 0.0
        check.agree = lambda *a, **k: None
        """, p1="def mine(z):\n    return np.zeros(2)",
    ),
    # -- answers, forged
    "publishes answers": case(
        "graded", 3, first=SEND, p1="""
        def mine(z):
            for forged in ('{"tuple": ["value", true]}', '["value"]', "", "x"):
                send("display_data", {"metadata": {}, "data": {
                    "application/vnd.softmax-book.answer": forged}})
            return [0.5, 0.25, 0.25]
        """,
    ),
    "levels the question": case(
        "graded", 3,
        p1="def mine(z):\n    for i in range(len(z)): z[i] = 0\n"
        "    return np.full(len(z), 1 / len(z))",
    ),
    "answers that lie": case(
        "graded", 0, p1="""
        class Array(np.ndarray):
            __eq__ = __lt__ = __gt__ = __le__ = __ge__ = lambda self, other: True
            __sub__ = __rsub__ = lambda self, other: 0.0
        def mine(z):
            return np.zeros(len(z)).view(Array)
        """, p2="""
        class Number(float):
            __eq__ = __lt__ = __gt__ = lambda self, other: True
            __sub__ = lambda self, other: 0.0
            __abs__ = lambda self: 0.0
        p2_answer = Number(7)
        """,
    ),
    "speaks nonsense": case(
        "failed to run", first=SEND + """
    send("stream", {"name": [], "text": 3})
    send("error", {"ename": 1, "evalue": [], "traceback": 5})
        """, says="nonsense",
    ),
    # -- what it was asked, told
    "leaks": case(
        "graded", 0, first="""
        import atexit
        from IPython.display import display, publish_display_data
        known = []
        class Tell:
            def __repr__(self): return f"known: {known}"
        display(Tell(), display_id="told")
        publish_display_data({"text/plain": "nothing yet"}, transient={"display_id": "published"})
        atexit.register(lambda: print(known))
        """, p1="""
        def mine(z):
            known.extend(map(float, z))
            global p2_answer
            p2_answer = f"known: {known}"
            if len(known) > 5: p2_answer = type(p2_answer, (), {})()
            print(known, flush=True)
            display(Tell(), display_id="told", update=True)
            display(Tell(), display_id="told")
            publish_display_data({"text/plain": repr(known)}, transient={"display_id": "published"})
            raise ValueError(f"known: {known}")
        """, p2="p2_answer = 2",
    ),
    "leaks by a number": case(
        "graded", 6,
        p1=SOFTMAX.replace("    e =", "    global p2_answer\n    p2_answer = float(z[0])\n    e ="),
    ),
    # -- the machine outside
    "links its sockets": case(
        "graded", 9, first=f"""
        import glob, os, socket, time
        sockets = os.path.dirname(glob.glob("/tmp/hw-*/kernel.json")[0]) + "/sockets"
        for name in os.listdir(sockets):
            os.symlink("{LISTENER}", f"{{sockets}}/link")
            os.replace(f"{{sockets}}/link", f"{{sockets}}/{{name}}")
        for number in range(3, 256):  # what the grader finds closed it opens anew
            try:
                line = socket.socket(fileno=os.dup(number))
                line.getpeername()  # a socket that only listens has none
                line.shutdown(socket.SHUT_RDWR)
            except OSError: pass
        time.sleep(3)
        """,
    ),
    # -- no harm
    "shares its work": case(
        "graded", 9, p2="""
        import multiprocessing
        half = multiprocessing.Value("d", 0.25)
        with multiprocessing.Pool(2) as pool: p2_answer = half.value + sum(pool.map(abs, [-0.25]))
        """,
    ),
    # -- pages
    "writes markup": case("graded", 9),
}  # fmt: skip


def _edit(copy: str, name: str) -> str:
    """The cases that change more than an answer."""
    notebook = nbformat.reads(copy, as_version=4)
    if name == "deletes a test":
        notebook.cells.remove(_cell(notebook, "p1_stable"))
    if name == "edits a test":
        _cell(notebook, "p2_tests").source = "assert True"
    if name == "doubles a test":
        notebook.cells.append(nbformat.from_dict(_cell(notebook, "p2_tests")))
    if name == "renames a test":
        _cell(notebook, "p1_value").metadata["nbgrader"]["grade_id"] = "p9_easy"
    if name == "raises the points":
        _cell(notebook, "p1").source = _cell(notebook, "p2").source = "pass"
        for cell in notebook.cells:
            cell.metadata.setdefault("nbgrader", {}).update(points=900, grade=True, score=900)
    if name == "writes markup":
        _cell(notebook, "p3").source = MARKUP
        notebook.cells.insert(3, new_markdown_cell(MARKUP, id="markup"))
        notebook.cells.insert(
            4, new_code_cell(textwrap.dedent(SHOW) + textwrap.dedent(FORGE), id="show")
        )
    return json.dumps(notebook)


MARKUP = """\
**Because** of $a < b$, `x < y` and ![a dot](data:image/png;base64,iVBORw0KGgo=).

<script>alert('MARKUP')</script><img src=x onerror="alert('MARKUP')"><svg onload="alert(1)"></svg>
<iframe src="javascript:alert(1)"></iframe><a href="javascript:alert(1)">x</a><style>*{}</style>
[link](javascript:alert(1)) ![pixel](https://tracker.invalid/pixel.png)
<div class="modal-backdrop" style="position:fixed" id="top">over all</div>
<form action="https://evil.invalid"><input name=token></form><meta http-equiv=refresh content=0>
"""
SHOW = """
    from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
    evil = "<script>alert('MARKUP')</script><img src=x onerror=alert(1)>"
    for kind in (HTML, Javascript, Latex, Markdown): display(kind(evil))
    display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script/></svg>"))
    display({"text/html": evil, "text/plain": evil, "image/svg+xml": evil}, raw=True)
    display({"image/png": 'iVBORw0KGgo="><script>alert(1)</script>'}, raw=True)
    print(evil)
"""
FORGE = (
    textwrap.dedent(SEND)
    + """
from IPython.display import display
send("stream", {"name": "x' onload='alert(1)", "text": "named"})
send("execute_input", {"execution_count": evil, "code": ""})
send("execute_result", {"execution_count": evil, "data": {"text/plain": "result"},
                        "metadata": {"image/png": {"width": evil}}})
send("error", {"ename": evil, "evalue": evil, "traceback": [evil]})
"""
)


# ---------------------------------------------------------------- the one that looks around


PROBE = """
import ctypes, errno, mmap, os, pathlib, resource, signal, socket, subprocess, sys, time

tried = 0
def attempt(name, action):
    global tried
    tried += 1
    try:
        result = action()
    except BaseException as error:
        print("refused", name, type(error).__name__)
    else:
        print("GOT", name, repr(result)[:80])

def write(path):
    with open(path, "w") as f: f.write("was here")

def scan(marker):
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        if marker in path.read_bytes(): return path
    raise LookupError

libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    if libc.syscall(number, *args) < 0: raise OSError(ctypes.get_errno(), "refused")

def forbidden(number):  # by the filter: the kernel itself finds other faults with such arguments
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_long(-1)] * 6)
    if ctypes.get_errno() == errno.EPERM: raise PermissionError
    return result, os.strerror(ctypes.get_errno())

def call_with_32_bits():  # getpid; a processor's or kernel's own refusal is a signal
    code = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7)
    code.write(bytes.fromhex("b814000000 cd80 c3"))
    getpid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    if (child := os.fork()) == 0: os._exit(getpid() > 0)
    if os.waitpid(child, 0)[1] != 1 << 8: raise PermissionError

def packets():
    try: return socket.socket(17, socket.SOCK_RAW)
    except OSError as error:
        if error.errno == errno.EAFNOSUPPORT: raise
        return error  # not the filter's

def other(found, expected):
    if found == expected: raise ValueError
    return found

def connect(family, address):
    s = socket.socket(family); s.settimeout(1); s.connect(address)

def named(name):
    for folder, folders, files in os.walk("/"):
        folders[:] = [f for f in folders if f not in ("proc", "sys", "usr", "site-packages")]
        for file in files:
            if name in file: return folder + "/" + file
    raise LookupError

def writable(path):
    try: os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except OSError: return False
    return True

def settings():
    for folder, folders, files in os.walk("/proc"):
        if folder == "/proc":
            folders[:] = [f for f in folders if not f.isdigit() and "self" not in f]
        yield from (f"{folder}/{file}" for file in files)

for path in READ:
    attempt("read " + path, lambda: os.listdir(path) if os.path.isdir(path) else open(path).read())
for path in WRITE:
    attempt("write " + path, lambda: write(path))
attempt("write to the system's settings", lambda: [p for p in settings() if writable(p)][0])
attempt("find", lambda: named("hw0_toy"))
attempt("find the gradebook", lambda: named("gradebook"))
attempt("environment", lambda: scan(SECRET.encode()))
attempt("own environment", lambda: [v for v in os.environ.values() if SECRET in v][0])
attempt("other processes", lambda: [p for p in os.listdir("/proc") if p.isdigit() and int(p) > 1
    and b"ipykernel" not in open(f"/proc/{p}/cmdline", "rb").read()][0])
attempt("tcp", lambda: connect(socket.AF_INET, ("127.0.0.1", PORT)))
attempt("abstract", lambda: connect(socket.AF_UNIX, "\\0" + ABSTRACT))
attempt("unix", lambda: connect(socket.AF_UNIX, UNIX))
attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
attempt("raw packets", packets)
attempt("network", lambda: [n for n in os.listdir("/sys/class/net") if n != "lo"][0])
attempt("another interface", lambda: [n for _, n in socket.if_nameindex() if n != "lo"][0])
attempt("unshare", lambda: call(UNSHARE, 0x10000000))
attempt("unshare command", lambda: subprocess.run(["unshare", "-U", "true"], check=True, stderr=-3))
for name, number in CALLS.items():
    attempt(name, lambda: forbidden(number))
if os.uname().machine == "x86_64":
    attempt("32 bits", call_with_32_bits)
attempt("memory of no file", lambda: mmap.mmap(-1, 4096))
attempt("zeros", lambda: mmap.mmap(os.open("/dev/zero", os.O_RDWR), 4096))
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
attempt("new privileges", lambda: other(int(status["NoNewPrivs"]), 1))
for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    attempt(name, lambda: other(int(status[name], 16), 0))
attempt("the grader's session", lambda: other(os.getsid(0) > 0, True))
attempt("the machine's name", lambda: other(os.uname().nodename, "sandbox"))
attempt("core dumps", lambda: other(resource.getrlimit(resource.RLIMIT_CORE), (0, 0)))
attempt("open files", lambda: other(resource.getrlimit(resource.RLIMIT_NOFILE), (256, 256)))
attempt("remove its limits", lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1)))
attempt("chroot", lambda: os.chroot("/tmp"))
attempt("root", lambda: os.setuid(0))
print("tried", tried)
os.kill(os.getppid(), signal.SIGKILL)
os.kill(1, signal.SIGKILL)
print("namespaces", os.readlink("/proc/self/ns/net"), os.readlink("/proc/self/ns/pid"))
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.execvp("sleep", ["sleep", LONELY])
    os._exit(0)
def lonely():
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if LONELY.encode() in (folder / "cmdline").read_bytes(): return folder.name
        except OSError: pass  # it ended meanwhile
end = time.monotonic() + 5
while not lonely() and time.monotonic() < end: time.sleep(0.01)
print("lonely", lonely())
"""


@dataclass
class Class:
    """A class, graded."""

    job: grade.Job
    rows: dict[str, report.Row]
    before: dict[str, str]
    after: dict[str, str]
    visitors: list[str]

    def page(self, student: str) -> str:
        return (self.job.results / "feedback" / f"{student}.html").read_text(encoding="utf-8")


def _state(*folders: Path) -> dict[str, str]:
    """What lies in the folders: names, and what is in the files."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for folder in folders
        for path in [folder, *folder.rglob("*")]
        if not path.is_fifo() and path.name != "huge.ipynb"
    }


@pytest.fixture(scope="module")
def graded(copy: str, master: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    place = tmp_path_factory.mktemp("instructor")
    handed_in, outside = place / "in", place / "outside"
    handed_in.mkdir()
    outside.mkdir()
    (outside / "private.txt").write_text("private")
    job = grade.Job(master, handed_in, place / "course", workers=2, limits=LIMITS)

    def hand_in(name: str, text: str) -> None:
        (handed_in / f"{name}.ipynb").write_text(text, encoding="utf-8")

    hand_in("anna", _notebook(copy))
    hand_in("boris", _notebook(copy, p1="def mine(z):\n    e = np.exp(z)\n    return e / e.sum()"))
    hand_in("clara", _notebook(copy, p2="p2_answer = 0.75", p1="def mine(z):\n    return [1, 2]"))
    for name, hostile in CASES.items():
        text = _notebook(copy, hostile.first, **hostile.answers)
        if not hostile.first and not any(hostile.answers.values()):
            text = _edit(copy, name)
        hand_in(name, text)
    _hand_in_oddities(copy, handed_in, master)

    tcp, abstract, unix = (
        socket.socket(),
        socket.socket(socket.AF_UNIX),
        socket.socket(socket.AF_UNIX),
    )
    with tcp, abstract, unix:
        tcp.bind(("127.0.0.1", 0))
        abstract.bind(f"\0hostile-{os.getpid()}")
        unix.bind(LISTENER)
        for listener in (tcp, abstract, unix):
            listener.listen()
            listener.setblocking(False)
        calls = dict(sandbox.FORBIDDEN[os.uname().machine], x32=0x40000027)
        for name in ("arch", "socket", "mmap"):
            del calls[name]
        known = {
            "READ": [str(master), str(master.parent), str(handed_in), str(job.course), str(place),
                     str(handed_in / "anna.ipynb"), str(job.course / "gradebook.db"),
                     str(Path.home() / ".cache"), str(course.ROOT / "README.md"),
                     str(course.ROOT / "tests"), "/etc/passwd", "/etc/shadow", "/var", "/run",
                     f"/proc/{os.getpid()}/environ", "/proc/1/root/etc/passwd"],
            "WRITE": [str(place / "course" / "x"), str(handed_in / "anna.ipynb"),
                      str(outside / "x"), "/x", "/usr/x", "/etc/x", "/dev/x",
                      "/proc/sys/kernel/hostname",
                      str(Path(report.__file__).parent / "x"), sys.prefix + "/x",
                      str(Path(grade.softlib.__file__).parent / "core.py")],
            "PORT": tcp.getsockname()[1], "ABSTRACT": f"hostile-{os.getpid()}",
            "UNIX": LISTENER, "SECRET": SECRET, "LONELY": LONELY, "CALLS": calls,
            "UNSHARE": {"x86_64": 272, "aarch64": 97}[os.uname().machine],
        }  # fmt: skip
        first = "".join(f"{name} = {value!r}\n" for name, value in known.items()) + PROBE
        hand_in("looks around", _notebook(copy, first))

        before = _state(handed_in, outside, master.parent)
        os.environ["INSTRUCTOR_SECRET"] = SECRET
        try:
            rows = grade.grade(job, quiet=True)
        finally:
            del os.environ["INSTRUCTOR_SECRET"]
        visitors = []
        for listener, name in ((tcp, "tcp"), (abstract, "abstract"), (unix, "unix")):
            try:
                listener.accept()[0].close()
                visitors.append(name)
            except BlockingIOError:
                pass
        Path(LISTENER).unlink()
    after = _state(handed_in, outside, master.parent)
    yield Class(job, {row.submission.student: row for row in rows}, before, after, visitors)
    shutil.rmtree(place)


# ---------------------------------------------------------------- files that are odd


LONG = "l" * 240
ODD = {
    "deep": b"[" * 100_000,
    "deep in a cell": b'{"nbformat": 4, "cells": %s1%s}' % (b'{"a":' * 50_000, b"}" * 50_000),
    "not a notebook": b"\x89PNG\r\n\x1a\n\x00\x00",
    "a list": b"[]",
    "a number": b"1",
    "cells are a number": b'{"nbformat": 4, "cells": 3}',
    "cells are numbers": b'{"nbformat": 4, "cells": [1, 2]}',
    "no source": b'{"nbformat": 4, "cells": [{"cell_type": "code"}]}',
    "many cells": json.dumps(
        {"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "x"}] * 60_000}
    ).encode(),
    "much text": json.dumps(
        {"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "[" * 2_000_000}]}
    ).encode(),
    "a strange format": b'{"nbformat": "four", "cells": []}',
    LONG: b"",
    "<img src=x onerror=alert('NAME')>": b"",
    "=HYPERLINK(1)": b"",
}  # fmt: skip


def _hand_in_oddities(copy: str, folder: Path, master: Path) -> None:
    for name, content in ODD.items():
        (folder / f"{name}.ipynb").write_bytes(content)
    (folder / "linked.ipynb").symlink_to(master)
    (folder / "linked folder").symlink_to(master.parent)
    (folder / "inner").mkdir()
    (folder / "inner" / "x.ipynb").symlink_to(master)
    os.mkfifo(folder / "pipe.ipynb")
    with (folder / "huge.ipynb").open("wb") as file:
        file.truncate(100_000_000)
    Path(os.fsdecode(os.fsencode(folder) + b"/bytes \xff\xfe.ipynb")).write_bytes(b"{}")
    (folder / " .. ").mkdir()
    (folder / " .. " / f"{NAME}.ipynb").write_text("{}")

    strange = json.loads(_notebook(copy))
    for cell, junk in zip(strange["cells"], ([], 7, None, "x", {"nbgrader": [1]}), strict=False):
        cell["metadata"] = junk
    for cell in strange["cells"]:
        cell["id"] = ["not", "a", "name"]
        cell["attachments"] = 3
        cell["outputs"] = "none"
    strange["cells"].append({"cell_type": "markdown", "source": "half a pair: \ud800"})
    strange["cells"].append({"cell_type": "code", "source": {"a": 1}, "id": {}})
    (folder / "strange.ipynb").write_text(json.dumps(strange), encoding="utf-8")


@pytest.mark.parametrize("name", [*(n for n in ODD if n[:1] not in "<=l"), "huge", "linked",
                                  "linked folder", "inner", "pipe", LONG])  # fmt: skip
def test_an_odd_file_has_a_row_and_is_no_zero(graded: Class, name: str) -> None:
    rows = [r for student, r in graded.rows.items() if student[:60] == name[:60]]
    assert [(row.status, row.total) for row in rows] == [("unreadable", None)]
    assert graded.page(rows[0].submission.student)


def test_strange_metadata_is_not_looked_at(graded: Class) -> None:
    assert (graded.rows["strange"].status, graded.rows["strange"].total) == ("graded", 9)


def test_names_of_files_are_harmless(graded: Class) -> None:
    """Markup, paths, patterns, bytes that are no text, formulas: none arrives anywhere."""
    files = [path for path in graded.job.course.rglob("*") if path.is_file()]
    assert all(path.resolve().is_relative_to(graded.job.course.resolve()) for path in files)
    assert not [path for path in files if set("<>\udcff") & set(path.name)]
    pages = [(graded.job.results / "report.html").read_text(encoding="utf-8")]
    pages += [page.read_text(encoding="utf-8") for page in graded.job.results.rglob("*.html")]
    assert not [page for page in pages if "<img src=x" in page]
    table = (graded.job.results / "grades.csv").read_text(encoding="utf-8")
    assert len(table.splitlines()) == len(graded.rows) + 1
    assert "\n=" not in table


# ---------------------------------------------------------------- what became of them


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_notebook_gets_its_status(graded: Class, name: str) -> None:
    row, hostile = graded.rows[name], CASES[name]
    assert (row.status, row.total) == (hostile.status, hostile.total), row.detail
    assert hostile.says in row.detail


def test_the_others_have_their_grades(graded: Class) -> None:
    honest = [graded.rows[name] for name in ("anna", "boris", "clara")]
    assert [row.status for row in honest] == ["graded"] * 3
    assert [row.total for row in honest] == [9, 5, 0]
    assert [row.points for row in honest] == [
        {"p1": 6, "p2": 3, "p3": None},
        {"p1": 2, "p2": 3, "p3": None},
        {"p1": 0, "p2": 0, "p3": None},
    ]


def test_the_gradebook_holds_the_graded_ones_alone(graded: Class) -> None:
    scores = course.Course(graded.job.course).scores(NAME)
    assert set(scores) == {name for name, row in graded.rows.items() if row.status == "graded"}
    most = {"p1_value": 2, "p1_stable": 4, "p2_tests": 3}
    for parts in scores.values():
        assert set(parts) == {*most, "p3"}
        assert all(parts[name] in (0, points) for name, points in most.items())


def test_nothing_outside_was_touched(graded: Class) -> None:
    assert graded.after == graded.before


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it ended
        return []


def test_nothing_is_left_running(graded: Class) -> None:
    page = graded.page("looks around")
    assert re.search(r"lonely \d", page), "the test's own process did not start"
    assert not [p for p in psutil.process_iter() if LONELY in _command(p)]
    mine = psutil.Process().children(recursive=True)
    assert not [p for p in mine if "ipykernel_launcher" in _command(p)]


def test_nothing_was_there_to_be_seen(graded: Class) -> None:
    page = BeautifulSoup(graded.page("looks around"), "html.parser").get_text()
    assert graded.rows["looks around"].total == 9
    assert [line for line in page.splitlines() if line.startswith("GOT")] == []
    assert f"tried {page.count('refused ')}\n" in page
    assert "NameError" not in page
    for kind in ("net", "pid"):
        assert f"{kind}:[" in page
        assert str(Path(f"/proc/self/ns/{kind}").readlink()) not in page


def test_nobody_called(graded: Class) -> None:
    assert graded.visitors == []


def test_no_file_grows_beyond_its_bound(graded: Class) -> None:
    page = graded.page("takes it in files")
    assert page.count("File too large") + page.count("No space left") >= 3
    assert (
        "WROTE" not in BeautifulSoup(page, "html.parser").select_one("div.output_stdout").get_text()
    )


def test_what_an_accepted_notebook_changed_earns_nothing(
    asked: assignment.Assignment, copy: str
) -> None:
    patched = CASES["patches NumPy"]
    text = _notebook(copy, patched.first, **patched.answers)
    verdict = judge.judge(asked, text, LIMITS, accepted=True)
    assert (verdict.status, verdict.passed) == (
        judge.GRADED,
        {"p1_value": False, "p1_stable": False, "p2_tests": True},
    )
    assert "NumPy" in verdict.detail


def test_a_slow_grader_misses_no_end_of_a_cell(
    asked: assignment.Assignment, copy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody reads in time may come late or be dropped, and the news of the end with it."""
    read = kernel.BoundedClient.process_message

    def read_slowly(*arguments: Any) -> Any:
        time.sleep(0.003)
        return read(*arguments)

    monkeypatch.setattr(kernel.BoundedClient, "process_message", read_slowly)
    verdict = judge.judge(asked, _notebook(copy, CASES["shows much"].first), LIMITS)
    assert (verdict.status, set(verdict.passed.values())) == (judge.GRADED, {True})


def test_the_time_of_all_cells_together_is_bounded(asked: assignment.Assignment, copy: str) -> None:
    slow = "import time\ntime.sleep(1.5)"
    limits = sandbox.Limits(cell_seconds=3, total_seconds=2)
    verdict = judge.judge(asked, _notebook(copy, slow, p1=f"{slow}\n{SOFTMAX}"), limits)
    assert verdict.status == judge.TIMED_OUT
    assert verdict.detail == "it ran for more than 2 s"


@pytest.mark.parametrize("name", ["prints 200 MB in pieces", "shows much", "looks around"])
def test_a_page_stays_small(graded: Class, name: str) -> None:
    assert len(graded.page(name)) < len(graded.page("anna")) + 200_000


def test_a_hidden_test_is_told_to_nobody(graded: Class) -> None:
    """Neither its source nor the numbers that it asked for, whatever the kernel made of them."""
    for file in [*graded.job.results.rglob("*.html"), *graded.job.results.rglob("*.csv")]:
        text = file.read_text(encoding="utf-8")
        assert NUMBER not in text, file.name
        assert "HIDDEN TESTS" not in text, file.name
    assert "known: [0.0, 0.0]" in graded.page("leaks"), "a visible test may tell what was said"


# ---------------------------------------------------------------- pages


def _formgraded(graded: Class, student: str) -> str:
    """The page that nbgrader's formgrader shows."""
    config = course.configure(Config(), graded.job.course)
    from nbgrader.server_extensions.formgrader import handlers

    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    path = graded.job.course / "autograded" / student / NAME / f"{NAME}.ipynb"
    resources = {"assignment_id": NAME, "notebook_id": NAME, "submission_id": "1", "index": 0,
                 "total": 1, "base_url": "", "my_url": "", "mathjax_url": "", "last_name": "",
                 "first_name": "", "notebook_path": ""}  # fmt: skip
    return HTMLExporter(config=config).from_filename(str(path), resources=resources)[0]


def _acts(page: str) -> list[str]:
    """What could run a script, lay itself over the page, or ask another machine."""
    soup = BeautifulSoup(page, "html.parser")
    tags = soup.find_all(
        ["script", "iframe", "svg", "style", "form", "input", "meta", "link", "object"]
    )
    found = [str(tag) for tag in tags]
    for tag in soup.find_all(True):
        for name, value in tag.attrs.items():
            value = " ".join(value) if isinstance(value, list) else str(value)
            asks = tag.name == "img" and not value.startswith("data:image/png") and name == "src"
            risky = name.startswith("on") or "javascript:" in value or "modal" in value
            if asks or risky:
                found.append(f"{tag.name} {name}={value}")
    return sorted(found)


def test_markup_does_not_act_in_feedback(graded: Class) -> None:
    page = graded.page("writes markup")
    assert _acts(page) == _acts(graded.page("anna"))
    assert "<strong>Because</strong>" in page


def test_markup_does_not_act_in_formgrader(graded: Class) -> None:
    page = _formgraded(graded, "writes markup")
    assert _acts(page) == _acts(_formgraded(graded, "anna"))
    assert "<strong>Because</strong>" in page
    assert NUMBER in page  # it is the instructor's


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[1, 2", '["tuple"]', "[" * 100_000, '{"a": 1}', '{"array": 3}',
        '{"dict": [[[], 1]]}',
        '{"array": ["|O", [1], "AAAA"]}', '{"array": ["<f8", [1e30], "AAAAAAAAAAA="]}',
        '{"array": ["<f8", [1000000000000000000000000000000], "AAAAAAAAAAA="]}',
        '{"array": ["<U4", [1], "AAAA"]}', '{"array": ["<f9", [1], "AAAA"]}',
        '{"complex": ["x", 1]}',
        '{"complex": [1' + "0" * 400 + ", 0]}", "1" + "0" * 5000, "x" * (plain.LONGEST + 1),
    ],
)  # fmt: skip
def test_what_is_not_plain_data_is_an_error(text: str) -> None:
    """Or nothing that a test could take for an answer of the kind it asked for."""
    try:
        found = plain.from_text(text)
    except ValueError:
        return
    assert found in (None, ["tuple"])


def test_odd_truths_are_made_even() -> None:
    found = plain.from_text('{"array": ["|b1", [2], "AgE="]}')
    assert found.view(np.uint8).tolist() == [1, 1]


@dataclass
class Liar:
    """A kernel that answers every question alike."""

    answer: object

    def ask(self, name: str, call: object = None) -> object:
        return plain.from_text(plain.to_text(self.answer))


@pytest.mark.parametrize(
    "answer",
    [np.nan, np.inf, 0, 10**400, True, "", None, [], np.array([]), [[]], {}, np.array([np.nan] * 3),
     [[[]]] * 3, np.zeros((0, 3)), 1j, np.zeros(1000)],
)  # fmt: skip
def test_no_answer_fits_all_questions(asked: assignment.Assignment, answer: object) -> None:
    """Of the toy, and of the book's own assignments."""
    masters = [asked, *map(assignment.read, sorted(course.MASTERS.glob("hw*.ipynb")))]
    passed = [
        (one.name, test.grade_id)
        for one in masters
        for test in one.tests
        if not judge._judge(one, test, test.source, Liar(answer))
    ]
    assert passed == []


def test_the_walls_cover_what_lies_in_the_system(tmp_path: Path, master: Path) -> None:
    inside = Path(sys.prefix) / "submissions"
    with pytest.raises(sandbox.SandboxError, match="students' code could read"):
        grade.grade(grade.Job(master, inside, tmp_path / "course"), quiet=True)


def test_the_grader_does_not_grow(copy: str, master: Path, tmp_path: Path) -> None:
    """200 MB that a kernel prints are not kept, and hardly pass through."""
    (tmp_path / "honest").write_text(_notebook(copy))
    hostile = CASES["prints 200 MB in pieces"].first
    flood = (
        SEND
        + """
    for _ in range(100):
        send("display_data", {"data": {"text/plain": "z" * 2_000_000}, "metadata": {}})
    """
    )
    for number, first in enumerate((hostile, CASES["prints 50 MB at once"].first, flood)):
        (tmp_path / str(number)).write_text(_notebook(copy, first))
    program = """if True:
        import resource, sys
        from pathlib import Path
        from homework import assignment, judge, sandbox
        asked = assignment.read(Path(sys.argv[1]))
        limits = sandbox.Limits(memory=2**30, cell_seconds=5, total_seconds=25, grace=2)
        def peak(name):
            judge.judge(asked, Path(name).read_text(), limits)
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(peak("honest"), peak("0"), peak("1"), peak("2"))
        """
    paths = [str(course.ROOT), str(course.ROOT / "book" / "_tools")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", program, str(master)]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    honest, *hostiles = map(int, result.stdout.split())
    assert max(hostiles) - honest < 90, result.stdout


def test_a_kernels_message_is_taken_apart() -> None:
    """Only fields that are looked for pass; a display's name could rewrite an earlier one."""
    client = kernel.BoundedClient(new_notebook(), limits=LIMITS)
    client._text = client.limits.output
    display = {"data": {"text/plain": "x"}, "metadata": {"a": 1}, "transient": {"display_id": "y"}}
    assert client._checked("display_data", display) == {"data": {"text/plain": "x"}, "metadata": {}}
    assert client._checked("update_display_data", display) is None
    assert client._checked("comm_open", {"target_name": "jupyter.widget"}) is None


def test_all_cells_together_show_no_more_than_their_share() -> None:
    limits = sandbox.Limits(output=10, all_output=15)
    client = kernel.BoundedClient(new_notebook(), limits=limits)
    shown = []
    for _ in range(3):
        client.begin(1)
        shown.append(client._checked("stream", {"name": "stdout", "text": "x" * 10}))
    assert [out and out["text"].count("x") for out in shown] == [10, 5, None]


def test_pictures_have_a_bound_of_their_own() -> None:
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(100)).decode()
    limits = sandbox.Limits(pictures=2 * len(picture))
    client = kernel.BoundedClient(new_notebook(), limits=limits)
    client.begin(1)
    display = {"data": {"text/plain": "x", "image/png": picture}}
    shown = [client._checked("display_data", display)["data"] for _ in range(3)]
    assert [sorted(data) for data in shown] == [["image/png", "text/plain"]] * 2 + [["text/plain"]]


@pytest.mark.parametrize("unsafe", [False, True])
def test_a_kernel_keeps_to_its_folders_and_leaves_none(unsafe: bool) -> None:
    """Those of matplotlib and IPython would otherwise be made anew in /tmp, and stay there."""
    cell = new_code_cell(
        "import os, matplotlib, IPython\n"
        "places = [os.environ['HOME'], IPython.paths.get_ipython_dir(),\n"
        "          matplotlib.get_configdir(), matplotlib.get_cachedir()]\n"
        "words = ' '.join(os.environ.values())"
    )
    with kernel.student_kernel(LIMITS, unsafe=unsafe) as one:
        folder = Path(one._client.km.connection_file).parent
        one.run(cell)
        places, words = map(one.ask, ("places", "words"))
    home = str(folder) if unsafe else sandbox.HOME
    assert places[0] == home
    assert all(Path(place).is_relative_to(home) for place in places)
    assert unsafe is (sandbox.HOME not in words)
    assert not folder.exists()


def test_without_bubblewrap_nothing_is_graded(
    monkeypatch: pytest.MonkeyPatch, master: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(sandbox.SandboxError, match="bubblewrap is missing"):
        grade.grade(grade.Job(master, tmp_path, tmp_path / "course"), quiet=True)
    assert not (tmp_path / "course").exists()


def test_students_of_long_names_stay_apart() -> None:
    names = {submissions._student(f"{LONG}{end}", NAME) for end in ("a", "b")}
    assert len(names) == 2
    assert max(len(name.encode()) for name in names) < 128
