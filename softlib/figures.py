"""The book's figures: one matplotlib style, the probability triangle, the live Altair figures.

A live figure computes in the reader's browser. Its sliders are Vega-Lite parameters and its
softmax is a short chain of Vega-Lite transforms, so it moves on a static page, in JupyterLab
and on Colab alike, with no kernel behind it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np

if TYPE_CHECKING:
    import altair as alt
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

__all__ = ["BLUE", "COLORS", "GREEN", "GREY", "MARKERS", "ORANGE", "STYLE", "live_bars",
           "live_floats", "live_triangle", "to_triangle", "triangle", "use"]  # fmt: skip

# Okabe and Ito's colours, told apart in every common form of colour blindness.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#666666"
COLORS = (BLUE, ORANGE, GREEN)
MARKERS = ("o", "s", "^")  # colour never alone: the i-th series also has its own marker

STYLE: dict[str, Any] = {
    "figure.figsize": (6.4, 3.6),
    "figure.dpi": 120,
    "figure.facecolor": "white",  # opaque: figures stay readable on a dark page
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "white",
    "axes.prop_cycle": mpl.cycler(color=COLORS, linestyle=("-", "--", "-.")),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": "medium",
    "grid.color": "#E5E5E5",
    "font.size": 11,
    "legend.frameon": False,
    "lines.linewidth": 2,
}

_HEIGHT = np.sqrt(3) / 2  # of an equilateral triangle with unit sides
_TITLE = "'T = ' + format(T, '.3~g')"


def use() -> None:
    """Draw in the book's style, and show live figures in the way that the host can display.

    On Colab the figure comes as HTML, which is all that Colab shows. Everywhere else it comes
    as a Vega-Lite specification, which JupyterLab and the book's site draw themselves.
    """
    mpl.rcParams.update(STYLE)
    try:
        import altair as alt
    except ModuleNotFoundError:  # the static figures need matplotlib alone
        return
    alt.renderers.register("softlib", _render)
    alt.renderers.enable("colab" if "google.colab" in sys.modules else "softlib")


def to_triangle(p: ArrayLike) -> NDArray[np.float64]:
    r"""Map probability vectors of three classes to points of the plane.

    Corner 1 is at the lower left, corner 2 at the lower right, corner 3 on top:
    :math:`(x, y) = (p_2 + p_3/2, \; p_3\sqrt{3}/2)`.

    Parameters
    ----------
    p : array_like, shape (..., 3)
        Probabilities; each vector sums to 1.

    Returns
    -------
    ndarray, shape (..., 2)
        The coordinates.

    Raises
    ------
    ValueError
        If the last axis of `p` does not have length 3.

    Notes
    -----
    Introduced in chapter 02.

    Examples
    --------
    >>> to_triangle([[1, 0, 0], [0, 1, 0], [0.25, 0.25, 0.5]]).round(3)
    array([[0.   , 0.   ],
           [1.   , 0.   ],
           [0.5  , 0.433]])
    """
    p = np.asarray(p, dtype=np.float64)
    if p.ndim == 0 or p.shape[-1] != 3:
        raise ValueError(f"p: the last axis must have length 3, got shape {p.shape}")
    return np.stack([p[..., 1] + p[..., 2] / 2, _HEIGHT * p[..., 2]], axis=-1)


def triangle(ax: Axes, labels: Iterable[str] = ("$p_1 = 1$", "$p_2 = 1$", "$p_3 = 1$")) -> Axes:
    """Draw the triangle of all probability vectors of three classes on empty axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; ticks, grid and spines are removed, and the scales made equal.
    labels : iterable of str
        The names of the corners, in the order left, right, top.

    Returns
    -------
    matplotlib.axes.Axes
        The same axes.
    """
    corners = to_triangle(np.eye(3))
    ax.fill(*corners.T, facecolor="#F5F5F5", edgecolor=GREY, linewidth=1, linestyle="-")
    placements = (("right", "top"), ("left", "top"), ("center", "bottom"))
    for corner, label, (ha, va) in zip(corners, labels, placements, strict=True):
        ax.annotate(label, corner, (0, 4 if va == "bottom" else -4), ha=ha, va=va,
                    textcoords="offset points")  # fmt: skip
    ax.plot(*to_triangle(np.full(3, 1 / 3)), "+", color=GREY)
    ax.set_aspect("equal")
    ax.axis("off")
    return ax


def live_bars(z: ArrayLike = (3.0, 1.0, 0.2), temperature: float = 1.0) -> alt.Chart:
    r"""Show softmax of three logits as bars, with a slider for each logit and one for T.

    The browser computes :math:`p_i = e^{(z_i - m)/T} / \sum_j e^{(z_j - m)/T}` with
    :math:`m = \max_j z_j`. The temperature slider is logarithmic.

    Parameters
    ----------
    z : array_like, shape (3,)
        The logits at the start, each in [-5, 5].
    temperature : float, default 1
        The temperature at the start, in [0.1, 100].

    Returns
    -------
    altair.Chart
        Parameters ``z1``, ``z2``, ``z3``, ``log10_T`` (sliders) and ``T``; the plotted rows
        have the fields ``i``, ``z`` and ``p``.

    Raises
    ------
    ValueError
        If `z` is not three numbers in [-5, 5], or `temperature` is not in [0.1, 100].

    Notes
    -----
    Chapters 01 and 02.
    """
    import altair as alt

    params = _logit_sliders(z) + _temperature_slider(temperature)
    x = alt.X("i:O", title="class i", axis=alt.Axis(labelAngle=0))
    y = alt.Y("p:Q", title="probability", scale=alt.Scale(domain=[0, 1]))
    color = alt.Color("i:O", legend=None, scale=alt.Scale(domain=[1, 2, 3], range=list(COLORS)))
    base = alt.Chart().encode(x=x, y=y)
    numbers = base.mark_text(dy=-8, fontSize=13).encode(text=alt.Text("p:Q", format=".4f"))
    chart = alt.layer(base.mark_bar().encode(color=color), numbers)
    chart.data = alt.Data(values=[{"i": i} for i in (1, 2, 3)])
    chart = (
        chart.transform_calculate(z="[z1, z2, z3][datum.i - 1]")
        .transform_joinaggregate(m="max(z)")
        .transform_calculate(e="exp((datum.z - datum.m) / T)")
        .transform_joinaggregate(total="sum(e)")
        .transform_calculate(p="datum.e / datum.total")
    )
    description = (
        "Live figure: softmax of three logits as three bars. Four sliders set the logits "
        "z1, z2, z3 and the temperature T; the bars are recomputed at once."
    )
    return _live(chart, params, _TITLE, description, height=220)


def live_triangle(z: ArrayLike = (3.0, 2.0, 0.0), temperature: float = 1.0) -> alt.Chart:
    r"""Show the path of softmax through the probability triangle as the temperature changes.

    The curve runs over all temperatures from 0.01 to 1000; the dot is at the slider's T.

    Parameters
    ----------
    z : array_like, shape (3,)
        The logits at the start, each in [-5, 5].
    temperature : float, default 1
        The temperature at the start, in [0.1, 100].

    Returns
    -------
    altair.Chart
        Parameters ``z1``, ``z2``, ``z3``, ``log10_T`` (sliders) and ``T``; the row of the dot
        and those of the curve have the fields ``p1``, ``p2``, ``p3``, ``x`` and ``y``.

    Raises
    ------
    ValueError
        If `z` is not three numbers in [-5, 5], or `temperature` is not in [0.1, 100].

    Notes
    -----
    Chapter 02.
    """
    import altair as alt

    params = _logit_sliders(z) + _temperature_slider(temperature)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.08, 1.08]))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-0.1, 0.98]))

    def layer(data: alt.Data) -> alt.Chart:
        return alt.Chart(data).encode(x=x, y=y)

    corners = to_triangle(np.eye(3)[[0, 1, 2, 0]]).tolist()
    border = [{"x": a, "y": b, "k": k} for k, (a, b) in enumerate(corners)]
    names = [{"x": 0, "y": -0.06, "s": "class 1"}, {"x": 1, "y": -0.06, "s": "class 2"},
             {"x": 0.5, "y": 0.92, "s": "class 3"}]  # fmt: skip
    cold_to_hot = alt.SequenceParams(start=-2, stop=3.01, step=0.02, **{"as": "k"})
    path = _in_triangle(layer(alt.Data(sequence=cold_to_hot)), temperature="pow(10, datum.k)")
    dot = _in_triangle(layer(alt.Data(values=[{}])), temperature="T")
    chart = alt.layer(
        layer(alt.Data(values=border)).mark_line(color=GREY, strokeWidth=1).encode(order="k:Q"),
        layer(alt.Data(values=names)).mark_text(fontSize=12).encode(text="s:N"),
        path.mark_line(color=BLUE).encode(order="k:Q"),
        dot.mark_point(filled=True, size=140, color=ORANGE),
        dot.mark_text(fontSize=13).encode(text="label:N", x=alt.value(140), y=alt.value(262)),
    )
    description = (
        "Live figure: the triangle of all probability vectors of three classes. A curve runs "
        "from a corner or an edge (cold) to the centre (hot); a dot marks the probabilities at "
        "the temperature of the slider. Three more sliders set the logits."
    )
    return _live(chart, params, _TITLE, description, height=250)


def live_floats(c: float = 1000.0, s: float = 1.0, *, shift: bool = False) -> alt.LayerChart:
    r"""Show where three logits lie among the numbers that `exp` can take, with and without shift.

    The logits are :math:`(c, c + s, c + 2s)`. For float16, float32 and float64 a bar covers the
    numbers x whose exponential neither overflows nor rounds to 0, and three marks tell where the
    arguments of `exp` fall. Below each bar stand the shares :math:`e^{x_i} / \sum_j e^{x_j}`.

    Parameters
    ----------
    c : float, default 1000
        The smallest logit at the start, in [-1000, 1000].
    s : float, default 1
        The step from one logit to the next at the start, in [0, 400].
    shift : bool, default False
        Whether the largest logit is subtracted at the start.

    Returns
    -------
    altair.LayerChart
        Parameters ``c`` and ``s`` (sliders), ``shift`` (buttons: 0 or 1), ``x1``, ``x2``, ``x3``;
        the plotted rows have the fields ``format``, ``i``, ``x``, ``e``, ``p`` and ``fate``.

    Raises
    ------
    ValueError
        If `c` is not in [-1000, 1000] or `s` is not in [0, 400].

    Notes
    -----
    Chapter 05. The browser computes in float64; what the other formats would make of a number is
    told by their limits, not by their rounding.
    """
    import altair as alt

    if not -1000 <= c <= 1000:
        raise ValueError("c: must be between -1000 and 1000")
    if not 0 <= s <= 400:
        raise ValueError("s: must be between 0 and 400")
    slide = alt.binding_range
    choice = alt.binding_radio(options=[0, 1], labels=["z", "z − max z"], name="exponential of ")
    params = [
        alt.param("c", value=c, bind=slide(min=-1000, max=1000, step=1, name="z₁ = c ")),
        alt.param("s", value=s, bind=slide(min=0, max=400, step=1, name="step s ")),
        alt.param("shift", value=int(shift), bind=choice),
        *(alt.param(f"x{i}", expr=f"shift ? {i - 3} * s : c + {i - 1} * s") for i in (1, 2, 3)),
    ]
    fates = ["finite", "overflows", "rounds to 0"]
    place = alt.Scale(type="symlog", constant=10, domain=[-2000, 2000], nice=False)
    ticks = alt.Axis(values=[-1000, -100, -10, 0, 10, 100, 1000], grid=False, format="d")
    y = alt.Y("format:N", title=None, axis=alt.Axis(domain=False, ticks=False))
    base = alt.Chart().encode(y=y)
    once = base.transform_filter("datum.i == 1")
    bar = once.mark_bar(height=18, color="#CFE8DF").encode(
        x=alt.X("low:Q", title="argument x of exp", scale=place, axis=ticks), x2="high:Q"
    )
    marks = base.mark_point(filled=True, size=110, opacity=0.8).encode(
        x="x:Q",
        shape=alt.Shape("fate:N", title=None, legend=alt.Legend(orient="bottom"),
                        scale=alt.Scale(domain=fates, range=["circle", "cross", "triangle-down"])),
        color=alt.Color("fate:N", title=None, legend=alt.Legend(orient="bottom"),
                        scale=alt.Scale(domain=fates, range=[GREEN, ORANGE, BLUE])),
    )  # fmt: skip
    shares = once.mark_text(fontSize=12, dy=21).encode(text="label:N", x=alt.value(140))
    chart = alt.layer(bar, marks, shares)
    chart.data = alt.Data(values=[{**row, "i": i} for row in _exp_limits() for i in (1, 2, 3)])
    chart = chart.transform_calculate(
        x="[x1, x2, x3][datum.i - 1]",
        **{f"e{i}": f"x{i} > datum.high ? 1 / 0 : x{i} < datum.low ? 0 : exp(x{i})"
           for i in (1, 2, 3)},
    )  # fmt: skip
    chart = (
        chart.transform_calculate(total="datum.e1 + datum.e2 + datum.e3")
        .transform_calculate(total="datum.total > datum.largest ? 1 / 0 : datum.total")
        .transform_calculate(
            e="[datum.e1, datum.e2, datum.e3][datum.i - 1]",
            **{f"r{i}": f"datum.e{i} / datum.total" for i in (1, 2, 3)},
        )
        .transform_calculate(
            **{f"p{i}": f"datum.r{i} < datum.smallest / 2 ? 0 : datum.r{i}" for i in (1, 2, 3)}
        )
        .transform_calculate(
            p="[datum.p1, datum.p2, datum.p3][datum.i - 1]",
            fate="datum.e == 0 ? 'rounds to 0' : isFinite(datum.e) ? 'finite' : 'overflows'",
            label="'p = (' + format(datum.p1, '.4~g') + ', ' + format(datum.p2, '.4~g')"
            " + ', ' + format(datum.p3, '.4~g') + ')'",
        )
    )
    title = "'z = (' + c + ', ' + (c + s) + ', ' + (c + 2 * s) + ')'"
    description = (
        "Live figure: for float16, float32 and float64 a bar covers the numbers whose exponential "
        "is neither infinite nor zero, and three marks show where the arguments of exp fall. Two "
        "sliders set the logits, two buttons choose whether the largest is subtracted first. "
        "Below each bar stand the three shares."
    )
    return _live(chart, params, title, description, height=210)


def _exp_limits() -> list[dict[str, Any]]:
    """Return for each format where exp rounds to 0 and where it overflows."""
    formats = [np.finfo(dtype) for dtype in (np.float16, np.float32, np.float64)]
    return [
        {
            "format": str(f.dtype),
            "low": float(np.log(float(f.smallest_subnormal)) - np.log(2)),
            "high": float(np.log(float(f.max))),
            "largest": float(f.max),
            "smallest": float(f.smallest_subnormal),
        }
        for f in formats
    ]


def _in_triangle(chart: alt.Chart, temperature: str) -> alt.Chart:
    """Add p1, p2, p3 and the point (x, y) of the triangle, at a temperature given as a formula."""
    chart = chart.transform_calculate(t=temperature, m="max(z1, z2, z3)").transform_calculate(
        e1="exp((z1 - datum.m) / datum.t)",
        e2="exp((z2 - datum.m) / datum.t)",
        e3="exp((z3 - datum.m) / datum.t)",
    )
    chart = chart.transform_calculate(total="datum.e1 + datum.e2 + datum.e3").transform_calculate(
        p1="datum.e1 / datum.total", p2="datum.e2 / datum.total", p3="datum.e3 / datum.total"
    )
    return chart.transform_calculate(
        x="datum.p2 + datum.p3 / 2",
        y=f"{float(_HEIGHT)!r} * datum.p3",
        label="'p = (' + format(datum.p1, '.4f') + ', ' + format(datum.p2, '.4f')"
        " + ', ' + format(datum.p3, '.4f') + ')'",
    )


def _logit_sliders(z: ArrayLike) -> list[alt.Parameter]:
    """Return the sliders z1, z2, z3."""
    import altair as alt

    logits = np.asarray(z, dtype=np.float64)
    if logits.shape != (3,) or not (np.abs(logits) <= 5).all():
        raise ValueError("z: must be three numbers between -5 and 5")
    dials = [alt.binding_range(min=-5, max=5, step=0.1, name=f"z{i} ") for i in (1, 2, 3)]
    return [
        alt.param(f"z{i}", value=z_i, bind=dial)
        for i, z_i, dial in zip((1, 2, 3), logits.tolist(), dials, strict=True)
    ]


def _temperature_slider(temperature: float) -> list[alt.Parameter]:
    """Return the logarithmic slider log10_T, and the parameter T that follows it."""
    import altair as alt

    if not 0.1 <= temperature <= 100:
        raise ValueError("temperature: must be between 0.1 and 100")
    dial = alt.binding_range(min=-1, max=2, step=0.02, name="log₁₀ T ")
    slider = alt.param("log10_T", value=float(np.log10(temperature)), bind=dial)
    return [slider, alt.param("T", expr="pow(10, log10_T)")]


def _live(
    chart: alt.LayerChart, params: list[alt.Parameter], title: str, description: str, height: int
) -> alt.LayerChart:
    """Add what every live figure has: parameters, a title (a formula), a description, its size."""
    import altair as alt

    return (
        chart.add_params(*params)
        .properties(width=280, height=height, description=description)
        .properties(title=alt.TitleParams(text=alt.expr(title), fontSize=13))
        .properties(usermeta={"embedOptions": {"actions": False}})
        .configure_view(stroke=None)
    )


def _render(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Mime bundle of a live figure: the specification, and its description for plain text."""
    return {"application/vnd.vegalite.v5+json": spec, "text/plain": spec["description"]}
