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

from softlib._arguments import _real

if TYPE_CHECKING:
    import altair as alt
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "BLUE",
    "COLORS",
    "GREEN",
    "GREY",
    "MARKERS",
    "ORANGE",
    "STYLE",
    "live_amoeba",
    "live_bars",
    "live_conjugate",
    "live_floats",
    "live_jacobian",
    "live_levels",
    "live_loss",
    "live_polynomial",
    "live_triangle",
    "to_triangle",
    "triangle",
    "use",
]

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
    Introduced in chapter 01.

    Examples
    --------
    >>> to_triangle([[1, 0, 0], [0, 1, 0], [0.25, 0.25, 0.5]]).round(3)
    array([[0.   , 0.   ],
           [1.   , 0.   ],
           [0.5  , 0.433]])
    """
    p = _real(p, "p").astype(np.float64)
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
    labels = list(labels)
    if len(labels) != 3:
        raise ValueError(f"labels: must be three names, got {len(labels)}")
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
    # Room for the number on a bar of height 1, which would push the title out of the figure.
    y = alt.Y("p:Q", title="probability", scale=alt.Scale(domain=[0, 1.1]),
              axis=alt.Axis(values=[0, 0.2, 0.4, 0.6, 0.8, 1]))  # fmt: skip
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


def live_jacobian(z: ArrayLike = (2.0, 3.0, 4.0), temperature: float = 1.0) -> alt.LayerChart:
    r"""Show softmax of three logits and its Jacobian as a table of numbers on colours.

    The first column holds :math:`p_i`, the other three the derivatives
    :math:`\partial p_i / \partial z_j = p_i (\delta_{ij} - p_j) / T`. Orange is a gain, blue a
    loss; beyond ±1/4, which only temperatures below 1 can reach, the colour stays the same.

    Parameters
    ----------
    z : array_like, shape (3,)
        The logits at the start, each in [-5, 5].
    temperature : float, default 1
        The temperature at the start, in [0.1, 100].

    Returns
    -------
    altair.LayerChart
        Parameters ``z1``, ``z2``, ``z3``, ``log10_T`` (sliders) and ``T``; the plotted rows
        have the fields ``i``, ``j`` (0 for the column of p), ``p1``, ``p2``, ``p3`` and ``value``.

    Raises
    ------
    ValueError
        If `z` is not three numbers in [-5, 5], or `temperature` is not in [0.1, 100].

    Notes
    -----
    Chapter 03.
    """
    import altair as alt

    params = _logit_sliders(z) + _temperature_slider(temperature)
    columns = ["p", "by z₁", "by z₂", "by z₃"]
    table = [{"i": i, "j": j, "column": columns[j]} for i in (1, 2, 3) for j in range(4)]
    axis = alt.Axis(
        orient="top", labelAngle=0, title=None, domain=False, ticks=False, labelFontSize=13
    )
    x = alt.X("column:N", sort=columns, axis=axis)
    y = alt.Y("i:O", title="class i", axis=alt.Axis(domain=False, ticks=False, labelFontSize=13))
    base = _in_triangle(alt.Chart().encode(x=x, y=y), temperature="T").transform_calculate(
        own="[datum.p1, datum.p2, datum.p3][datum.i - 1]",
        other="[1, datum.p1, datum.p2, datum.p3][datum.j]",
    )
    base = base.transform_calculate(
        value="datum.j == 0 ? datum.own"
        " : datum.own * ((datum.i == datum.j ? 1 : 0) - datum.other) / datum.t"
    )
    gain_or_loss = alt.Scale(
        domain=[-0.25, 0, 0.25],
        range=["#6FB1DD", "#FFFFFF", "#F0A36B"],
        clamp=True,
        interpolate="rgb",
    )
    share = alt.Scale(domain=[0, 1], range=["#FFFFFF", "#B9B9B9"])
    cell = base.mark_rect(stroke=GREY, strokeWidth=0.5)
    derivatives = cell.transform_filter("datum.j > 0").encode(
        color=alt.Color("value:Q", scale=gain_or_loss, legend=None)
    )
    probabilities = cell.transform_filter("datum.j == 0").encode(
        color=alt.Color("value:Q", scale=share, legend=None)
    )
    numbers = base.mark_text(fontSize=13).encode(text=alt.Text("value:Q", format=".4f"))
    chart = alt.layer(derivatives, probabilities, numbers).resolve_scale(color="independent")
    chart.data = alt.Data(values=table)
    description = (
        "Live figure: a table for three classes. The first column shows the probabilities p, the "
        "others how fast each probability changes with each logit: the Jacobian of softmax. "
        "Colour shows gain or loss beside the number. Four sliders set the logits and T."
    )
    return _live(chart, params, _TITLE, description, height=200)


def live_loss(z: ArrayLike = (2.0, 3.0, 4.0), target: int = 2) -> alt.LayerChart:
    r"""Show the cross-entropy of three logits, and its gradient as an arrow for each class.

    A bar is :math:`p_i`. The arrow beside it runs from the target :math:`y_i` (1 for the right
    class, 0 for the others) to :math:`p_i`, so that its length and direction are the gradient
    :math:`p_i - y_i`. The title tells the loss :math:`\mathrm{LSE}(z) - z_j` of the right class j.

    Parameters
    ----------
    z : array_like, shape (3,)
        The logits at the start, each in [-5, 5].
    target : int, default 2
        The right class at the start, counted from 1 as on the axis.

    Returns
    -------
    altair.LayerChart
        Parameters ``z1``, ``z2``, ``z3`` (sliders), ``target`` (buttons) and ``loss``; the
        plotted rows have the fields ``i``, ``z``, ``p``, ``y`` and ``gradient``.

    Raises
    ------
    ValueError
        If `z` is not three numbers in [-5, 5], or `target` is not 1, 2 or 3.

    Notes
    -----
    Chapter 06.
    """
    import altair as alt

    if target not in (1, 2, 3):
        raise ValueError("target: must be 1, 2 or 3")
    buttons = alt.binding_radio(options=[1, 2, 3], name="right class ")
    params = [
        *_logit_sliders(z),
        alt.param("target", value=target, bind=buttons),
        alt.param("m", expr="max(z1, z2, z3)"),
        alt.param("total", expr="exp(z1 - m) + exp(z2 - m) + exp(z3 - m)"),
        alt.param("loss", expr="log(total) + m - [z1, z2, z3][target - 1]"),
    ]
    room = alt.Scale(domain=[0, 1.25])
    height = alt.Y("p:Q", title="probability", scale=room, axis=alt.Axis(values=[0, 0.5, 1]))
    bars = alt.Chart().encode(x=alt.X("i:O", title="class i", axis=alt.Axis(labelAngle=0)))
    arrows = alt.Chart().encode(
        x=alt.X("i:O", bandPosition=0.25),
        color=alt.condition("datum.gradient > 0", alt.value(ORANGE), alt.value(BLUE)),
    )
    head = alt.condition("datum.gradient > 0", alt.value("triangle-up"), alt.value("triangle-down"))
    chart = alt.layer(
        bars.mark_bar(color="#CCCCCC").encode(y=height),
        bars.mark_tick(color="black", thickness=3).encode(y="y:Q"),
        arrows.mark_rule(strokeWidth=4).encode(y="y:Q", y2="p:Q"),
        arrows.mark_point(filled=True, size=130, opacity=1).encode(y="p:Q", shape=head),
        bars.mark_text(fontSize=12).encode(text="p_label:N", y=alt.datum(1.19)),
        bars.mark_text(fontSize=12).encode(text="label:N", y=alt.datum(1.1)),
    )
    chart.data = alt.Data(values=[{"i": i} for i in (1, 2, 3)])
    chart = (
        chart.transform_calculate(z="[z1, z2, z3][datum.i - 1]", y="datum.i == target ? 1 : 0")
        .transform_calculate(p="exp(datum.z - m) / total")
        .transform_calculate(gradient="datum.p - datum.y")
        .transform_calculate(
            p_label="'p = ' + format(datum.p, '.4f')",
            label="'p − y = ' + format(datum.gradient, '+.3f')",
        )
    )
    description = (
        "Live figure: softmax of three logits as three bars, and beside each bar an arrow from "
        "the target, 0 or 1, to the probability: the gradient of the cross-entropy. Three "
        "sliders set the logits, three buttons choose the right class; the title tells the loss."
    )
    return _live(chart, params, "'loss = ' + format(loss, '.6f')", description, height=250)


def live_levels(
    energies: ArrayLike = (0.0, 1.0, 3.0),
    degeneracies: ArrayLike | None = None,
    beta: float = 1.0,
) -> alt.LayerChart:
    r"""Show the populations of energy levels, with a slider for the inverse temperature.

    The browser computes :math:`p_i = g_i e^{-\beta E_i} / Z` and, with :math:`T = 1/\beta`, the
    mean energy U, the entropy S and the free energy F. The slider runs from :math:`\beta = 3`
    through 0, where T is infinite, to -3: negative temperatures.

    Parameters
    ----------
    energies : array_like, shape (n,)
        The energies, at most eight, each in [-5, 5].
    degeneracies : array_like, shape (n,), optional
        The numbers of microstates, positive; default 1.
    beta : float, default 1
        The inverse temperature at the start, in [-3, 3].

    Returns
    -------
    altair.LayerChart
        Parameter ``beta`` (slider); the plotted rows have the fields ``i``, ``E``, ``g``, ``p``,
        ``U``, ``S`` and ``F``.

    Raises
    ------
    ValueError
        If `energies` is not one to eight numbers in [-5, 5], `degeneracies` does not fit them or
        is not positive, or `beta` is not in [-3, 3].

    Notes
    -----
    Chapter 08.
    """
    import altair as alt

    levels = _real(energies, "energies").astype(np.float64)
    if levels.ndim != 1 or not 1 <= levels.size <= 8 or not (np.abs(levels) <= 5).all():
        raise ValueError("energies: must be one to eight numbers between -5 and 5")
    g = np.ones(levels.size)
    if degeneracies is not None:
        g = _real(degeneracies, "degeneracies").astype(np.float64)
    if g.shape != levels.shape or not ((g > 0) & (g < np.inf)).all():
        raise ValueError("degeneracies: must be one positive number for each energy")
    beta = _between(beta, "beta", -3, 3)
    dial = alt.binding_range(min=-3, max=3, step=0.05, name="β = 1/T ")
    rows = [{"i": i, "E": e, "g": w} for i, (e, w) in enumerate(zip(levels, g, strict=True), 1)]
    room = 0.25 * (float(np.ptp(levels)) or 1.0)
    heights = alt.Scale(domain=[levels.min() - room / 2, levels.max() + room], nice=False)
    x = alt.X("p:Q", title="probability of the level", scale=alt.Scale(domain=[0, 1.25]),
              axis=alt.Axis(values=[0, 0.5, 1]))  # fmt: skip
    y = alt.Y("E:Q", title="energy E", scale=heights)
    base = alt.Chart().encode(y=y)
    bars = base.mark_bar(height=12, color=BLUE).encode(x=x, x2=alt.datum(0))
    numbers = [
        base.mark_text(dx=4, align="left", fontSize=12, **outline).encode(
            x=x, text=alt.Text("p:Q", format=".4f")
        )
        for outline in ({"stroke": "white", "strokeWidth": 4}, {})  # no line runs through them
    ]
    once = base.transform_filter("datum.i == 1")
    mean = once.mark_rule(color=ORANGE, strokeDash=[6, 4], strokeWidth=2).encode(y="U:Q")
    name = once.mark_text(color="#A34700", text="U", dy=-7, fontSize=12).encode(
        y="U:Q", x=alt.value(272)
    )
    line = once.mark_text(fontSize=12).encode(text="label:N", x=alt.value(140), y=alt.value(8))
    chart = alt.layer(bars, mean, *numbers, name, line)
    chart.data = alt.Data(values=rows)
    chart = (
        chart.transform_calculate(a="log(datum.g) - beta * datum.E")
        .transform_joinaggregate(m="max(a)")
        .transform_calculate(e="exp(datum.a - datum.m)")
        .transform_joinaggregate(total="sum(e)")
        .transform_calculate(p="datum.e / datum.total")
        .transform_calculate(share="datum.p * datum.E")
        .transform_joinaggregate(U="sum(share)")
        .transform_calculate(logZ="datum.m + log(datum.total)")
        .transform_calculate(S="datum.logZ + beta * datum.U", F="-datum.logZ / beta")
        .transform_calculate(
            label="'U = ' + format(datum.U, '.4f') + ' · S = ' + format(datum.S, '.4f') + ' · F = '"
            " + (isFinite(datum.F) ? format(datum.F, '.4f') : 'none')"
        )
    )
    description = (
        f"Live figure: {levels.size} energy levels, drawn as bars as long as their probabilities. "
        "A slider moves the inverse temperature beta from 3, where the lowest level has most, "
        "through 0, where all microstates are equal, to minus 3, where the highest level has most. "
        "A dashed line marks the mean energy U; entropy S and free energy F are written above."
    )
    title = "'β = ' + format(beta, '.2f') + ',  T = ' + (beta ? format(1 / beta, '.4~g') : '∞')"
    params = [alt.param("beta", value=beta, bind=dial)]
    return _live(chart, params, title, description, height=240)


def live_conjugate(d: float = 1.5, temperature: float = 1.0) -> alt.VConcatChart:
    r"""Show how the tangents of log-sum-exp draw the entropy.

    Above: :math:`f(x) = T \log(1 + e^{x/T})`, the log-sum-exp of (x, 0), and its tangent at
    :math:`x = d`, with the slope :math:`p`. It meets the vertical axis at :math:`f(d) - p d`.
    Below: :math:`T` times the entropy of :math:`(p, 1 - p)`, and that height as a dot on it.

    Parameters
    ----------
    d : float, default 1.5
        Where the tangent touches at the start, in [-5, 5].
    temperature : float, default 1
        The temperature at the start, in [0.1, 3].

    Returns
    -------
    altair.VConcatChart
        Parameters ``d`` and ``log10_T`` (sliders), ``T``, ``p`` and ``crossing``; the rows of
        the upper curve have the fields ``x`` and ``lse``, those of the lower one ``q`` and
        ``bonus``.

    Raises
    ------
    ValueError
        If `d` is not in [-5, 5], or `temperature` is not in [0.1, 3].

    Notes
    -----
    Chapter 04.
    """
    import altair as alt

    d = _between(d, "d", -5, 5)
    params = [
        alt.param("d", value=d, bind=alt.binding_range(min=-5, max=5, step=0.1, name="d ")),
        *_temperature_slider(temperature, coldest=0.1, hottest=3),
        alt.param("p", expr="1 / (1 + exp(-d / T))"),
        alt.param("crossing", expr="max(d, 0) + T * log(1 + exp(-abs(d) / T)) - p * d"),
    ]
    grid, steps = (
        alt.SequenceParams(start=start, stop=stop, step=1, **{"as": "k"})
        for start, stop in ((-100, 101), (0, 201))
    )
    curve = (
        alt.Chart(alt.Data(sequence=grid))
        .transform_calculate(x="datum.k / 20", corner="max(datum.k / 20, 0)")
        .transform_calculate(lse="datum.corner + T * log(1 + exp(-abs(datum.x) / T))")
        .encode(x=alt.X("x:Q", title="d"))
    )
    one = alt.Chart(alt.Data(values=[{}])).transform_calculate(d="d", crossing="crossing")
    touch = one.transform_calculate(lse="datum.crossing + p * datum.d", zero="0")
    ends = alt.Chart(alt.Data(values=[{"x": -5}, {"x": 5}]))
    height = alt.Scale(domain=[-1, 6])
    line = alt.Y("line:Q", title="LSE of (d, 0)", scale=height)
    upper = alt.layer(
        curve.mark_line(color=GREY, strokeDash=[3, 3]).encode(y=alt.Y("corner:Q", scale=height)),
        curve.mark_line(color=BLUE).encode(y=alt.Y("lse:Q", scale=height)),
        ends.transform_calculate(line="crossing + p * datum.x")
        .mark_line(color=ORANGE, clip=True, strokeDash=[8, 3])
        .encode(x="x:Q", y=line),
        touch.mark_point(filled=True, size=100, color=BLUE, opacity=1).encode(x="d:Q", y="lse:Q"),
        touch.mark_rule(color=GREEN, strokeWidth=4).encode(
            x=alt.X("zero:Q"), y="zero:Q", y2="crossing:Q"
        ),
    ).properties(width=280, height=210)
    dome = (
        alt.Chart(alt.Data(sequence=steps))
        .transform_calculate(q="datum.k / 200", r="1 - datum.k / 200")
        .transform_calculate(
            bonus="datum.q * datum.r > 0"
            " ? -T * (datum.q * log(datum.q) + datum.r * log(datum.r)) : 0"
        )
        .mark_line(color=GREEN)
        .encode(
            x=alt.X("q:Q", title="slope p"),
            y=alt.Y("bonus:Q", title="T · entropy", scale=alt.Scale(domain=[0, 2.2])),
        )
    )
    dot = one.transform_calculate(p="p").mark_point(
        filled=True, shape="square", size=100, color=GREEN, opacity=1
    )
    lower = alt.layer(dome, dot.encode(x="p:Q", y="crossing:Q")).properties(width=280, height=120)
    title = (
        "['T = ' + format(T, '.3~g') + ',  slope p = ' + format(p, '.4f'),"
        " 'crossing = T · entropy = ' + format(crossing, '.4f')]"
    )
    description = (
        "Live figure: above, the log-sum-exp of d and 0 as a curve over d, with a tangent that "
        "slides along it; the piece of the vertical axis from 0 to the tangent is marked. Below, "
        "temperature times entropy as a dome over the slope p, with a dot at the height of that "
        "piece. Two sliders set d and the temperature T."
    )
    both: alt.VConcatChart = _dressed(alt.vconcat(upper, lower), params, title, description)
    return both


def live_polynomial(
    coefficients: ArrayLike = (0.0, 1.0, 0.5), temperature: float = 1.0
) -> alt.VConcatChart:
    r"""Show a polynomial over the log-semiring turn into straight pieces as T falls.

    Above: :math:`p_T(x) = T \log \sum_i e^{(a_i + i x)/T}` for i = 0, 1, 2 and its limit
    :math:`\max_i (a_i + i x)`. Below: the softmax shares of the three terms.

    Parameters
    ----------
    coefficients : array_like, shape (3,)
        The coefficients a0, a1, a2 at the start, each in [-3, 3].
    temperature : float, default 1
        The temperature at the start, in [0.01, 3].

    Returns
    -------
    altair.VConcatChart
        Parameters ``a0``, ``a1``, ``a2``, ``log10_T`` (sliders) and ``T``; the rows have the
        fields ``x``, ``hard``, ``soft``, and the shares ``s0``, ``s1``, ``s2``.

    Raises
    ------
    ValueError
        If `coefficients` is not three numbers in [-3, 3], or `temperature` not in [0.01, 3].

    Notes
    -----
    Chapter 09.
    """
    import altair as alt

    a = _real(coefficients, "coefficients").astype(np.float64)
    if a.shape != (3,) or not (np.abs(a) <= 3).all():
        raise ValueError("coefficients: must be three numbers between -3 and 3")
    dials = [alt.binding_range(min=-3, max=3, step=0.05, name=f"a{i} ") for i in range(3)]
    params = [
        alt.param(f"a{i}", value=a_i, bind=dial)
        for i, (a_i, dial) in enumerate(zip(a.tolist(), dials, strict=True))
    ]
    params += _temperature_slider(temperature, coldest=0.01, hottest=3)
    steps = alt.SequenceParams(start=-200, stop=201, step=1, **{"as": "k"})
    shares = {f"s{i}": f"datum.e{i} / datum.total" for i in range(3)}
    base = (
        alt.Chart(alt.Data(sequence=steps))
        .transform_calculate(x="datum.k / 50")
        .transform_calculate(hard="max(a0, a1 + datum.x, a2 + 2 * datum.x)")
        .transform_calculate(
            e0="exp((a0 - datum.hard) / T)",
            e1="exp((a1 + datum.x - datum.hard) / T)",
            e2="exp((a2 + 2 * datum.x - datum.hard) / T)",
        )
        .transform_calculate(total="datum.e0 + datum.e1 + datum.e2")
        .transform_calculate(soft="datum.hard + T * log(datum.total)", **shares)
        .encode(x=alt.X("x:Q", title="x"))
    )
    value = alt.Scale(domain=[-4, 8])
    upper = alt.layer(
        base.mark_line(color=GREY, strokeDash=[4, 3], clip=True).encode(
            y=alt.Y("hard:Q", title="value", scale=value)
        ),
        base.mark_line(color=BLUE, clip=True).encode(y=alt.Y("soft:Q", scale=value)),
    ).properties(width=280, height=190)
    lines = zip(range(3), COLORS, ([1, 0], [8, 3], [2, 3]), strict=True)
    lower = alt.layer(
        *(
            base.mark_line(color=color, strokeDash=dash).encode(
                y=alt.Y(f"s{i}:Q", title="share of each term", scale=alt.Scale(domain=[0, 1]))
            )
            for i, color, dash in lines
        )
    ).properties(width=280, height=110)
    description = (
        "Live figure: above, a smooth convex curve over x and below it, dashed, a line of at most "
        "three straight pieces with slopes 0, 1 and 2, which the curve meets as T falls. Below, "
        "the shares of the three terms: solid for the constant, dashed for x, dotted for 2x; two "
        "of them cross at each kink. Four sliders set the coefficients and T."
    )
    both: alt.VConcatChart = _dressed(alt.vconcat(upper, lower), params, _TITLE, description)
    return both


def live_amoeba(temperature: float = 1.0) -> alt.LayerChart:
    r"""Show the amoeba of the line 1 + x + y = 0 shrink to the tropical line as T falls.

    Its border consists of three curves: where one of 0, u, v equals the sum over the
    log-semiring of the other two, for instance :math:`T \log(e^{u/T} + e^{v/T}) = 0`.

    Parameters
    ----------
    temperature : float, default 1
        The temperature at the start, in [0.01, 3].

    Returns
    -------
    altair.LayerChart
        Parameters ``log10_T`` (slider) and ``T``; the rows of the border have the fields ``u``,
        ``v`` and ``largest``, which tells which of 0, u and v (0, 1, 2) equals the sum.

    Raises
    ------
    ValueError
        If `temperature` is not in [0.01, 3].

    Notes
    -----
    Chapter 09.
    """
    import altair as alt

    params = _temperature_slider(temperature, coldest=0.01, hottest=3)
    scale = alt.Scale(domain=[-4, 4])
    x, y = (
        alt.X("u:Q", title="u = T log |x|", scale=scale),
        alt.Y("v:Q", title="v = T log |y|", scale=scale),
    )
    rays = [{"u": u, "v": v, "ray": k} for k, (a, b) in enumerate([(-9, 0), (0, -9), (9, 9)])
            for u, v in ((0, 0), (a, b))]  # fmt: skip
    steps = alt.SequenceParams(start=-480, stop=481, step=1, **{"as": "k"})
    places = (
        ("min(datum.s, 0) - datum.extra", "-max(datum.s, 0) - datum.extra"),
        ("max(datum.s, 0) + datum.extra", "datum.s"),
        ("datum.s", "max(datum.s, 0) + datum.extra"),
    )
    border = [
        alt.Chart(alt.Data(sequence=steps))
        .transform_calculate(s="datum.k / 40")
        .transform_calculate(extra="T * log(1 + exp(-abs(datum.s) / T))")
        .transform_calculate(u=u, v=v, largest=str(i))
        .mark_line(color=BLUE, clip=True)
        .encode(x=x, y=y, order="k:Q")
        for i, (u, v) in enumerate(places)
    ]
    line = (
        alt.Chart(alt.Data(values=rays))
        .mark_line(color=ORANGE, strokeDash=[6, 3], clip=True)
        .encode(x=x, y=y, detail="ray:N")
    )
    description = (
        "Live figure: in the plane of u and v three curves border a region with three tentacles, "
        "to the left, downwards and along the diagonal. As T falls the region shrinks to three "
        "dashed rays from the origin, the tropical line. One slider sets T."
    )
    return _live(alt.layer(line, *border), params, _TITLE, description, height=280)


def _dressed(chart: Any, params: list[alt.Parameter], title: str, description: str) -> Any:
    """Add what every live figure has: parameters, a title (a formula), a description."""
    import altair as alt

    return (
        chart.add_params(*params)
        .properties(description=description)
        .properties(title=alt.TitleParams(text=alt.expr(title), fontSize=13))
        .properties(usermeta={"embedOptions": {"actions": False}})
        .configure_view(stroke=None)
    )


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

    c, s = _between(c, "c", -1000, 1000), _between(s, "s", 0, 400)
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

    logits = _real(z, "z").astype(np.float64)
    if logits.shape != (3,) or not (np.abs(logits) <= 5).all():
        raise ValueError("z: must be three numbers between -5 and 5")
    dials = [alt.binding_range(min=-5, max=5, step=0.1, name=f"z{i} ") for i in (1, 2, 3)]
    return [
        alt.param(f"z{i}", value=z_i, bind=dial)
        for i, z_i, dial in zip((1, 2, 3), logits.tolist(), dials, strict=True)
    ]


def _temperature_slider(
    temperature: float, coldest: float = 0.1, hottest: float = 100
) -> list[alt.Parameter]:
    """Return the logarithmic slider log10_T, and the parameter T that follows it."""
    import altair as alt

    temperature = _between(temperature, "temperature", coldest, hottest)
    low, high = np.log10([coldest, hottest]).round(2).tolist()
    dial = alt.binding_range(min=low, max=high, step=0.02, name="log₁₀ T ")
    start = round(float(np.log10(temperature)), 3)  # more digits have no room beside the slider
    slider = alt.param("log10_T", value=start, bind=dial)
    return [slider, alt.param("T", expr="pow(10, log10_T)")]


def _between(value: Any, name: str, low: float, high: float) -> float:
    """Return one number that a slider can show; the error names the argument."""
    number = _real(value, name)
    if number.ndim or not low <= number <= high:
        raise ValueError(f"{name}: must be a number between {low:g} and {high:g}")
    return float(number)


def _live(
    chart: alt.LayerChart, params: list[alt.Parameter], title: str, description: str, height: int
) -> alt.LayerChart:
    """Add what every live figure of one panel has: `_dressed`, and its size."""
    sized = chart.properties(width=280, height=height)
    dressed: alt.LayerChart = _dressed(sized, params, title, description)
    return dressed


def _render(spec: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Mime bundle of a live figure: the specification, and its description for plain text."""
    return {"application/vnd.vegalite.v5+json": spec, "text/plain": spec["description"]}
