"""A file's name says whose it is, whatever a browser or a platform has added to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from homework.sandbox import Limits
from homework.submissions import Submission, collect

HW = "hw1_definition"
NOBODY = "the file's name names no student"


def read(folder: Path, *names: str) -> list[Submission]:
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("{}", encoding="utf-8")
    return collect(folder, HW, Limits())


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("anna.ipynb", "anna"),
        ("anna_hw1_definition.ipynb", "anna"),
        ("hw1_definition_anna.ipynb", "anna"),
        ("Anna HW1_Definition.ipynb", "Anna"),
        ("anna_hw1_definition_berg.ipynb", "anna_berg"),
        ("anna_hw1_definition_hw1_definition.ipynb", "anna"),
        ("anna (2).ipynb", "anna"),
        ("anna_hw1_definition (1).ipynb", "anna"),
        ("s12_hw1_definition-1.ipynb", "s12"),
        ("s12_hw1_definition_2.ipynb", "s12"),
        ("s12_hw1_definition 13.ipynb", "s12"),
        ("s12_hw1_definition-1 (1).ipynb", "s12"),
        ("s12_hw1_definition-Copy1.ipynb", "s12"),
        ("s12_hw1_definition copy.ipynb", "s12"),
        ("s12_hw1_definition_123.ipynb", "s12_123"),  # three digits are more than a count
        ("s12-1.ipynb", "s12-1"),  # without the assignment's name all of it may be the student's
        ("Copy of anna_hw1_definition.ipynb", "anna"),
        ("Copy of Copy of anna.ipynb", "anna"),
        ("anna_77_Copy_of_hw1_definition.ipynb", "anna_77"),
        ("scopy of x.ipynb", "scopy of x"),
        ("anna/hw1_definition.ipynb", "anna"),
        ("anna_hw1_definition-1/hw1_definition.ipynb", "anna"),
    ],
)
def test_the_name_names_the_student(tmp_path: Path, name: str, student: str) -> None:
    [only] = read(tmp_path, name)
    assert (only.student, only.fault) == (student, "")


@pytest.mark.parametrize(
    "name",
    [
        "hw1_definition.ipynb",
        "hw1_definition (1).ipynb",
        "hw1_definition-1.ipynb",
        "Copy of hw1_definition.ipynb",
        "Copy of hw1_definition-1.ipynb",
    ],
)
def test_the_assignments_name_alone_names_nobody(tmp_path: Path, name: str) -> None:
    [only] = read(tmp_path, name)
    assert (only.fault, only.files) == (NOBODY, (name,))


def test_a_count_makes_no_other_student(tmp_path: Path) -> None:
    files = ("s12_hw1_definition-1.ipynb", "s121_hw1_definition.ipynb")
    assert [(one.student, one.fault) for one in read(tmp_path, *files)] == [
        ("s12", ""),
        ("s121", ""),
    ]


@pytest.mark.parametrize("second", ["anna_hw1_definition (1).ipynb", "anna_hw1_definition-1.ipynb"])
def test_of_two_uploads_neither_is_taken(tmp_path: Path, second: str) -> None:
    [anna] = read(tmp_path, "anna_hw1_definition.ipynb", second)
    assert (anna.student, anna.text) == ("anna", "")
    assert anna.fault.startswith("2 files of one name: ")
    assert second in anna.fault


def test_a_file_beside_the_notebook_is_no_second_upload(tmp_path: Path) -> None:
    [anna] = read(tmp_path, "anna/data.csv", "anna/hw1_definition.ipynb", "anna/picture.png")
    assert (anna.student, anna.files, anna.fault) == ("anna", ("anna/hw1_definition.ipynb",), "")
