"""The walls around a student's kernel: bubblewrap, resource limits, and a guard that looks on.

Inside there is no network, a read-only system, Python with its packages and softlib, and one
writable folder in memory that is gone afterwards. Nothing else of the machine is there to be read:
neither the masters nor the gradebook nor other students' work.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import struct
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
WRITABLE = (HOME, "/tmp", "/dev/shm")
OLDEST = (0, 8)  # the first bubblewrap that bounds a file system in memory and nested namespaces


class SandboxError(Exception):
    """Why nothing can be graded here."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use."""

    memory: int = 2 * 2**30  # bytes, of all its processes together
    disk: int = 64 * 2**20  # bytes, in its own folder, and for one file
    files: int = 20_000  # in all its folders together
    processes: int = 48
    threads: int = 400  # of all its processes together
    cell_seconds: float = 30
    answer_seconds: float = 10
    total_seconds: float = 180
    grace: int = 4  # seconds for an interrupted cell to end, and for the last of its messages
    output: int = 50_000  # characters shown of one cell
    all_output: int = 1_000_000  # characters shown of all cells together
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
    trial = ["--unshare-all", "--unshare-user", "--disable-userns", "--ro-bind", "/", "/", "true"]
    result = subprocess.run([path, *trial], capture_output=True, text=True, check=False)
    if result.returncode:
        raise SandboxError(f"bubblewrap cannot make a sandbox here: {result.stderr.strip()}")
    return path


def wrap(command: list[str], folder: Path, limits: Limits, *, unsafe: bool = False) -> list[str]:
    """Return the command line that runs `command` inside the walls.

    `folder` holds the kernel's connection file, `kernel.json`. Inside it is a folder of the same
    name, in memory like all that the kernel may write, with the connection file and the kernel's
    sockets: no file of a student's ever lies on this machine's disk.
    """
    bounds = [
        "prlimit",
        f"--as={limits.memory}",
        f"--fsize={limits.disk}",
        "--core=0",
        "--nofile=256",
        "--",
    ]
    if unsafe:
        return (bounds if shutil.which("prlimit") else []) + command
    forbidden = folder / "forbidden.bpf"
    forbidden.write_bytes(_forbidden_calls())
    hand_over = ["sh", "-c", f'exec "$@" 8<"$0" 9<"{forbidden}"', str(folder / "kernel.json")]
    return [*hand_over, *bounds, find_bubblewrap(), *_walls(folder, limits), "--", *command]


def reach_in(pid: int, folder: Path, seconds: float = 20) -> int:
    """Make `folder`/sockets lead to the sockets inside; return the process id of the sandbox.

    `pid` is bubblewrap, outside; its only child is the first process inside. What that sees as its
    root is open to whoever started it.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(psutil.Error):
            if children := psutil.Process(pid).children():
                inside = children[0].pid
                (folder / "sockets").symlink_to(f"/proc/{inside}/root{folder}/sockets")
                return inside
            time.sleep(0.005)
            continue
        break
    raise RuntimeError("bubblewrap did not start")


def exposes(path: Path) -> bool:
    """Tell whether a student's kernel could read what lies here."""
    places = [place.resolve() for place in _readable()]
    return any(path.resolve().is_relative_to(place) for place in places)


def environment(home: str = HOME) -> dict[str, str]:
    """Return the environment of a student's kernel: nothing of the instructor's is in it."""
    one_thread = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        "HOME": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        **_softlib_path(),
        # A thread reserves memory that counts against the limit, and helps nobody here.
        **dict.fromkeys(one_thread, "1"),
    }


def _softlib_path() -> dict[str, str]:
    """Name the folder of softlib, unless it lies among the packages: there it is found anyway."""
    folder = Path(softlib.__file__).parents[1]
    return {} if folder.is_relative_to(sys.prefix) else {"PYTHONPATH": str(folder)}


