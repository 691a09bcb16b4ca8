"""The walls around a student's kernel: bubblewrap, resource limits, and a guard that looks on.

Inside there is no network, a read-only system, Python with its packages and softlib, and one
writable folder in memory that is gone afterwards. Nothing else of the machine is there to be read:
neither the masters nor the gradebook nor other students' work.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

import softlib

HOME = "/home/student"
OLDEST = (0, 8)  # the first bubblewrap that bounds a file system in memory and nested namespaces


class SandboxError(Exception):
    """Why nothing can be graded here."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    memory: int = 2 * 2**30  # bytes, of all its processes together
    disk: int = 64 * 2**20  # bytes, in its own folder, and for one file
    processes: int = 48
    cell_seconds: float = 30
    answer_seconds: float = 10
    total_seconds: float = 180
    output: int = 50_000  # characters shown of one cell
    pictures: int = 4_000_000  # characters, of all its pictures together
    file: int = 20 * 2**20  # bytes of the notebook that was handed in


def find_bubblewrap() -> str:
    """Return the path of a bubblewrap that works here."""
    path = shutil.which("bwrap")
    if path is None:
        raise SandboxError(
            "bubblewrap is missing, and without it a student's code could do on this machine what "
            "you can do: install it (Debian: apt-get install bubblewrap), or say UNSAFE=1 if you "
            "trust every submission."
        )
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(map(int, re.findall(r"\d+", said)[:2]))
    if version < OLDEST:
        raise SandboxError(f"bubblewrap 0.8 or newer is needed; this one says: {said.strip()}")
    trial = [path, "--unshare-all", "--unshare-user", "--disable-userns", "--ro-bind", "/", "/", "true"]  # fmt: skip
    result = subprocess.run(trial, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SandboxError(f"bubblewrap cannot make a sandbox here: {result.stderr.strip()}")
    return path


def wrap(command: list[str], sockets: Path, limits: Limits, *, unsafe: bool = False) -> list[str]:
    """Return the command line that runs `command` inside the walls.

    `sockets` is the folder that the kernel shares with the grader, for its connection.
    """
    bounds = [
        "prlimit",
        f"--as={limits.memory}",
        f"--fsize={limits.disk}",
        "--core=0",
        "--nofile=1024",
        "--",
    ]
    if unsafe:
        return (bounds if shutil.which("prlimit") else []) + command
    return bounds + [find_bubblewrap(), *_walls(sockets, limits), "--", *command]


def environment() -> dict[str, str]:
    """Return the environment of a student's kernel: nothing of the instructor's is in it."""
    one_thread = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        "HOME": HOME,
        "IPYTHONDIR": f"{HOME}/.ipython",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{HOME}/.matplotlib",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        # A thread reserves memory that counts against the limit, and helps nobody here.
        **dict.fromkeys(one_thread, "1"),
    }


def _walls(sockets: Path, limits: Limits) -> list[str]:
    small = ["--size", str(limits.disk)]
    words = ["--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000",
             "--hostname", "sandbox", "--cap-drop", "ALL", "--die-with-parent", "--new-session",
             "--clearenv", "--proc", "/proc", "--dev", "/dev", *small, "--tmpfs", "/dev/shm",
             "--remount-ro", "/dev", *small, "--tmpfs", "/tmp", *small, "--tmpfs", HOME]  # fmt: skip
    for path in _readable():
        words += ["--ro-bind", str(path), str(path)]
    for name in ("lib", "lib32", "lib64", "bin", "sbin"):
        if (link := Path("/") / name).is_symlink():
            words += ["--symlink", os.readlink(link), str(link)]
        elif link.is_dir():
            words += ["--ro-bind", str(link), str(link)]
    if fonts := _font_list():
        words += ["--ro-bind", str(fonts), f"{HOME}/.matplotlib/{fonts.name}"]
    words += ["--bind", str(sockets), str(sockets)]
    for name, value in environment().items():
        words += ["--setenv", name, value]
    return [*words, "--chdir", HOME, "--remount-ro", "/"]


def _readable() -> list[Path]:
    """List what a kernel needs to read: the system, Python, its packages, softlib."""
    folders = ["/usr", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", sys.base_prefix, sys.prefix]
    package = Path(softlib.__file__).parent
    return [path for path in map(Path, [*folders, str(package)]) if path.exists()]


def _font_list() -> Path | None:
    """Return matplotlib's list of fonts, which costs a kernel a second to make."""
    import matplotlib as mpl
    from matplotlib import font_manager

    path = Path(mpl.get_cachedir()) / f"fontlist-v{font_manager.FontManager.__version__}.json"
    return path if path.is_file() else None


class Guard:
    """Watches a sandbox's processes and ends them all when together they use too much.

    A limit of one process is the system's to keep; what all of them use is seen only from outside.
    """

    def __init__(self, pid: int, sockets: Path, limits: Limits, kill: Callable[[], None]) -> None:
        self.verdict: tuple[str, str] | None = None
        self._process = psutil.Process(pid)
        self._sockets, self._limits, self._kill = sockets, limits, kill
        self._end = time.monotonic() + limits.total_seconds
        self._cell: tuple[float, str] | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def expect(self, seconds: float | None, otherwise: str = "") -> None:
        """Expect the running cell to end in so many seconds; None: no cell is running."""
        self._cell = (time.monotonic() + seconds, otherwise) if seconds is not None else None

    def stop(self) -> None:
        """Look away: the sandbox is closed."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            try:
                self.verdict = self._excess()
            except (psutil.Error, OSError):  # a process or a file went while it was looked at
                continue
            if self.verdict:
                self._kill()
                return

    def _excess(self) -> tuple[str, str] | None:
        limits = self._limits
        if time.monotonic() > self._end:
            return "timed out", f"it ran for more than {limits.total_seconds:.0f} s"
        if (cell := self._cell) and time.monotonic() > cell[0]:
            return "timed out", cell[1]
        family = [self._process, *self._process.children(recursive=True)]
        if len(family) > limits.processes:
            return "failed to run", f"it started more than {limits.processes} processes"
        if sum(map(_resident, family)) > limits.memory:
            return "out of memory", f"it used more than {limits.memory >> 20} MiB"
        if sum(entry.stat().st_size for entry in os.scandir(self._sockets)) > 2**20:
            return "failed to run", "it wrote into the folder of its connection"
        return None


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0
