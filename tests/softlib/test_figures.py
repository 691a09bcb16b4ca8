"""softlib.figures: style, triangle, and live figures that carry what every host needs."""

import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from softlib import figures

LIVE = [figures.live_bars, figures.live_triangle, figures.live_jacobian]  # three logits and T
EVERY_LIVE = [getattr(figures, name) for name in figures.__all__ if name.startswith("live_")]


@pytest.fixture(autouse=True)
def _restore_style():
    with mpl.rc_context():
        yield
    plt.close("all")


def test_use_sets_the_style_and_an_opaque_background():
    figures.use()
    assert mpl.rcParams["figure.facecolor"] == "white"
    assert mpl.rcParams["axes.prop_cycle"].by_key()["linestyle"] == ["-", "--", "-."]


@pytest.mark.parametrize(("module", "renderer"), [("", "softlib"), ("google.colab", "colab")])
def test_the_renderer_follows_the_host(module, renderer):
    code = (
        f"import sys; sys.modules[{module!r}] = sys; from softlib import figures; figures.use();"
        "import altair; print(altair.renderers.active)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == renderer


def test_to_triangle_is_affine_and_preserves_distances_between_corners():
    corners = figures.to_triangle(np.eye(3))
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    np.testing.assert_allclose(sides, 1, rtol=1e-15)
    p = np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(figures.to_triangle(p), p @ corners, rtol=1e-15)
    with pytest.raises(ValueError, match="p:"):
        figures.to_triangle([0.5, 0.5])


def test_triangle_labels_its_corners():
    _, ax = plt.subplots()
    assert figures.triangle(ax, ["cat", "dog", "cow"]) is ax
    assert [t.get_text() for t in ax.texts] == ["cat", "dog", "cow"]


def test_triangle_wants_three_labels_before_it_draws():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match=r"^labels: .* got 2"):
        figures.triangle(ax, ["cat", "dog"])
    assert not ax.has_data()


@pytest.mark.parametrize(
    ("figure", "name"),
    [
        (lambda: figures.live_bars(["a", "b", "c"]), "z"),
        (lambda: figures.live_bars([1, 2, 3 + 1j]), "z"),
        (lambda: figures.live_bars(np.ma.array([1.0, 2, 3], mask=[0, 0, 1])), "z"),
        (lambda: figures.live_bars(temperature="1"), "temperature"),
        (lambda: figures.live_conjugate("x"), "d"),
        (lambda: figures.live_levels(["a"]), "energies"),
        (lambda: figures.live_levels([0, 1], ["a", "b"]), "degeneracies"),
        (lambda: figures.live_levels(beta="1"), "beta"),
        (lambda: figures.live_polynomial(["a", 1, 2]), "coefficients"),
        (lambda: figures.live_floats("c"), "c"),
        (lambda: figures.live_floats(s=[]), "s"),
        (lambda: figures.to_triangle(["a", "b", "c"]), "p"),
    ],
)
def test_figures_name_what_is_no_number(figure, name):
    with pytest.raises((TypeError, ValueError), match=f"^{name}[ :]"):
        figure()


@pytest.mark.parametrize("live", EVERY_LIVE)
def test_live_figures_are_data_and_text_only(live):
    figures.use()
    bundle = live()._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert set(bundle) == {"application/vnd.vegalite.v5+json", "text/plain"}
    spec = bundle["application/vnd.vegalite.v5+json"]
    assert spec["description"] == bundle["text/plain"]
    charts = spec.get("vconcat", [spec])
    assert all(chart["width"] <= 300 for chart in charts)  # fits a phone of 360 px with margins
    assert "'url'" not in str(spec)  # loads nothing from anywhere


@pytest.mark.parametrize("live", LIVE)
def test_live_figures_start_where_they_are_told(live):
    spec = live([1, -2, 0.5], temperature=10).to_dict()
    start = {p["name"]: p.get("value") for p in spec["params"]}
    assert start == {"z1": 1.0, "z2": -2.0, "z3": 0.5, "log10_T": 1.0, "T": None}


@pytest.mark.parametrize("live", LIVE)
@pytest.mark.parametrize(
    ("z", "temperature", "name"),
    [
        ([1, 2], 1, "z"),
        ([1, 2, 6], 1, "z"),
        ([1, 2, np.nan], 1, "z"),
        ([1, 2, 3], 0, "temperature"),
    ],
)
def test_live_figures_name_the_bad_argument(live, z, temperature, name):
    with pytest.raises(ValueError, match=f"^{name}:"):
        live(z, temperature)


def test_live_loss_starts_where_it_is_told():
    spec = figures.live_loss([1, -2, 0.5], target=3).to_dict()
    start = {p["name"]: p["value"] for p in spec["params"] if "value" in p}
    assert start == {"z1": 1.0, "z2": -2.0, "z3": 0.5, "target": 3}
    with pytest.raises(ValueError, match=r"^target:"):
        figures.live_loss(target=0)
    with pytest.raises(ValueError, match=r"^z:"):
        figures.live_loss([1, 2, 6])


def start(chart):
    return {p["name"]: p.get("value") for p in chart.to_dict()["params"]}


def test_figures_of_the_limits_start_where_they_are_told():
    assert start(figures.live_conjugate(-2, temperature=1)) | {"p": None, "crossing": None} == {
        "d": -2.0,
        "log10_T": 0.0,
        "T": None,
        "p": None,
        "crossing": None,
    }
    begun = start(figures.live_polynomial([1, -2, 0.5], temperature=0.01))
    assert begun == {"a0": 1.0, "a1": -2.0, "a2": 0.5, "log10_T": -2.0, "T": None}
    assert start(figures.live_amoeba(0.1)) == {"log10_T": -1.0, "T": None}


@pytest.mark.parametrize(
    ("figure", "name"),
    [
        (lambda: figures.live_conjugate(6), "d"),
        (lambda: figures.live_conjugate(float("nan")), "d"),
        (lambda: figures.live_conjugate(temperature=4), "temperature"),
        (lambda: figures.live_polynomial([1, 2]), "coefficients"),
        (lambda: figures.live_polynomial([1, 2, 3.5]), "coefficients"),
        (lambda: figures.live_polynomial(temperature=0.001), "temperature"),
        (lambda: figures.live_amoeba(0), "temperature"),
    ],
)
def test_figures_of_the_limits_name_the_bad_argument(figure, name):
    with pytest.raises(ValueError, match=f"^{name}:"):
        figure()


def test_live_floats_starts_where_it_is_told():
    spec = figures.live_floats(-3, 7, shift=True).to_dict()
    start = {p["name"]: p["value"] for p in spec["params"] if "value" in p}
    assert start == {"c": -3, "s": 7, "shift": 1}
    with pytest.raises(ValueError, match=r"^c:"):
        figures.live_floats(1001)
    with pytest.raises(ValueError, match=r"^s:"):
        figures.live_floats(0, -1)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_live_floats_knows_where_exp_ends(dtype):
    rows = figures.live_floats().to_dict()["data"]["values"]
    row = next(row for row in rows if row["format"] == np.dtype(dtype).name)
    step = 0.05 if dtype is np.float16 else 0.01
    with np.errstate(over="ignore", under="ignore"):
        low, high = (
            np.exp(np.array([row[k] - step, row[k] + step], dtype)) for k in ("low", "high")
        )
    assert low[0] == 0 < low[1]
    assert np.isfinite(high).tolist() == [True, False]