def _walls(folder: Path, limits: Limits) -> list[str]:
    small = ["--size", str(limits.disk)]
    # Where root grades, settings of the whole system below /proc would be writable: not one is.
    words = ["--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000",
             "--gid", "1000", "--hostname", "sandbox", "--cap-drop", "ALL", "--die-with-parent",
             "--new-session", "--clearenv", "--proc", "/proc", "--remount-ro", "/proc",
             # As zeros, /dev/full will do: it cannot be mapped, see FORBIDDEN.
             "--dev", "/dev", "--dev-bind", "/dev/full", "/dev/zero",
             *small, "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
             *small, "--tmpfs", "/tmp", *small, "--tmpfs", HOME]  # fmt: skip
    for path in _readable():
        words += ["--ro-bind", str(path), str(path)]
    for name in ("lib", "lib32", "lib64", "bin", "sbin"):
        if (link := Path("/") / name).is_symlink():
            words += ["--symlink", str(link.readlink()), str(link)]
        elif link.is_dir():
            words += ["--ro-bind", str(link), str(link)]
    if fonts := _font_list():
        words += ["--ro-bind", str(fonts), f"{HOME}/.matplotlib/{fonts.name}"]
    words += ["--dir", str(folder / "sockets"), "--file", "8", str(folder / "kernel.json"),
              "--seccomp", "9"]  # fmt: skip
    for name, value in environment().items():
        words += ["--setenv", name, value]
    return [*words, "--chdir", HOME, "--remount-ro", "/"]


def _readable() -> list[Path]:
    """List what a kernel needs to read: the system, Python, its packages, softlib."""
    folders = [
        "/usr",
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/etc/fonts",
        sys.base_prefix,
        sys.prefix,
    ]
    package = Path(softlib.__file__).parent
    return [path for path in map(Path, [*folders, str(package)]) if path.exists()]


def _font_list() -> Path | None:
    """Return matplotlib's list of fonts, which costs a kernel a second to make."""
    import matplotlib as mpl
    from matplotlib import font_manager

    path = Path(mpl.get_cachedir()) / f"fontlist-v{font_manager.FontManager.__version__}.json"
    return path if path.is_file() else None


# Memory that belongs to no process is seen by no limit: pages behind a descriptor or in a pipe,
# System V's shared memory and messages, mappings that are shared without a file. The grader finds
# the kernel's sockets by name, and a symbolic link in their place would lead it to a socket of its
# own machine. Keys and some sockets (AF_VSOCK) are not in any namespace. io_uring makes calls that
# no filter sees. Numbers are the kernel's, by architecture; "socket" and "mmap" are for some
# arguments only.
FORBIDDEN = {
    "x86_64": {"arch": 0xC000003E, "socket": 41, "mmap": 9, "symlink": 88, "symlinkat": 266,
               "vmsplice": 278, "shmget": 29, "msgget": 68, "memfd_create": 319,
               "memfd_secret": 447, "io_uring_setup": 425, "userfaultfd": 323, "bpf": 321,
               "perf_event_open": 298, "add_key": 248, "request_key": 249, "keyctl": 250},
    "aarch64": {"arch": 0xC00000B7, "socket": 198, "mmap": 222, "symlinkat": 36,
                "vmsplice": 75, "shmget": 194, "msgget": 186,
                "memfd_create": 279, "memfd_secret": 447, "io_uring_setup": 425,
                "userfaultfd": 282, "bpf": 280, "perf_event_open": 241, "add_key": 217,
                "request_key": 218, "keyctl": 219},
}  # fmt: skip


