"""Execute notebooks and bring them to the canonical form in which the repository keeps them.

A notebook in canonical form was run from top to bottom and shows nothing of the machine or the
moment that ran it: running it again changes no byte, and a difference under version control is a
difference in the book. What a cell measures of the machine itself is a sample: with the tag
`nbval-ignore-output` it is run like any other, and keeps the output that it has. Clear that output
to take a new sample.

    python book/_tools/notebooks.py                  execute and normalise every notebook
    python book/_tools/notebooks.py --check          change nothing; fail if a notebook would change
    python book/_tools/notebooks.py --no-execute …   normalise only (what the pre-commit hook does)
"""

from __future__ import annotations

import argparse
import base64
import copy
import hashlib
import os
import sys
import tempfile
import warnings
from pathlib import Path

import nbformat
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "book" / "_tools" / "template.ipynb"

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = ("mystnb", "nbgrader", "softmax_book", "tags")
VEGA = "application/vnd.vegalite.v5+json"
# JupyterLab prefers HTML to a live figure, and other viewers have preferences of their own, so that
# each output keeps the first of these that it has, and its plain text.
MIME_TYPES = (VEGA, "text/latex", "image/svg+xml", "image/png", "text/html", "text/markdown")
SAMPLE = "nbval-ignore-output"
PNG_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"pHYs", b"IDAT", b"IEND")


class NotebookError(Exception):
    """What is wrong with a notebook, in one line."""


def all_notebooks(root: Path = ROOT) -> list[Path]:
    """List the book's notebooks, and the template that new chapters start from."""
    found = sorted((root / "notebooks").rglob("*.ipynb"))
    template = root / TEMPLATE.relative_to(ROOT)
    return [path for path in found if ".ipynb_checkpoints" not in path.parts] + [
        template
    ] * template.exists()


