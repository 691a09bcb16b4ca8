"""The live figures compute in the browser what softlib computes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

import softlib
from softlib import tropical

MIME_TYPE = "application/vnd.vegalite.v5+json"
TOLERANCE = 1e-12

# Buttons count as a slider from the first value to the last.
SLIDERS = """figure => {
    const ranges = [...figure.querySelectorAll("input[type=range]")].map(
        ({name, min, max, step}) => ({name, min, max, step}));
    const buttons = [...figure.querySelectorAll("input[type=radio]")];
    const names = [...new Set(buttons.map(({name}) => name))];
    return ranges.concat(names.map((name) => {
        const values = buttons.filter((button) => button.name === name).map(({value}) => +value);
        return {name, min: Math.min(...values), max: Math.max(...values), step: 1};
    }));
}"""

# As a hand on the slider does it: the value, then the event. Returns what the chart then holds.
MOVE = """async (figure, [settings]) => {
    for (const [name, value] of Object.entries(settings)) {
        const button = figure.querySelector(`input[type=radio][name="${name}"][value="${value}"]`);
        if (button) { button.click(); continue; }
        const input = figure.querySelector(`input[name="${name}"]`);
        input.value = value;
        input.dispatchEvent(new Event("input", {bubbles: true}));
    }
    const view = figure.vegaView;
    await view.runAsync();
    const {data, signals} = view.getState({data: () => true, signals: () => true});
    const plain = (row) => Object.fromEntries(
        Object.entries(row).filter(([, value]) => ["number", "string"].includes(typeof value))
    );
    return {
        rows: Object.keys(data).flatMap((name) => view.data(name).map(plain)),
        signals: plain(Object.fromEntries(
            Object.keys(signals).map((name) => [name, view.signal(name)])
        )),
    };
}"""

# Words that are cut: out of the drawing, or too long for their place beside a slider.
CUT = """figure => {
    const drawing = figure.querySelector("svg").getBoundingClientRect();
    const numbers = [...figure.querySelectorAll(".vega-bind label > :last-child")]
        .filter(({scrollWidth, clientWidth}) => scrollWidth > clientWidth);
    return [...figure.querySelectorAll("svg text")].filter((text) => {
        const {left, right, top, bottom, width} = text.getBoundingClientRect();
        return width > 0 && (left < drawing.left - 1 || right > drawing.right + 1
            || top < drawing.top - 1 || bottom > drawing.bottom + 1);
    }).concat(numbers).map((text) => text.textContent);
}"""


def stored_figures(notebook: Path) -> int:
    """Count the live figures that a notebook stores."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return sum(MIME_TYPE in output.get("data", {}) for output in outputs)


def check_softmax(state: dict) -> int:
    """Compare what a chart plots with softlib; return how many probability vectors there were."""
    signals = state["signals"]
    z = [signals["z1"], signals["z2"], signals["z3"]]
    temperature = signals["T"]
    np.testing.assert_allclose(temperature, 10 ** signals["log10_T"], rtol=TOLERANCE)

    bars = {row["i"]: row for row in state["rows"] if "i" in row and "p" in row}
    if bars:
        p = [bars[i]["p"] for i in (1, 2, 3)]
        np.testing.assert_allclose([bars[i]["z"] for i in (1, 2, 3)], z, rtol=0, atol=0)
        np.testing.assert_allclose(p, softlib.softmax(z, temperature=temperature), atol=TOLERANCE)

    cells = [row for row in state["rows"] if "value" in row and "j" in row]
    jacobian = softlib.jacobian(z, temperature=temperature)
    for row in cells:
        i, j = row["i"] - 1, row["j"] - 1
        expected = jacobian[i, j] if j >= 0 else softlib.softmax(z, temperature=temperature)[i]
        np.testing.assert_allclose(row["value"], expected, atol=TOLERANCE)
    if cells:
        assert len({(row["i"], row["j"]) for row in cells}) == 12, "p and nine derivatives"

    points = [row for row in state["rows"] if "p1" in row and "t" in row]
    for row in points:
        p = [row["p1"], row["p2"], row["p3"]]
        np.testing.assert_allclose(p, softlib.softmax(z, temperature=row["t"]), atol=TOLERANCE)
    if points:
        assert any(row["t"] == temperature for row in points), "no dot at the slider's T"
    return bool(bars) + len(points)


