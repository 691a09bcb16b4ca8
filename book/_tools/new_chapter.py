"""Start a chapter from the template: python book/_tools/new_chapter.py 12_relatives."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def new_chapter(name: str, root: Path = ROOT) -> Path:
    """Write notebooks/NAME.ipynb and return its path; an existing chapter is left alone."""
    if not re.fullmatch(r"\d\d_[a-z0-9]+(_[a-z0-9]+)*", name):
        raise ValueError(f"NAME: must look like 12_relatives, got {name!r}")
    path = root / "notebooks" / f"{name}.ipynb"
    if path.exists():
        raise ValueError(f"NAME: notebooks/{name}.ipynb is already there")
    number, _, title = name.partition("_")
    heading = title.replace("_", " ").capitalize()
    text = (root / "book" / "_tools" / "template.ipynb").read_text(encoding="utf-8")
    text = text.replace("00_name", name).replace("# 0. Title", f"# {int(number)}. {heading}")
    text = text.replace("Exercise 0.", f"Exercise {int(number)}.")
    text = text.replace("Theorem 0.", f"Theorem {int(number)}.")
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status."""
    try:
        path = new_chapter(arguments[0] if len(arguments) == 1 else "")
    except ValueError as error:
        print(f"make chapter: {error}", file=sys.stderr)
        return 1
    print(f"Wrote {path.relative_to(ROOT)}. Add notebooks/{path.stem} to _toc.yml.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
