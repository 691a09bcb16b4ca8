"""Change the repository's address everywhere it is derived from `_config.yml`.

    python book/_tools/rehome.py https://github.com/OWNER/NAME

The address gives the setup cells and Colab links of the notebooks, the links of the README and
of the book's pages, the citation file and softlib's metadata. It is written in four ways:
github.com/OWNER/NAME, Colab's github/OWNER/NAME, for the site OWNER.github.io/NAME, and in
instructions, after the repository was cloned, cd NAME.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = re.compile(r"https://github\.com/([A-Za-z0-9-]+)/([A-Za-z0-9_.-]*[A-Za-z0-9_-])")


def repository(root: Path = ROOT) -> str:
    """Return the repository's address, as `_config.yml` states it."""
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    return config["repository"]["url"]


def spellings(url: str) -> list[str]:
    """Return the four ways in which files write the address, without the leading https://."""
    match = ADDRESS.fullmatch(url)
    if not match or url.endswith(".git"):
        raise ValueError(f"URL: must be https://github.com/OWNER/NAME, got {url!r}")
    owner, name = match.groups()
    pages = f"{owner.lower()}.github.io/{name}"
    return [f"github.com/{owner}/{name}", f"github/{owner}/{name}", pages, f"cd {name}"]


def files(root: Path = ROOT) -> list[Path]:
    """List the project's own files: what git tracks, or would if it were asked to."""
    command = ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [path for name in listed.split("\0") if name and (path := root / name).is_file()]


def rehome(url: str, root: Path = ROOT) -> list[Path]:
    """Replace the address by `url` in every file, and return the files that changed."""
    new = spellings(url)
    old = spellings(repository(root))
    # A longer name is another repository, unless it is the same one with .git after it.
    end = r"(?=\.git\b|(?!\.?[\w-]))"
    patterns = [re.compile(rf"(?<![\w-]){re.escape(text)}{end}") for text in old]
    changed = []
    for path in files(root):
        try:
            text = renewed = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        for pattern, replacement in zip(patterns, new, strict=True):
            renewed = pattern.sub(replacement, renewed)
        if renewed != text:
            path.write_bytes(renewed.encode())
            changed.append(path)
    return changed


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status."""
    url = arguments[0] if len(arguments) == 1 else ""
    try:
        changed = rehome(url)
    except ValueError as error:
        print(f"make rehome: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError:
        print("make rehome: works only in a git checkout", file=sys.stderr)
        return 1
    for path in changed:
        print(path.relative_to(ROOT))
    print(f"The repository's address is {url}: {len(changed)} files changed.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