def check_loss(state: dict) -> int:
    """Compare a loss, its gradient and the probabilities with softlib's."""
    z, right = [state["signals"][f"z{i}"] for i in (1, 2, 3)], state["signals"]["target"] - 1
    bars = {row["i"]: row for row in state["rows"] if "gradient" in row}
    columns = {key: [bars[i][key] for i in (1, 2, 3)] for key in ("z", "p", "y", "gradient")}
    assert columns["z"] == z
    assert columns["y"] == np.eye(3)[right].tolist()
    loss, gradient = softlib.cross_entropy(z, right), softlib.cross_entropy_gradient(z, right)
    np.testing.assert_allclose(state["signals"]["loss"], loss, atol=TOLERANCE)
    np.testing.assert_allclose(columns["p"], softlib.softmax(z), atol=TOLERANCE)
    np.testing.assert_allclose(columns["gradient"], gradient, atol=TOLERANCE)
    return 1


def check_levels(state: dict) -> int:
    """Compare populations, U, S and F of energy levels with softlib's."""
    rows, beta = state["rows"], state["signals"]["beta"]
    levels = {row["i"]: row for row in rows if "E" in row and "p" in row}
    energies, g, p = zip(*((row["E"], row["g"], row["p"]) for row in levels.values()), strict=True)
    wanted = softlib.canonical(energies, temperature=1 / beta if beta else np.inf, degeneracies=g)
    np.testing.assert_allclose(p, wanted.probabilities, rtol=0, atol=TOLERANCE)
    for row in levels.values():
        for name, number in zip("USF", (wanted.mean_energy, wanted.entropy, wanted.free_energy),
                                strict=True):  # fmt: skip
            np.testing.assert_allclose(row[name], number, rtol=TOLERANCE, atol=TOLERANCE)
    return len(levels)


def check_conjugate(state: dict) -> int:
    """Compare log-sum-exp, its tangent and the entropy with softlib's; return how many values."""
    d, t = state["signals"]["d"], state["signals"]["T"]
    p = softlib.softmax([d, 0], temperature=t)
    crossing = softlib.logsumexp([d, 0], temperature=t) - p[0] * d
    np.testing.assert_allclose(state["signals"]["p"], p[0], atol=TOLERANCE)
    np.testing.assert_allclose(state["signals"]["crossing"], crossing, atol=TOLERANCE)
    curve = [row for row in state["rows"] if "x" in row and "lse" in row]
    for row in curve:
        value = softlib.logsumexp([row["x"], 0], temperature=t)
        np.testing.assert_allclose(row["lse"], value, atol=TOLERANCE)
    dome = [row for row in state["rows"] if "q" in row and 0 < row["q"] < 1]
    for row in dome:
        q = np.array([row["q"], 1 - row["q"]])
        np.testing.assert_allclose(row["bonus"], -t * (q * np.log(q)).sum(), atol=TOLERANCE)
    ends = [row for row in state["rows"] if "line" in row]
    for row in ends:
        np.testing.assert_allclose(row["line"], crossing + p[0] * row["x"], atol=TOLERANCE)
    assert len(ends) == 2
    return min(len(curve), len(dome))


def check_polynomial(state: dict) -> int:
    """Compare a polynomial, its tropical limit and its shares with softlib's."""
    signals = state["signals"]
    a, t = [signals["a0"], signals["a1"], signals["a2"]], signals["T"]
    rows = [row for row in state["rows"] if "soft" in row]
    for row in rows:
        terms = np.array(a) + row["x"] * np.arange(3)
        soft = tropical.log_semiring(t).sum(terms)
        np.testing.assert_allclose(row["soft"], soft, atol=TOLERANCE)
        np.testing.assert_allclose(row["hard"], tropical.MAX_PLUS.sum(terms), atol=TOLERANCE)
        shares = softlib.softmax(terms, temperature=t)
        np.testing.assert_allclose([row[f"s{i}"] for i in range(3)], shares, atol=TOLERANCE)
    return len(rows)


def check_amoeba(state: dict) -> int:
    """On the border of the amoeba one of 0, u, v is the sum of the others over the semiring."""
    add = tropical.log_semiring(state["signals"]["T"]).add
    rows = [row for row in state["rows"] if "largest" in row]
    for row in rows:
        numbers = [0, row["u"], row["v"]]
        largest = numbers.pop(int(row["largest"]))
        np.testing.assert_allclose(largest, add(*numbers), atol=TOLERANCE)
    assert {row["largest"] for row in rows} == {0, 1, 2}
    return len(rows)


