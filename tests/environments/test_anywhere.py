"""A notebook alone in an empty folder installs softlib through its setup cell, and runs.

It runs on the versions that Colab has, and on the newest releases. `make test` makes both
environments beforehand; here nothing reaches for a network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import rehome
from nbformat.v4 import new_code_cell

import notebooks

ROOT = notebooks.ROOT
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("[!.]*.ipynb"))
ENVIRONMENTS = (".venv-colab", ".venv-newest")
PROBE = """
import numpy, softlib, sys
print(numpy.__version__, numpy.__file__, softlib.__file__, sep="\\n")
"""
UNMET = """
import sys
from importlib.metadata import version
from packaging.requirements import Requirement
for line in filter(lambda line: not line.startswith("#"), sys.stdin):
    wanted = Requirement(line.strip())
    if not wanted.marker or wanted.marker.evaluate():
        if version(wanted.name) not in wanted.specifier:
            print(f"{wanted}, not {version(wanted.name)}")
"""


def ask(python: Path, source: str, given: str = "") -> str:
    command = [python, "-I", "-c", source]
    done = subprocess.run(command, input=given, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with the project as it stands now, committed or not."""
    folder = tmp_path_factory.mktemp("a repository")
    for path in rehome.files():
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    author = [
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@localhost",
        "-c",
        "commit.gpgsign=false",
    ]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "the working tree"]):
        subprocess.run(["git", "-C", folder, *author, *command], check=True)
    return folder


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> Path:
    """One of the prepared environments, in which softlib is missing."""
    folder = ROOT / request.param
    if not (folder / "bin" / "python").exists() or not any((ROOT / ".wheelhouse").glob("*.whl")):
        pytest.fail(f"no {request.param} or .wheelhouse: make test makes them", pytrace=False)
    return folder


@pytest.fixture
def layer(environment: Path, tmp_path: Path) -> Path:
    """The interpreter of a throwaway environment that sees what the prepared one has.

    What the setup cell installs lands here, so that the next notebook starts without it.
    """
    home = tmp_path / "layer"
    subprocess.run(
        [environment / "bin" / "python", "-m", "venv", "--without-pip", home], check=True
    )
    inherited, own = (
        Path(ask(python, "import sysconfig; print(sysconfig.get_path('purelib'))"))
        for python in (environment / "bin" / "python", home / "bin" / "python")
    )
    (own / "inherited.pth").write_text(f"{inherited}\n")
    return home / "bin" / "python"


@pytest.fixture
def numpy_files(environment: Path) -> Iterator[None]:
    """Hold that NumPy's files are the same before and after the test."""

    def state() -> dict[Path, int]:
        found = environment.glob("lib/python*/site-packages/numpy*/**/*.py")
        return {path: path.stat().st_mtime_ns for path in found}

    before = state()
    assert len(before) > 100
    yield
    assert state() == before


@pytest.mark.parametrize("environment", ENVIRONMENTS[:1], indirect=True)
def test_colab_has_the_versions_that_are_listed(environment: Path) -> None:
    listed = (ROOT / "tests" / "environments" / "colab.txt").read_text(encoding="utf-8")
    assert "numpy==2.0.2" in listed
    assert ask(environment / "bin" / "python", UNMET, listed) == ""


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        pytest.param(environment, path, id=f"{environment}-{path.stem}")
        for environment in ENVIRONMENTS
        for path in NOTEBOOKS
    ],
    indirect=["environment"],
)
@pytest.mark.usefixtures("numpy_files")
def test_a_notebook_alone_runs(path: Path, layer: Path, repository: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(path, alone)
    numpy_before = ask(layer, "import numpy; print(numpy.__version__, numpy.__file__, sep='\\n')")
    assert ask(layer, "from importlib.util import find_spec; print(find_spec('softlib'))") == "None"

    notebook = notebooks.read(alone / path.name)[1]
    notebook.cells.append(new_code_cell(PROBE))
    offline = {
        "SOFTLIB_SOURCE": f"git+{repository.as_uri()}",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": (ROOT / ".wheelhouse").as_uri(),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPATH": "",
    }
    notebooks.execute(notebook, alone, python=str(layer), env=offline)

    setup, probe = notebook.cells[1], notebook.cells[-1]
    assert setup.outputs == []
    # What one cell prints may come in several pieces.
    *numpy_after, softlib = "".join(output.text for output in probe.outputs).splitlines()
    assert numpy_after == numpy_before.splitlines()
    assert Path(softlib).is_relative_to(layer.parents[1])
    assert [file.name for file in alone.iterdir()] == [path.name]
