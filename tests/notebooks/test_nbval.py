"""The project's own pytest settings catch a stored output that is no longer true."""

from __future__ import annotations

import re
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import notebooks

CELLS = {
    "stream": "print(1000 + 234)",
    "value": "5000 + 678",
    "address": "object()",
    "live": f"""
from IPython.display import display
display({{"{notebooks.VEGA}": {{"width": 300}}, "text/plain": "bars"}}, raw=True)
""",
}
CHANGES = {
    "stream": ("1234", "1235"),
    "value": ("5678", "5679"),
    "live": ('"width": 300', '"width": 301'),
}


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Run the true notebook, and one with a change in each output, and name the cells that fail."""
    folder = tmp_path_factory.mktemp("nbval")
    true = folder / "true.ipynb"
    cells = [new_code_cell(source.strip(), id=name) for name, source in CELLS.items()]
    nbformat.write(new_notebook(cells=cells), true)
    assert notebooks.main([str(true)]) == 0
    text = true.read_text()
    for name, (old, new) in CHANGES.items():
        assert text.count(old) == 1
        (folder / f"{name}.ipynb").write_text(text.replace(old, new))
    command = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-n0", "-rA"]
    command += ["-p", "no:cacheprovider", str(folder)]
    report = subprocess.run(
        command, cwd=notebooks.ROOT, capture_output=True, text=True, check=False
    )
    results = re.findall(
        r"^(PASSED|FAILED) \S*?(\w+)\.ipynb::Cell (\d)", report.stdout, re.MULTILINE
    )
    assert len(results) == len(CELLS) * (1 + len(CHANGES)), report.stdout
    names = list(CELLS)
    return {f"{file}: {names[int(cell)]}" for word, file, cell in results if word == "FAILED"}


def test_true_outputs_pass_and_changed_ones_fail(failures: set[str]) -> None:
    assert failures == {f"{name}: {name}" for name in CHANGES}
