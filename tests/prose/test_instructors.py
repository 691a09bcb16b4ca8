"""The instructor's guide says what the masters, the Makefile and the grader say."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from homework import assignment
from homework.judge import CANARIES, MOST_CELLS, MOST_TEXT, STATUSES
from homework.report import NOT_YET
from homework.sandbox import OLDEST, Limits
from homework.submissions import collect

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "book" / "instructors.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
MASTERS = sorted((ROOT / "notebooks" / "homework").glob("hw*.ipynb"))


def section(title: str) -> str:
    """What stands under a heading, down to the next one of its level or above."""
    (level,) = re.findall(rf"^(#+) {re.escape(title)}$", GUIDE, re.MULTILINE)
    rest = GUIDE.partition(f"\n{level} {title}\n")[2]
    return re.split(rf"^#{{2,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def table(title: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    rows = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


# ---------------------------------------------------------------- the assignments


def test_the_table_lists_every_assignment_once():
    numbers = [row[0] for row in table("The five assignments")]
    assert numbers == [re.match(r"hw(\d)_", master.stem).group(1) for master in MASTERS]
    named = re.findall(r"`(hw\d_\w+)`", section("The five assignments"))
    assert named == [master.stem for master in MASTERS]


@pytest.mark.parametrize("master", MASTERS, ids=lambda path: path.stem)
def test_a_row_says_what_the_master_says(master):
    read = assignment.read(master)
    (row,) = (row for row in table("The five assignments") if row[0] == master.stem[2])
    opening = read.cells[0].source
    chapters = re.findall(r"\]\([^)]*/notebooks/(\d\d)_\w+\.ipynb\)", opening)
    (hours, minutes) = re.search(
        r"\*\*Time:\*\* (?:about (two) hours|(\d+) minutes)", opening
    ).groups()
    assert row[1].split(", ") == chapters
    assert row[2:] == [str(len(read.problems)), str(read.points()), "120" if hours else minutes]


def test_the_points_that_a_hand_gives_lie_in_the_range_that_is_named():
    by_hand = [sum(cell.points for cell in assignment.read(m).essays) for m in MASTERS]
    low, high = map(int, re.search(r"Between (\d+) and (\d+) points", GUIDE).groups())
    assert (low, high) == (min(by_hand), max(by_hand))


def test_make_homework_prints_what_is_shown():
    first = assignment.read(MASTERS[0])
    assert (
        f"…/course/release/{first.name}/{first.name}.ipynb: {first.points()} points, "
        f"{len(first.problems)} problems, {len(first.tests)} test cells, "
        f"{len(first.essays)} to grade by hand\n"
    ) in section("Hand out")


# ---------------------------------------------------------------- the commands


def test_every_target_is_one_of_the_makefile():
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", GUIDE, re.MULTILINE))
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert named >= {"homework", "grade", "formgrader"}
    assert named <= targets


def test_every_variable_is_one_of_the_makefile_and_every_option_of_grade_is_named():
    known = set(re.findall(r"\$\((?:if (?:\$\(filter 1,\$\()?)?([A-Z]+)\)", MAKEFILE))
    known |= set(re.findall(r"^export ([A-Z]+)$", MAKEFILE, re.MULTILINE))
    named = set(re.findall(r"\b([A-Z]{2,})=", GUIDE)) - {"PYTHONPATH"}
    named |= set(re.findall(r"^export ([A-Z]+)$", GUIDE, re.MULTILINE))
    grade = re.search(r"^grade:.*\n\t(.+)$", MAKEFILE, re.MULTILINE).group(1)
    options = set(re.findall(r"\b[A-Z]{2,}\b", grade)) - {"HOMEWORK"}
    assert len(options) >= 7
    assert options <= named <= known


def test_paths_that_the_guide_names_exist():
    named = re.findall(r"\b(?:book/_tools|notebooks/homework)(?:/\w[\w.]*)*", GUIDE)
    assert len(set(named)) >= 3
    assert [path for path in named if not (ROOT / path).exists()] == []


# ---------------------------------------------------------------- the students


def test_the_names_of_files_name_the_students_in_the_table(tmp_path):
    rows = table("Collect")
    for row in rows:
        path = tmp_path / row[0].strip("`")
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}", encoding="utf-8")
    found = collect(tmp_path, MASTERS[0].stem, Limits())
    assert [(one.student, one.fault) for one in found] == [(row[1], "") for row in rows]


def test_a_file_without_a_students_name_is_not_graded_as_the_guide_says(tmp_path):
    (name,) = re.findall(r"^A file that is still called `(\S+)` names nobody", GUIDE, re.MULTILINE)
    (tmp_path / name).write_text("{}", encoding="utf-8")
    [only] = collect(tmp_path, MASTERS[0].stem, Limits())
    assert only.fault == "the file's name names no student"


@pytest.mark.parametrize("master", MASTERS, ids=lambda path: path.stem)
def test_every_master_tells_the_students_the_same(master):
    opening = assignment.read(master).cells[0].source
    assert f"put your name into the file's name (`anna_{master.stem}.ipynb`" in opening
    assert "on Colab: *Runtime → Restart session and run all*" in opening
    assert "in JupyterLab: *Kernel → Restart Kernel and Run All Cells…*" in opening
    assert "You may hand in although a test still fails" in opening
    packages = "NumPy, SciPy," if "scipy" in assignment.read(master).cells[2].source else "NumPy,"
    assert (
        f"An answer may use {packages} `softlib`, the given cells, your other answers, "
        "and helper functions that you define in cells of your own."
    ) in opening


# ---------------------------------------------------------------- the grader


def test_every_status_is_explained():
    explained = re.findall(r"^`([a-z ]+)`\n: ", section("What each status means"), re.MULTILINE)
    assert explained == [*STATUSES, NOT_YET]


def test_the_limits_are_those_of_the_grader():
    limits = Limits()
    assert [row[1] for row in table("The limits")] == [
        f"{limits.memory / 2**30:g} GiB",
        f"{limits.disk / 2**20:g} MiB",
        f"{limits.files}",
        f"{limits.processes}",
        f"{limits.threads}",
        f"{limits.cell_seconds:g} s",
        f"{limits.answer_seconds:g} s",
        f"{limits.total_seconds:g} s",
        f"{limits.output} characters",
        f"{limits.all_output} characters",
        f"{limits.pictures} characters",
        f"{limits.file / 2**20:g} MiB",
        f"{MOST_CELLS}",
        f"{MOST_TEXT} characters",
    ]
    # The seconds of grace are no limit of what a submission may use; every other field is one.
    assert len(table("The limits")) == len(fields(Limits)) - 1 + 2
    assert f"Each notebook may need {limits.memory / 2**30:g} GiB of memory." in GUIDE


def test_the_traps_are_counted():
    words = ["six", "seven", "eight", "nine", "ten"]
    (said,) = re.findall(r"(\w+) traps, such as `assert False`", GUIDE)
    assert words.index(said.lower()) + 6 == len(CANARIES)
    assert "assert False" in CANARIES.values()


def test_bubblewrap_is_named_where_an_instructor_looks():
    for page in (GUIDE, (ROOT / "README.md").read_text(encoding="utf-8")):
        assert f"bubblewrap {'.'.join(map(str, OLDEST))} or newer" in page
        assert "apt-get install bubblewrap" in page


@pytest.mark.parametrize("page", ["README.md", "book/how_to_use.md", "book/index.md"])
def test_the_pages_that_speak_of_assigning_lead_here(page):
    assert re.search(r"\]\((?:book/)?instructors\.md\)", (ROOT / page).read_text(encoding="utf-8"))
