"""A folder of files, as it comes from a learning platform: one submission per student."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .sandbox import Limits

# What would be a pattern, a path or an address to nbgrader, which keeps a folder per student, or
# markup to a page; and halves of characters, which no file can hold.
UNSAFE_CHARACTERS = re.compile(r"[\x00-\x1f\x7f*?\[\]{}/\\:+'\"<>&%#|\ud800-\udfff]")
LONGEST_NAME = 100  # bytes: names of files and PostgreSQL's columns are bounded
# What a name gains on its way: a browser adds (1) to a second download, and Colab begins the name
# of a copy with "Copy of". Canvas and Safari write -1 and Jupyter -Copy1. That might as well end a
# student's name, and counts as an addition only behind the assignment's.
DOWNLOAD = re.compile(r"[ _-]*\(\d+\)$")
COPY_OF = re.compile(r"(?<![^ _-])copy[ _-]of[ _-]+", re.IGNORECASE)
ADDITION = re.compile(r"[ _-]*(copy)?[ _-]*\d{0,2}", re.IGNORECASE)


class SubmissionsError(Exception):
    """Why a folder has no submissions to grade."""


@dataclass(frozen=True)
class Submission:
    """What one student handed in, or why it cannot be read."""

    student: str
    files: tuple[str, ...]
    text: str = ""
    fault: str = ""


def collect(folder: Path, assignment: str, limits: Limits) -> list[Submission]:
    """Read `student.ipynb`, `student_assignment.ipynb` and `student/anything.ipynb`.

    Every file and every folder gives a submission, readable or not: nothing that a student handed
    in goes without a row.
    """
    if not folder.is_dir():
        raise SubmissionsError(f"SUBMISSIONS: {folder} is not a folder")
    found: dict[str, list[Path]] = defaultdict(list)
    names: dict[str, str] = {}
    for name, path in _files(folder, assignment):
        # Anna.ipynb and anna.ipynb are one student to some file systems, and to some platforms.
        key = unicodedata.normalize("NFC", name).casefold()
        names.setdefault(key, name)
        found[key].append(path)
    if not found:
        raise SubmissionsError(f"SUBMISSIONS: {folder} is empty")
    return [_read(names[key], found[key], folder, limits) for key in sorted(found)]


def _files(folder: Path, assignment: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__MACOSX")):
            continue
        if path.is_dir() and not path.is_symlink():
            inside = [file for file in sorted(path.rglob("*")) if _counts(file, path)]
            notebooks = [file for file in inside if file.suffix == ".ipynb"]
            # Beside a notebook other files are of no account; without one they are what came.
            for file in notebooks or inside or [path]:
                yield _student(path.name, assignment), file
        else:
            yield _student(_stem(path), assignment), path


def _counts(file: Path, folder: Path) -> bool:
    parts = file.relative_to(folder).parts
    return not file.is_dir() and not any(part.startswith((".", "__MACOSX")) for part in parts)


def _stem(path: Path) -> str:
    """Return the name without its endings: anna for anna.ipynb.txt, a.b for a.b.ipynb."""
    head, ending, _ = path.name.partition(".ipynb")
    return head if ending else path.stem


def _student(name: str, assignment: str) -> str:
    """Return what is left of a name without the assignment's, and without what copying added."""
    name = COPY_OF.sub("", DOWNLOAD.sub("", name.strip()))
    head, *tails = re.split(re.escape(assignment), name, flags=re.IGNORECASE)
    if tails:
        # Two parts stay apart: glued together they might be another student's name.
        parts = [head, *(tail for tail in tails if not ADDITION.fullmatch(tail))]
        name = "_".join(filter(None, (part.strip(" _-") for part in parts)))
    return _safe(name)


def _safe(name: str) -> str:
    name = UNSAFE_CHARACTERS.sub("_", name).strip(" .")
    if len(name.encode()) <= LONGEST_NAME:
        return name
    return f"{name.encode()[:LONGEST_NAME].decode(errors='ignore')}~{_mark(name)}"


def _mark(name: str) -> str:
    """Return a few letters that tell a long name from others that begin alike."""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _read(student: str, paths: list[Path], folder: Path, limits: Limits) -> Submission:
    files = tuple(_printable(path.relative_to(folder)) for path in paths)
    if not student:
        return Submission(_safe(files[0]), files, fault="the file's name names no student")
    if len(paths) > 1:
        return Submission(
            student, files, fault=f"{len(paths)} files of one name: {', '.join(files)}"
        )
    [path] = paths
    try:
        fault = _fault(path, limits)
        text = "" if fault else path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text, fault = "", "not a notebook: it is no text"
    except OSError as error:
        text, fault = "", f"it cannot be read: {error.strerror}"
    if not fault and not text.strip():
        fault = "the file is empty"
    return Submission(student, files, text, fault)


def _printable(path: Path) -> str:
    """Return a path as text that any file can hold, whatever bytes its name is made of."""
    return os.fsencode(path).decode("utf-8", "replace")


def _fault(path: Path, limits: Limits) -> str:
    if path.is_symlink():
        return "it is a link, not a file"
    if path.is_dir():
        return "the folder is empty"
    if not path.is_file():  # to read a pipe would be to wait for ever
        return "it is no regular file"
    if path.suffix != ".ipynb":
        return f"not a notebook file: its name ends in {path.suffix or 'nothing'}, not in .ipynb"
    if path.stat().st_size > limits.file:
        return f"the file is larger than {limits.file >> 20} MiB"
    return ""