def _forbidden_calls() -> bytes:
    """Return the filter of system calls, as the program that the kernel runs for each call.

    A forbidden one fails with "operation not permitted", and so does every call in another
    architecture's manner; a socket of an unusual kind, with "not supported".
    """
    calls = dict(FORBIDDEN.get(platform.machine(), {}))
    if not calls:
        raise SandboxError(f"no sandbox is known for the processor {platform.machine()}")
    load, equal, at_least, give, keep = 0x20, 0x15, 0x35, 0x06, 0x54
    allow, refuse, unsupported = 0x7FFF0000, 0x50001, 0x50061
    arch, socket, mmap = calls.pop("arch"), calls.pop("socket"), calls.pop("mmap")
    number, architecture, first_argument, fourth_argument = 0, 4, 16, 40  # where they stand
    shared_without_file = 0x21  # MAP_SHARED | MAP_ANONYMOUS
    program = [
        (load, 0, 0, architecture),
        (equal, 1, 0, arch),
        (give, 0, 0, refuse),
        (load, 0, 0, number),
        (at_least, 0, 1, 0x40000000),  # x32, on the first architecture
        (give, 0, 0, refuse),
    ]
    for call in calls.values():
        program += [(equal, 0, 1, call), (give, 0, 0, refuse)]
    program += [
        (equal, 0, 5, mmap),
        (load, 0, 0, fourth_argument),
        (keep, 0, 0, shared_without_file),
        (equal, 0, 1, shared_without_file),
        (give, 0, 0, refuse),
        (give, 0, 0, allow),
        (equal, 1, 0, socket),
        (give, 0, 0, allow),
        (load, 0, 0, first_argument),
        (equal, 4, 0, 1),  # AF_UNIX; and what ZeroMQ asks for, which leads nowhere inside:
        (equal, 3, 0, 2),  # AF_INET
        (equal, 2, 0, 10),  # AF_INET6
        (equal, 1, 0, 16),  # AF_NETLINK
        (give, 0, 0, unsupported),
        (give, 0, 0, allow),
    ]
    return b"".join(struct.pack("=HBBI", *step) for step in program)


class Guard:
    """Watches a sandbox's processes and ends them all when together they use too much.

    A limit of one process is the system's to keep; what all of them use is seen only from outside.
    """

    def __init__(
        self, pid: int, inside: int | None, limits: Limits, kill: Callable[[], None]
    ) -> None:
        self.verdict: tuple[str, str] | None = None
        self._process = psutil.Process(pid)
        self._folders = [f"/proc/{inside}/root{folder}" for folder in WRITABLE] if inside else []
        self._limits, self._kill = limits, kill
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
        while not self._over.wait(0.05):
            self.verdict = self._late() or self._excess()
            if self.verdict:
                self._kill()
                return

    def _late(self) -> tuple[str, str] | None:
        if time.monotonic() > self._end:
            return "timed out", f"it ran for more than {self._limits.total_seconds:.0f} s"
        if (cell := self._cell) and time.monotonic() > cell[0]:
            return "timed out", cell[1]
        return None

    def _excess(self) -> tuple[str, str] | None:
        limits = self._limits
        try:
            family = [self._process, *self._process.children(recursive=True)]
            in_files, files = _written(self._folders)
        except (psutil.Error, OSError):  # the sandbox went while it was looked at
            return None
        memory, threads = map(sum, zip(*(_use(member.pid) for member in family), strict=True))
        if len(family) > limits.processes or threads > limits.threads:
            most = f"{limits.processes} processes or {limits.threads} threads"
            return "failed to run", f"it started more than {most}"
        if memory + in_files > limits.memory:
            return "out of memory", f"it used more than {limits.memory >> 20} MiB"
        if files > limits.files:
            return "failed to run", f"it made more than {limits.files} files"
        return None


def _use(pid: int) -> tuple[int, int]:
    """Return a process's own memory in bytes, and the number of its threads.

    Its own: not the pages of programs and libraries, which all processes share.
    """
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:  # it went
        return 0, 0
    kilobytes = re.findall(r"^(?:RssAnon|RssShmem|VmSwap):\s+(\d+)", text, re.MULTILINE)
    threads = re.findall(r"^Threads:\s+(\d+)", text, re.MULTILINE)
    return 1024 * sum(map(int, kilobytes)), sum(map(int, threads))


def _written(folders: list[str]) -> tuple[int, int]:
    """Return the bytes and the files in the writable folders, which lie in memory."""
    systems = [os.statvfs(folder) for folder in folders]
    return (sum((s.f_blocks - s.f_bfree) * s.f_frsize for s in systems),
            sum(s.f_files - s.f_ffree for s in systems))  # fmt: skip