def check_floats(state: dict) -> int:
    """Compare what becomes of three logits in each format with NumPy's own arithmetic in it."""
    c, s, shift = (state["signals"][name] for name in ("c", "s", "shift"))
    z = np.array([c, c + s, c + 2 * s])
    x = z - z.max() if shift else z
    rows = {(row["format"], row["i"]): row for row in state["rows"] if "fate" in row}
    for dtype in (np.float16, np.float32, np.float64):
        shown = [rows[np.dtype(dtype).name, i] for i in (1, 2, 3)]
        with np.errstate(all="ignore"):
            e = np.exp(x.astype(dtype))
            p = e / e.sum()
        limits = np.finfo(dtype)
        close = {"rtol": max(TOLERANCE, 4 * limits.eps), "atol": 2 * limits.smallest_subnormal}
        assert [row["x"] for row in shown] == x.tolist()
        np.testing.assert_allclose([row["e"] for row in shown], e.astype(float), **close)
        np.testing.assert_allclose([row["p"] for row in shown], p.astype(float), **close)
        fates = np.where(e == 0, "rounds to 0", np.where(np.isinf(e), "overflows", "finite"))
        assert [row["fate"] for row in shown] == fates.tolist()
    if shift:
        p = [rows["float64", i]["p"] for i in (1, 2, 3)]
        np.testing.assert_allclose(p, softlib.softmax(z), rtol=0, atol=TOLERANCE)
    return 1


# What a figure shows is known by its sliders.
CHECKS: dict[frozenset[str], Callable[[dict], int]] = {
    frozenset({"z1", "z2", "z3", "log10_T"}): check_softmax,
    frozenset({"z1", "z2", "z3", "target"}): check_loss,
    frozenset({"beta"}): check_levels,
    frozenset({"d", "log10_T"}): check_conjugate,
    frozenset({"a0", "a1", "a2", "log10_T"}): check_polynomial,
    frozenset({"log10_T"}): check_amoeba,
    frozenset({"c", "s", "shift"}): check_floats,
}
# Where an exponential just overflows or vanishes; at 88 and 709 only a sum of three overflows.
EDGES = {
    check_floats: [
        {"c": c, "s": 0, "shift": 0} for c in (-746, -745, -104, -103, -18, -17, 11, 12, 88, 709)
    ]
}


def random_settings(sliders: list[dict], count: int) -> list[dict[str, float]]:
    """Return slider positions, the same ones every time, the ends of the sliders among them."""
    choose = random.Random(2)
    settings = [{s["name"]: float(s[end]) for s in sliders} for end in ("min", "max")]
    for _ in range(count):
        positions = {}
        for s in sliders:
            low, high, step = (float(s[key]) for key in ("min", "max", "step"))
            positions[s["name"]] = low + step * choose.randrange(round((high - low) / step) + 1)
        settings.append(positions)
    return settings


def move_all(page: Page) -> int:
    """Move every slider of every live figure of the page; return the number of figures."""
    figures = page.query_selector_all(".live-figure")
    for figure in figures:
        sliders = figure.evaluate(SLIDERS)
        compare = CHECKS[frozenset(s["name"] for s in sliders)]
        assert figure.evaluate(CUT) == []
        for setting in random_settings(sliders, count=12) + EDGES.get(compare, []):
            state = figure.evaluate(MOVE, [setting])
            for name, value in setting.items():
                assert state["signals"][name] == pytest.approx(value, abs=1e-9)
            assert compare(state) > 0
            assert figure.evaluate(CUT) == [], setting
    return len(figures)


def test_notebook_figures_agree_with_softlib(address: str, notebook: Path, visit: Callable) -> None:
    with visit(f"{address}/notebooks/{notebook.stem}.html") as page:
        assert move_all(page) == stored_figures(notebook)


def test_front_page_figure_agrees_with_softlib(address: str, visit: Callable) -> None:
    with visit(f"{address}/book/index.html") as page:
        assert move_all(page) >= 1


def test_the_jacobian_is_read_back(server: str, visit: Callable) -> None:
    with visit(f"{server}/notebooks/03_jacobian.html") as page:
        figure = page.query_selector(".live-figure")
        state = figure.evaluate(MOVE, [{"z1": 1, "z2": -2, "z3": 0.5}])
        cells = {(row["i"], row["j"]): row["value"] for row in state["rows"] if "value" in row}
        assert len(cells) == 12
        expected = softlib.jacobian([1, -2, 0.5])
        got = [[cells[i, j] for j in (1, 2, 3)] for i in (1, 2, 3)]
        np.testing.assert_allclose(got, expected, atol=TOLERANCE)


def test_figure_follows_the_keyboard(server: str, visit: Callable) -> None:
    with visit(f"{server}/book/index.html") as page:
        figure = page.query_selector(".live-figure")
        before = figure.evaluate(MOVE, [{}])["signals"]["z1"]
        figure.query_selector("input[name=z1]").focus()
        page.keyboard.press("ArrowLeft")
        state = figure.evaluate(MOVE, [{}])
        assert state["signals"]["z1"] < before
        assert check_softmax(state) > 0
