"""The tool that executes and normalises notebooks."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import notebooks

CHUNK_OF_SOFTWARE = b"\x00\x00\x00\x0ctEXtSoftware\x00pen\x00\x00\x00\x00"
DRAWING = """
import matplotlib.pyplot as plt
plt.plot([1, 3, 2])
plt.show()
"""


def write(folder: Path, *cells: nbformat.NotebookNode, name: str = "sample.ipynb") -> Path:
    path = folder / name
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def reread(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def test_running_twice_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, new_markdown_cell("# σ"), new_code_cell(DRAWING), new_code_cell("1 + 1"))
    assert notebooks.main(["--check", str(path)]) == 1
    assert "not in canonical form" in capsys.readouterr().err
    before = path.read_bytes()
    assert notebooks.main([str(path)]) == 0
    once = path.read_bytes()
    assert once != before
    assert notebooks.main([str(path)]) == 0
    assert notebooks.main(["--check", str(path)]) == 0
    assert path.read_bytes() == once
    assert "σ" in once.decode()
    assert [cell.get("execution_count") for cell in reread(path).cells] == [None, 1, 2]
    assert reread(path).cells[2].outputs[0].data == {"text/plain": "2"}
    assert b"tEXt" not in base64.b64decode(reread(path).cells[1].outputs[0].data["image/png"])


def test_check_sees_an_output_that_a_new_run_would_change(tmp_path: Path) -> None:
    path = write(tmp_path, new_code_cell("print(6 * 7)"))
    notebooks.main([str(path)])
    path.write_text(path.read_text().replace("42", "41"))
    assert notebooks.main(["--check", "--no-execute", str(path)]) == 0
    assert notebooks.main(["--check", str(path)]) == 1


def test_a_sample_of_the_machine_stays_until_it_is_cleared(tmp_path: Path) -> None:
    source = "from time import perf_counter; print(perf_counter())"
    tagged = new_code_cell(source, metadata={"tags": ["nbval-ignore-output"]})
    path = write(tmp_path, tagged, new_code_cell(source))
    notebooks.main([str(path)])
    first = [cell.outputs for cell in reread(path).cells]
    notebooks.main([str(path)])
    second = [cell.outputs for cell in reread(path).cells]
    assert (first[0] == second[0], first[1] == second[1]) == (True, False)
    cleared = reread(path)
    cleared.cells[0].outputs = []
    nbformat.write(cleared, path)
    notebooks.main([str(path)])
    assert reread(path).cells[0].outputs not in ([], first[0])


def test_a_notebook_runs_in_its_own_folder_with_this_interpreter(tmp_path: Path) -> None:
    (tmp_path / "beside.txt").write_text("found")
    path = write(
        tmp_path, new_code_cell("import sys; print(open('beside.txt').read(), sys.executable)")
    )
    notebooks.main([str(path)])
    assert reread(path).cells[0].outputs[0].text == f"found {sys.executable}\n"


def test_an_error_is_one_line_that_names_the_cell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, new_markdown_cell("# T"), new_code_cell("raise ValueError('a\\nb')"))
    before = path.read_bytes()
    assert notebooks.main([str(path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("sample.ipynb: cell 2: ValueError: a b")
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["{x", "[]", '{"a": 1}', '{"nbformat": 4, "cells": [{}]}', None])
def test_what_is_no_notebook_is_one_line(
    text: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sample.ipynb"
    if text is not None:
        path.write_text(text)
    assert notebooks.main(["--no-execute", str(path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "sample.ipynb: not a notebook: " in line


def canonical(*cells: nbformat.NotebookNode, **metadata: object) -> dict:
    notebook = new_notebook(metadata=metadata)
    notebook.cells.extend(cells)
    return json.loads(notebooks.canonical(notebook))


def test_only_what_belongs_to_the_book_is_kept() -> None:
    kept = {
        "tags": ["hide-input"],
        "mystnb": {"image": {"alt": "x"}},
        "softmax_book": {"covers": []},
    }
    traces = {"execution": {"iopub": "now"}, "collapsed": True, "jupyter": {"outputs_hidden": True}}
    whole = canonical(
        new_code_cell("1 ", metadata={**kept, **traces}), new_code_cell(""), widgets={"state": 1}
    )
    assert whole["metadata"] == notebooks.NOTEBOOK_METADATA
    assert [cell["metadata"] for cell in whole["cells"]] == [kept]
    assert whole["cells"][0]["source"] == ["1"]


def test_a_cell_that_never_ran_does_not_look_as_if_it_had() -> None:
    assert canonical(new_code_cell("1"))["cells"][0]["execution_count"] is None


def test_ids_stay_and_copies_get_their_own() -> None:
    cells = [
        new_code_cell(source, id=name) for source, name in (("1", "a"), ("2", "a"), ("2", "a"))
    ]
    ids = [cell["id"] for cell in canonical(*cells)["cells"]]
    assert ids[0] == "a"
    assert len(set(ids)) == 3
    assert ids == [cell["id"] for cell in canonical(*cells)["cells"]]


def test_streams_are_merged() -> None:
    pieces = [new_output("stream", name="stdout", text=text) for text in ("a\n", "b\n")]
    warning = new_output("stream", name="stderr", text="c\n")
    (cell,) = canonical(new_code_cell("1", outputs=[*pieces, warning, *pieces]))["cells"]
    texts = [(output["name"], "".join(output["text"])) for output in cell["outputs"]]
    assert texts == [("stdout", "a\nb\n"), ("stderr", "c\n"), ("stdout", "a\nb\n")]


@pytest.mark.parametrize(
    ("kept", "dropped"),
    [
        (notebooks.VEGA, "text/html"),
        ("text/latex", "image/png"),
        ("text/html", "application/vnd.other+json"),
    ],
)
def test_one_rich_form_of_each_output_is_kept(kept: str, dropped: str) -> None:
    data = {dropped: "", kept: "1", "text/plain": "1"}
    output = new_output("display_data", data, metadata={kept: {"traces": 1}})
    (cell,) = canonical(new_code_cell("1", outputs=[output]))["cells"]
    assert set(cell["outputs"][0]["data"]) == {kept, "text/plain"}
    assert cell["outputs"][0]["metadata"] == {}


def test_a_picture_does_not_name_its_software() -> None:
    path = notebooks.TEMPLATE
    (encoded,) = (
        output.data["image/png"]
        for cell in notebooks.read(path)[1].cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    )
    png = base64.b64decode(encoded)
    signed = png[:33] + CHUNK_OF_SOFTWARE + png[33:]
    output = new_output("display_data", {"image/png": base64.encodebytes(signed).decode()})
    (cell,) = canonical(new_code_cell("1", outputs=[output]))["cells"]
    assert cell["outputs"][0]["data"]["image/png"] == encoded


def test_all_notebooks_means_the_chapters_and_the_template(tmp_path: Path) -> None:
    for name in ("b/2.ipynb", "1.ipynb", ".ipynb_checkpoints/1.ipynb"):
        (tmp_path / "notebooks" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "notebooks" / name).touch()
    found = [
        path.relative_to(tmp_path / "notebooks").as_posix()
        for path in notebooks.all_notebooks(tmp_path)
    ]
    assert found == ["1.ipynb", "b/2.ipynb"]
    assert notebooks.TEMPLATE in notebooks.all_notebooks()
