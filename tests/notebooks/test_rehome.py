"""The repository's address stands in _config.yml, and everything derived from it agrees."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import rehome

# In two parts, or rehoming would find it here on its way back.
ELSEWHERE = "https://github.com/" + "New-Owner/another.book"
FILES = rehome.files()


def text(path: Path) -> str:
    return path.read_bytes().decode(errors="ignore")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project in a git repository of its own."""
    for path in FILES:
        target = tmp_path / path.relative_to(rehome.ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in rehome.files(root)}


def test_rehoming_there_and_back_restores_every_byte(copy: Path) -> None:
    home, before = rehome.repository(copy), contents(copy)
    rehome.rehome(ELSEWHERE, copy)
    there = contents(copy)
    for old in rehome.spellings(home):
        assert [name for name, data in there.items() if old.encode() in data] == []
    assert rehome.repository(copy) == ELSEWHERE
    assert rehome.rehome(ELSEWHERE, copy) == []
    rehome.rehome(home, copy)
    assert contents(copy) == before


@pytest.mark.parametrize("name", ["README.md", "CITATION.cff", "pyproject.toml", "CHANGELOG.md"])
def test_the_file_names_the_repository(name: str) -> None:
    assert rehome.repository() in text(rehome.ROOT / name)


def test_the_site_names_its_pages() -> None:
    assert f"https://{rehome.spellings(rehome.repository())[2]}" in text(
        rehome.ROOT / "_config.yml"
    )


def test_no_file_names_a_variant_of_the_address() -> None:
    ours = rehome.ADDRESS.fullmatch(rehome.repository()).groups()
    variants = []
    # The tests name variants on purpose.
    for path in (path for path in FILES if "tests" not in path.parts):
        for owner, name in re.findall(r"github(?:\.com)?[/:]([\w-]+)/([\w.-]*\w)", text(path)):
            pair = (owner, name.removesuffix(".git"))
            if pair != ours and set(pair) & set(ours):
                variants.append(f"{path.name}: {owner}/{name}")
    assert variants == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "github.com/a/b",
        "http://github.com/a/b",
        "https://gitlab.com/a/b",
        "https://github.com/a",
        "https://github.com/a/b/",
        "https://github.com/a/b.git",
        "https://github.com/a/b?c",
        "https://github.com/a b/c",
    ],
)
def test_an_address_of_another_form_is_refused(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rehome.main([url]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("make rehome: URL: must be https://github.com/OWNER/NAME")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("see https://github.com/a/b.", "see https://github.com/c/d."),
        ("git+https://github.com/a/b.git@main", "git+https://github.com/c/d.git@main"),
        ("colab.google/github/a/b/blob/main/x", "colab.google/github/c/d/blob/main/x"),
        ("https://a.github.io/b/", "https://c.github.io/d/"),
        ("git clone …\ncd b\nmake book", "git clone …\ncd d\nmake book"),
        ("https://github.com/a/b-two", "https://github.com/a/b-two"),
        ("https://github.com/a/b.js", "https://github.com/a/b.js"),
        ("https://github.com/aa/b", "https://github.com/aa/b"),
        ("https://mygithub.com/a/b", "https://mygithub.com/a/b"),
    ],
)
def test_only_the_address_itself_is_replaced(old: str, new: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "_config.yml").write_text("repository: {url: https://github.com/a/b}\n")
    (tmp_path / "page.md").write_text(old)
    rehome.rehome("https://github.com/c/d", tmp_path)
    assert (tmp_path / "page.md").read_text() == new
