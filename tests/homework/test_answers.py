"""Each assignment's tests tell right answers from wrong ones, and give the points they must."""

from __future__ import annotations

import importlib.util
import re
from collections import defaultdict
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import nbformat
import pytest
from homework import assignment, course
from homework.judge import judge
from nbgrader.nbgraderformat import MetadataValidator

MASTERS = sorted(course.MASTERS.glob("hw*.ipynb"))
ANSWERS = Path(__file__).parent / "answers"
# A rubric: "- 2 points: this (1), and that (1)." or "**Part 1 (2 points).** 1: this. 1: that."
PART = re.compile(r"^(?=- |\*\*Part )", re.MULTILINE)
POINTS = re.compile(r"(?:- |\*\*Part \d+ \()(\d+) points?\b")
ITEM = re.compile(r"(?<=[*.] )(\d+): |(?<!\d )\((\d+)[;)]")  # but Theorem 1.4 (2) gives none


def load(name: str) -> object:
    spec = importlib.util.spec_from_file_location(name, ANSWERS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def solutions(master: Path) -> dict[str, str]:
    """Return the master's own answers, by cell."""
    return {
        cell.grade_id: cell.source
        for cell in assignment.read(master).cells
        if cell.kind in ("answer", "essay")
    }


def together(answers: list[dict]) -> list[list[dict]]:
    """Put wrong answers to different problems into one notebook: each touches one problem only."""
    by_problem: dict[str, list[dict]] = defaultdict(list)
    for wrong in answers:
        [problem] = {cell.split("_")[0] for cell in wrong["cells"]}
        assert {cell.split("_")[0] for cell in wrong["lost"]} == {problem}, wrong["name"]
        by_problem[problem].append(wrong)
    return [list(filter(None, group)) for group in zip_longest(*by_problem.values())]


GROUPS = [
    pytest.param(master, group, id=f"{master.stem}-{number}")
    for master in MASTERS
    for number, group in enumerate(together(load(master.stem).ANSWERS))
]


@pytest.fixture
def judged(handed_out: Callable, answer: Callable) -> Callable:
    def judged(master: Path, cells: dict[str, str]) -> dict[str, bool]:
        verdict = judge(assignment.read(master), answer(handed_out(master), cells))
        assert (verdict.status, verdict.detail) == ("graded", "")
        return verdict.passed

    return judged


@pytest.mark.parametrize(("master", "group"), GROUPS)
def test_wrong_answers_lose_what_they_must(
    master: Path, group: list[dict], judged: Callable
) -> None:
    cells, lost = solutions(master), set()
    for wrong in group:
        cells |= wrong["cells"]
        lost |= set(wrong["lost"])
    passed = judged(master, cells)
    names = [wrong["name"] for wrong in group]
    assert {test for test, well in passed.items() if not well} == lost, names


@pytest.mark.parametrize("master", MASTERS, ids=lambda path: path.stem)
def test_the_masters_own_answers_get_every_point(master: Path, judged: Callable) -> None:
    passed = judged(master, solutions(master))
    assert set(passed) == {test.grade_id for test in assignment.read(master).tests}
    assert all(passed.values())


@pytest.mark.parametrize("path", sorted(ANSWERS.glob("other_right_*.py")), ids=lambda p: p.stem)
def test_right_answers_by_other_routes_get_every_point(path: Path, judged: Callable) -> None:
    master = course.MASTERS / f"{path.stem.removeprefix('other_right_')}.ipynb"
    passed = judged(master, solutions(master) | load(path.stem).ANSWERS)
    assert all(passed.values()), [test for test, well in passed.items() if not well]


@pytest.mark.parametrize("master", MASTERS, ids=lambda path: path.stem)
def test_an_unanswered_copy_gets_no_point(master: Path, judged: Callable) -> None:
    assert not any(judged(master, {}).values())


# ---------------------------------------------------------------- the assignments as such


@pytest.mark.parametrize("master", MASTERS, ids=lambda path: path.stem)
def test_an_assignment_is_of_a_fair_size(master: Path) -> None:
    asked = assignment.read(master)
    assert 5 <= len(asked.problems) <= 7
    assert 40 <= asked.points() <= 60
    assert asked.essays, "one question is graded by hand"
    by_hand = sum(cell.points for cell in asked.essays)
    assert by_hand <= asked.points() / 4
    assert any(assignment.hidden_lines(test.source) for test in asked.tests)
    assert any(test.handed_out.strip() for test in asked.tests)


@pytest.mark.parametrize("master", MASTERS, ids=lambda path: path.stem)
def test_there_are_six_wrong_answers_and_each_test_notices_one(master: Path) -> None:
    answers, asked = load(master.stem).ANSWERS, assignment.read(master)
    assert len(answers) >= 6
    assert all(wrong["lost"] for wrong in answers)
    noticed = {test for wrong in answers for test in wrong["lost"]}
    assert noticed == {test.grade_id for test in asked.tests}
    problems = {test.problem for test in asked.tests}
    everything = {p: {t.grade_id for t in asked.tests if t.problem == p} for p in problems}
    partial = [w for w in answers if set(w["lost"]) < everything[w["lost"][0].split("_")[0]]]
    assert partial, "some wrong answers get a part of the points"


@pytest.mark.parametrize("master", MASTERS, ids=lambda path: path.stem)
def test_rubrics_add_up(master: Path) -> None:
    asked = assignment.read(master)
    for essay in asked.essays:
        schemes = [
            cell.source.split("BEGIN MARK SCHEME")[1]
            for cell in asked.cells
            if cell.problem == essay.problem and "BEGIN MARK SCHEME" in cell.source
        ]
        parts = [part for scheme in schemes for part in PART.split(scheme)[1:]]
        assert sum(int(POINTS.match(part)[1]) for part in parts) == essay.points
        for part in parts:
            items = [int(early or late) for early, late in ITEM.findall(part)]
            assert sum(items) == int(POINTS.match(part)[1]) or not items, part


def test_masters_are_stored_as_nbgrader_reads_them() -> None:
    for master in MASTERS:
        notebook = nbformat.read(master, as_version=4)
        MetadataValidator().validate_nb(notebook)
        graded = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
        assert all(cell.metadata.nbgrader.points > 0 for cell in graded)