def read(path: Path) -> tuple[str, nbformat.NotebookNode]:
    """Return the notebook as text and as a tree."""
    try:
        text = path.read_text(encoding="utf-8")
        # nbformat.read would give cells without an id a new random one each time.
        notebook = nbformat.v4.reads(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nbformat.validate(copy.deepcopy(notebook))
    except (OSError, ValueError, AttributeError, nbformat.ValidationError) as error:
        raise NotebookError(f"not a notebook: {_one_line(error)}") from error
    return text, notebook


def _one_line(error: Exception | str) -> str:
    return " ".join(str(error).split())[:300]


# ---------------------------------------------------------------- executing


class OneKernel(KernelSpecManager):
    """Offers one interpreter's kernel only, whatever kernels are registered on the machine."""

    def __init__(self, python: str) -> None:
        super().__init__()
        self.python = python

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return this interpreter's kernel, whatever name is asked for."""
        launch = [self.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        quiet = ["--IPKernelApp.log_level=40"]  # ipykernel 7 warns of each connection over TCP
        return KernelSpec(argv=launch + quiet, display_name="Python 3", language="python")


def execute(
    notebook: nbformat.NotebookNode,
    folder: Path,
    *,
    python: str = sys.executable,
    env: dict[str, str] | None = None,
    timeout: float = 300,
) -> None:
    """Run the notebook in place, top to bottom, with `folder` as its working directory.

    `python` is the interpreter that runs it, `env` is added to its environment, and no cell may
    take longer than `timeout` seconds.
    """
    running = 0

    def remember(cell: nbformat.NotebookNode, cell_index: int) -> None:
        nonlocal running
        running = cell_index + 1

    with tempfile.TemporaryDirectory() as profile:
        # The reader's IPython profile and plotting backend must not show in the outputs.
        clean = {"IPYTHONDIR": profile, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        client = NotebookClient(
            notebook,
            km=AsyncKernelManager(kernel_spec_manager=OneKernel(python)),
            resources={"metadata": {"path": str(folder)}},
            timeout=timeout,
            record_timing=False,
            on_cell_start=remember,
        )
        try:
            # A kernel manager that was passed in is otherwise left running.
            client.execute(cleanup_kc=True, env={**os.environ, **clean, **(env or {})})
        except (CellControlSignal, DeadKernelError) as error:
            reason = f"{error.ename}: {error.evalue}" if hasattr(error, "ename") else str(error)
            raise NotebookError(f"cell {running}: {_one_line(reason)}") from error


# ---------------------------------------------------------------- normalising


def canonical(notebook: nbformat.NotebookNode) -> str:
    """Return the notebook's canonical text. The outputs are taken as they are: see `execute`."""
    cells, seen, count = [], set(), 0
    for cell in notebook.cells:
        source = cell.source.rstrip()
        if not source:
            continue
        kept = {
            "cell_type": cell.cell_type,
            "id": _unique_id(cell, seen),
            "metadata": {
                key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)
            },
            "source": source,
        }
        if cell.cell_type == "code":
            count += 1
            ran = count if cell.execution_count else None
            kept |= {"execution_count": ran, "outputs": _outputs(cell.outputs, ran)}
        cells.append(kept)
    whole = {"cells": cells, "metadata": NOTEBOOK_METADATA, "nbformat": 4, "nbformat_minor": 5}
    return (
        nbformat.writes(nbformat.from_dict(whole), version=4, indent=1, ensure_ascii=False) + "\n"
    )


def _unique_id(cell: nbformat.NotebookNode, seen: set[str]) -> str:
    """Return the cell's id, or, where it has none or a copied one, one made from its text."""
    name, text = cell.get("id"), cell.source
    while not name or name in seen:
        name = hashlib.sha256(text.encode()).hexdigest()[:8]
        text += " "
    seen.add(name)
    return name


def _outputs(outputs: list[nbformat.NotebookNode], count: int | None) -> list[dict]:
    kept: list[dict] = []
    for output in outputs:
        if output.output_type == "stream":
            # The kernel cuts a stream into pieces as it pleases.
            if kept and kept[-1].get("name") == output.name:
                kept[-1]["text"] += output.text
            else:
                kept.append({"output_type": "stream", "name": output.name, "text": output.text})
        elif output.output_type == "error":
            kept.append(dict(output))
        else:
            kept.append(_display(output))
            if output.output_type == "execute_result":
                kept[-1]["execution_count"] = count
    return kept


def _display(output: nbformat.NotebookNode) -> dict:
    shown = [mime for mime in MIME_TYPES if mime in output.data][:1]
    data = {mime: output.data[mime] for mime in [*shown, "text/plain"] if mime in output.data}
    metadata = {}
    if "image/png" in data:
        data["image/png"] = _bare_png(data["image/png"])
        if size := output.metadata.get("image/png"):
            metadata["image/png"] = size
    return {"output_type": output.output_type, "data": data, "metadata": metadata}


def _bare_png(encoded: str) -> str:
    """Return the picture without the chunks that name the software or the time that made it."""
    png = base64.b64decode(encoded)
    kept, start = png[:8], 8
    while start < len(png):
        end = start + 12 + int.from_bytes(png[start : start + 4], "big")
        if png[start + 4 : start + 8] in PNG_CHUNKS:
            kept += png[start:end]
        start = end
    return base64.b64encode(kept).decode()


# ---------------------------------------------------------------- the command


def renew(path: Path, *, executing: bool) -> tuple[str, str]:
    """Return the notebook's text as it stands, and in canonical form."""
    text, notebook = read(path)
    if executing:
        stored = copy.deepcopy(notebook)
        execute(notebook, path.resolve().parent)
        _keep_samples(stored, notebook)
    return text, canonical(notebook)


def _keep_samples(stored: nbformat.NotebookNode, fresh: nbformat.NotebookNode) -> None:
    for before, now in zip(stored.cells, fresh.cells, strict=True):
        if SAMPLE in now.metadata.get("tags", []) and before.outputs:
            now.outputs = before.outputs


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(
        description="Execute notebooks and bring them to their canonical form."
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail if a notebook would change"
    )
    parser.add_argument(
        "--no-execute", action="store_true", help="normalise the stored outputs, do not run"
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, help="notebooks (default: all of the book's)"
    )
    options = parser.parse_args(arguments)

    failed = False
    for path in options.paths or all_notebooks():
        name = os.path.relpath(path)
        try:
            text, renewed = renew(path, executing=not options.no_execute)
        except NotebookError as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
            continue
        if text == renewed:
            continue
        if options.check:
            print(f"{name}: not in canonical form; `make notebooks` mends it", file=sys.stderr)
            failed = True
        else:
            path.write_text(renewed, encoding="utf-8", newline="\n")
            print(f"{name}: renewed")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
