"""The directive that shows a notebook's live figure finds it, and writes what no page can break."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book" / "_ext"))

import live_figures  # found by the line above


@pytest.fixture
def chapter(tmp_path: Path) -> Path:
    shown = {"data": {live_figures.MIME_TYPE: {"mark": "bar"}}}
    cells = [
        {"id": "a", "metadata": {"softmax_book": {"figure": "bars"}}, "outputs": [{}, shown]},
        {"id": "b", "metadata": {}, "outputs": []},
    ]
    path = tmp_path / "chapter.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["a", "bars"])
def test_a_figure_is_found_by_its_name_and_by_its_cell(chapter: Path, name: str) -> None:
    assert live_figures.stored_figure(chapter, name) == {"mark": "bar"}


@pytest.mark.parametrize(("name", "said"), [("b", "no live figure"), ("c", "no cell")])
def test_a_figure_that_is_not_there_is_a_lookup_error(chapter: Path, name: str, said: str) -> None:
    with pytest.raises(LookupError, match=said):
        live_figures.stored_figure(chapter, name)


def test_no_word_of_a_figure_ends_its_script() -> None:
    spec = {"title": "</script><b>bold</b>"}
    translator = SimpleNamespace(body=[])
    with pytest.raises(nodes.SkipNode):
        live_figures.visit_html(translator, live_figures.live_figure(spec=spec))
    (page,) = translator.body
    stored = page.partition('<script type="application/json">')[2].partition("</script>")[0]
    assert json.loads(stored) == spec
    assert "<noscript><p>" in page
