"""`make homework`: the students' copies, and the distrust with which they are looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from homework import __main__, assignment, course, release

MASTERS = sorted(course.MASTERS.glob("hw*.ipynb"))


@pytest.fixture
def copy(handed_out: Callable, master: Path, tmp_path: Path) -> Path:
    """The toy's copy, as a file to spoil."""
    path = tmp_path / master.name
    path.write_text(handed_out(master), encoding="utf-8")
    return path


def spoil(path: Path, name: str, change: Callable) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
            change(cell)
    nbformat.write(notebook, path)


def add(line: str) -> Callable:
    return lambda cell: cell.update(source=f"{cell.source}\n{line}")


@pytest.fixture(autouse=True)
def colab() -> None:
    if not release.COLAB.exists():
        pytest.fail("no .venv-colab: make test makes it", pytrace=False)


def test_the_command_makes_copies_and_says_what_they_are(
    master: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--masters", str(master.parent), "--course", str(tmp_path / "course"), "make"]
    assert __main__.main(words) == 0
    path = tmp_path / "course" / "release" / "hw0_toy" / "hw0_toy.ipynb"
    said = "14 points, 3 problems, 3 test cells, 1 to grade by hand"
    assert capsys.readouterr().out == f"{path}: {said}\n"
    made = nbformat.read(path, as_version=4)
    sources = "\n".join(cell.source for cell in made.cells)
    assert "shifted" not in sources  # the solution
    assert "1000.25" not in sources  # a hidden test
    assert "naming the symmetry" not in sources  # the rubric
    assert "two logits, two probabilities" in sources  # a visible test
    assert not any(cell.get("outputs") for cell in made.cells)


def test_a_copy_with_a_fault_is_not_left_lying_about(
    master: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Here a test that an unanswered notebook passes."""
    notebook = nbformat.read(master, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "p1_value":
            cell.source = "assert True\n### BEGIN HIDDEN TESTS\nmine([0])\n### END HIDDEN TESTS"
    (tmp_path / "masters").mkdir()
    nbformat.write(notebook, tmp_path / "masters" / "hw0_toy.ipynb")
    words = ["--masters", str(tmp_path / "masters"), "--course", str(tmp_path / "course"), "make"]
    assert __main__.main(words) == 1
    assert "p1_value: it passes on an unanswered notebook" in capsys.readouterr().err
    assert not list((tmp_path / "course" / "release").rglob("*.ipynb"))


@pytest.mark.parametrize("path", MASTERS, ids=lambda path: path.stem)
def test_the_books_own_copies_are_in_order(
    path: Path, handed_out: Callable, tmp_path: Path
) -> None:
    """Nothing secret is in it; on Colab's versions it runs, and its tests fail until answered."""
    asked, copy = assignment.read(path), tmp_path / path.name
    copy.write_text(handed_out(path), encoding="utf-8")
    assert list(release.faults(asked, copy)) == []
    assert list(release.trial_faults(asked, copy)) == []


@pytest.mark.parametrize(
    ("name", "line", "fault"),
    [
        ("p1", "    shifted = np.exp(z - np.max(z))", "a line that is to stay hidden"),
        ("p1_stable", "z = np.array([1000.25, 1001.0])", "a line that is to stay hidden"),
        ("p3_text", "5 points for naming the symmetry.", "a line that is to stay hidden"),
        ("p2", "### BEGIN SOLUTION", "a mark is left"),
        ("p1_value", "print(1)", "not the text that is to be handed out"),
    ],
)
def test_what_leaks_is_named(
    asked: assignment.Assignment, copy: Path, name: str, line: str, fault: str
) -> None:
    assert list(release.faults(asked, copy)) == []
    spoil(copy, name, add(line))
    assert any(found.startswith(f"{name}: {fault}") for found in release.faults(asked, copy))


def test_a_text_that_is_answered_already_is_named(
    asked: assignment.Assignment, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = "no answer that is graded by hand is left open"
    monkeypatch.setattr(release.notebooks, "execute", lambda *_, **__: None)
    assert answered not in release.trial_faults(asked, copy)
    spoil(copy, "p3", lambda cell: cell.update(source="Swapping equals."))
    assert answered in release.trial_faults(asked, copy)


def test_outputs_and_missing_cells_are_named(asked: assignment.Assignment, copy: Path) -> None:
    spoil(copy, "imports", lambda cell: cell.update(execution_count=3))
    assert list(release.faults(asked, copy)) == ["imports: the master's outputs are still there"]
    notebook = nbformat.read(copy, as_version=4)
    del notebook.cells[-1]
    nbformat.write(notebook, copy)
    assert list(release.faults(asked, copy)) == ["10 cells in place of 11"]


def test_a_given_cell_that_fails_is_named(asked: assignment.Assignment, copy: Path) -> None:
    """Such as one that needs what Colab or a student does not have."""
    spoil(copy, "imports", add("import nbgrader"))
    [fault] = release.trial_faults(asked, copy)
    assert fault == "imports: it fails: ModuleNotFoundError: No module named 'nbgrader'"
