"""The commands and the code in the prose do what the prose says."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(name: str, language: str) -> list[str]:
    pattern = rf"^ *```{language}\n(.*?)^ *```$"
    return re.findall(pattern, read(name), re.DOTALL | re.MULTILINE)


def run(code: str) -> list[str]:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "<example>", "exec"), {})
    return printed.getvalue().splitlines()


def test_readme_prints_what_its_comments_say():
    (code,) = blocks("README.md", "python")
    promised = re.findall(r"^print\(.*?\)  # (.+)$", code, re.MULTILINE)
    assert len(promised) == code.count("print(") >= 5
    assert len(code.split("\n")) <= 11, "ten lines"
    assert run(code) == promised


def test_the_witness_in_how_to_use_prints_what_its_comment_says():
    (code,) = blocks("book/how_to_use.md", "python")
    assert run(code) == re.findall(r"^# (.+)$", code, re.MULTILINE)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "book/how_to_use.md"])
def test_commands_are_targets_of_the_makefile(name):
    named = set(re.findall(r"(?:`|^ *)make ([a-z]+)(?=[`\n])", read(name), re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    assert "test" in named
    assert named <= targets


def test_the_readme_shows_the_two_commands_first_with_what_they_print():
    shell = [line for block in blocks("README.md", "sh") for line in block.splitlines()]
    assert [line for line in shell if line.startswith("make")] == ["make book", "make test"]
    assert 'echo "The book is at $(CURDIR)/_build/html/index.html"' in read("Makefile")
    assert blocks("README.md", "text")[0] == "The book is at …/_build/html/index.html\n"


def test_the_files_that_contributing_names_exist():
    named = set(re.findall(r"\b(?:book|tests|softlib)/[\w./]*\w", read("CONTRIBUTING.md")))
    assert len(named) >= 4
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_metadata_that_contributing_shows_is_json():
    shown = re.findall(r"`(\{\"[^`]+\})`", read("CONTRIBUTING.md"))
    assert [list(json.loads(text)) for text in shown] == [
        ["mystnb"],
        ["softmax_book"],
        ["softmax_book"],
    ]
