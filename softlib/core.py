"""softmax, its logarithm, the soft maximum and the hard one: exact, fast, NumPy alone.

Read from the top: the functions, then the arithmetic of one block (the *kernels*), then the driver
that cuts any array into blocks, then the checks of the arguments. Chapter 05 derives every line.

Two promises shape the code. *Exact*: logits are shifted by their maximum before they are divided
by T, and the maximum is left out of the sum, for `log1p` to put back. *Batch-invariant*: a slice
gives the same bits alone and in any batch, because its length alone decides how it is summed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Axis = int | tuple[int, ...] | None
    Array = NDArray[Any]
    Kernel = Callable[[Array, Array, Array, float, int], None]

__all__ = ["OnlineLogSumExp", "hardmax", "log_softmax", "logsumexp", "softargmax", "softmax"]

INF = math.inf
SHORT = 24  # slices up to this length are computed class-major: up to 20 times the speed
BLOCK = 2**19  # bytes of logits at a time, so that a block stays in cache: up to 2 times the speed
EINSUM = 1024  # einsum sums rows up to this length: 10 to 20 % of softmax, but not pairwise


def softmax(z: ArrayLike, axis: Axis = -1, *, temperature: float = 1.0) -> Array:
    r"""Turn logits into probabilities.

    .. math:: \sigma_T(z)_i = \frac{e^{z_i/T}}{\sum_j e^{z_j/T}}

    Parameters
    ----------
    z : array_like
        Logits: real numbers, in units of T. Booleans count as 0 and 1.
    axis : int, tuple of ints or None, default -1
        The axes that make up one slice; the probabilities of a slice sum to 1. None: all axes.
    temperature : float, default 1.0
        T. At 0 the maxima share equally (`hardmax`), at ±∞ all entries do; negative temperatures
        favour small logits, and -0.0 is their limit. Far from 0 the shares are even, near 0 sharp.

    Returns
    -------
    ndarray
        Probabilities in the shape of `z`. float16, float32, float64 and longdouble are kept
        (float16 computes in float32 and rounds once), integers and booleans become float64.

    Raises
    ------
    TypeError
        If `z` holds anything but real numbers or has masked entries, if `temperature` is not a
        real number, or if `axis` is not made of integers.
    ValueError
        If a slice of `z` is empty, if `temperature` is NaN, or if `z` has no such `axis`.

    Notes
    -----
    Chapters 01 and 02; rounding errors in chapter 05. Infinite logits take their limits: entries
    at +∞ share equally, one at -∞ gets 0, a slice of nothing but -∞ gets NaN. A NaN spoils its
    own slice only. Nothing warns and no argument is modified.

    References
    ----------
    P. Blanchard, D. J. Higham and N. J. Higham, "Accurately computing the log-sum-exp and softmax
    functions", IMA J. Numer. Anal. 41 (2021) 2311-2330, doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> softmax([3, 1, 0.2]).round(4)
    array([0.836 , 0.1131, 0.0508])
    >>> softmax([3, 1, 0.2], temperature=10).round(4)
    array([0.3884, 0.318 , 0.2936])
    >>> softmax([1e308, 1], temperature=0.5)
    array([1., 0.])
    """
    return _entrywise(_softmax, z, axis, temperature)


softargmax = softmax


def log_softmax(z: ArrayLike, axis: Axis = -1, *, temperature: float = 1.0) -> Array:
    r"""Logarithms of softmax probabilities, accurate even where a probability rounds to 0 or 1.

    .. math:: \log \sigma_T(z)_i = \frac{z_i - m}{T} - \log\Bigl(1 + \sum_{j \ne k}
              e^{(z_j - m)/T}\Bigr), \qquad m = z_k = \max z

    Parameters
    ----------
    z : array_like
        Logits, as for `softmax`.
    axis : int, tuple of ints or None, default -1
        The axes that make up one slice.
    temperature : float, default 1.0
        T, as for `softmax`. At 0: -log k on k tied maxima, -∞ elsewhere.

    Returns
    -------
    ndarray
        Natural logarithms (nats) in the shape of `z` and in the type that `softmax` would give.

    Raises
    ------
    TypeError, ValueError
        As for `softmax`.

    Notes
    -----
    Chapters 01 and 05. One maximum is left out of the sum and `log1p` adds it back, so that tiny
    logarithms keep all their digits; `log(softmax(z))` would give 0 for the first one below.

    References
    ----------
    Blanchard, Higham and Higham (2021), doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> log_softmax([0, -40])
    array([-4.24835426e-18, -4.00000000e+01])
    """
    return _entrywise(_log_softmax, z, axis, temperature)


def logsumexp(
    z: ArrayLike,
    axis: Axis = -1,
    *,
    weights: ArrayLike | None = None,
    keepdims: bool = False,
    temperature: float = 1.0,
) -> Any:
    r"""Compute the soft maximum (at negative temperatures: the soft minimum).

    .. math:: \mathrm{LSE}_T(z) = T \log \sum_i w_i\, e^{z_i/T}

    Parameters
    ----------
    z : array_like
        Logits, as for `softmax`.
    axis : int, tuple of ints or None, default -1
        The axes that make up one slice.
    weights : array_like, optional
        Finite and not negative, broadcast to the shape of `z`; an entry of weight 0 is absent,
        whatever its logit.
    keepdims : bool, default False
        Keep the reduced axes with length 1.
    temperature : float, default 1.0
        T. At ±0 the largest or smallest logit. At ±∞, where T log Σw grows without bound, ±∞ by
        the sign of log Σw; if the weights sum to exactly 1, their mean of the logits.

    Returns
    -------
    ndarray or scalar
        One number per slice, in the units of `z` and in the type that `softmax` would give.
        An empty slice, or one of nothing but -∞, gives -∞, the zero of the semiring (for T < 0:
        of nothing but +∞, and +∞).

    Raises
    ------
    TypeError
        As for `softmax`; also for `weights` that are not real numbers.
    ValueError
        If `weights` are negative, not finite or do not fit `z`, if `temperature` is NaN, or if
        `z` has no such `axis`.

    Notes
    -----
    Chapters 01, 04 and 05.

    References
    ----------
    Blanchard, Higham and Higham (2021), doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> print(logsumexp([1000, 1000]))
    1000.6931471805599
    >>> print(logsumexp([3, 1, 0.2], temperature=0))
    3.0
    """
    return _reduced(z, axis, temperature, weights, keepdims)


def hardmax(z: ArrayLike, axis: Axis = -1) -> Array:
    r"""Equal shares on the maxima of each slice and 0 elsewhere.

    .. math:: \lim_{T \downarrow 0} \sigma_T(z)_i = \frac{[z_i = \max z]}{\#\{j : z_j = \max z\}}

    Parameters
    ----------
    z : array_like
        Logits, as for `softmax`.
    axis : int, tuple of ints or None, default -1
        The axes that make up one slice.

    Returns
    -------
    ndarray
        Shares in the shape of `z` and in the type that `softmax` would give.

    Raises
    ------
    TypeError, ValueError
        As for `softmax`.

    Notes
    -----
    Chapters 01 and 02.

    References
    ----------
    Blanchard, Higham and Higham (2021), doi:10.1093/imanum/draa038.

    Examples
    --------
    >>> hardmax([1, 5, 5])
    array([0. , 0.5, 0.5])
    """
    return softmax(z, axis, temperature=0.0)


class OnlineLogSumExp(NamedTuple):
    r"""The log-sum-exp of all that has been seen so far, in two numbers per slice (chapter 05).

    Under `merge` these pairs form a commutative monoid with identity ``OnlineLogSumExp()``, and
    `value` carries it to `logsumexp`: chunks of any size may be merged in any order or tree.

    Parameters
    ----------
    top : float or ndarray
        The maximum m.
    rest : float or ndarray
        :math:`\sum e^{z_j - m}` over all entries but one maximum.

    Examples
    --------
    >>> from functools import reduce
    >>> chunks = ([0.0, 1.0], [1000.0], [999.0, 2.0, 3.0])
    >>> seen = reduce(OnlineLogSumExp.add, chunks, OnlineLogSumExp())
    >>> print(seen.value.round(6), logsumexp([1000, 999]).round(6))
    1000.313262 1000.313262
    """

    top: Any = -INF
    rest: Any = 0.0

    @classmethod
    @np.errstate(all="ignore")
    def of(cls, z: ArrayLike, axis: Axis = -1) -> OnlineLogSumExp:
        """Start from one chunk; `z` and `axis` are those of `logsumexp`."""
        rows, _, _, _, shape, kept, _ = _slices(z, axis, 1.0)
        top, rest = _swept(_online, rows, 1.0, (-INF, 0)).T
        return cls(top.reshape(shape[:kept])[()], rest.reshape(shape[:kept])[()])

    def add(self, z: ArrayLike, axis: Axis = -1) -> OnlineLogSumExp:
        """Take in one more chunk."""
        return self.merge(OnlineLogSumExp.of(z, axis))

    @np.errstate(all="ignore")
    def merge(self, other: OnlineLogSumExp) -> OnlineLogSumExp:
        """Combine what two passes have seen; commutative to the last bit."""
        top, low = np.maximum(self.top, other.top), np.minimum(self.top, other.top)
        mine = np.equal(self.top, top)
        near = np.where(mine, self.rest, other.rest)
        far = np.where(mine, other.rest, self.rest)
        ratio = np.where(low == top, low > -INF, np.exp(low - top))  # no -∞ - (-∞)
        return OnlineLogSumExp(top, near + far * ratio + ratio)

    @property
    def value(self) -> Any:
        """The log-sum-exp of everything seen."""
        return self.top + np.log1p(self.rest)


# --- Kernels: the arithmetic of one block ------------------------------------------------------
# x holds the logits, its classes along `axis`: 0 in class-major blocks, 1 in blocks of long rows.
# The result goes to out; d is room for it that is contiguous, perhaps x's own or out's.


def _softmax(x: Array, d: Array, out: Array, t: float, axis: int) -> None:
    top, _ = _maximum(x, axis)
    np.exp(_gaps(x, top, t, d, _needs_limits(top, t)), out=d)
    np.divide(d, _total(d, axis), out=out)


def _log_softmax(x: Array, d: Array, out: Array, t: float, axis: int) -> None:
    top, rest, limits = _top_and_rest(x, t, axis)
    np.subtract(_gaps(x, top, t, d, limits), np.log1p(rest), out=out)


def _logsumexp(x: Array, d: Array, out: Array, t: float, axis: int) -> None:
    top, rest, _ = _top_and_rest(x, t, axis)
    value = top + t * np.log1p(rest)
    np.copyto(value, top, where=np.isinf(top))
    out[...] = value


def _online(x: Array, d: Array, out: Array, t: float, axis: int) -> None:
    top, rest, _ = _top_and_rest(x, t, axis)
    np.copyto(rest, 0, where=top == -INF)
    np.concatenate((top, rest), axis, out=out)


def _maximum(x: Array, axis: int) -> tuple[Array, Any]:
    """Find the maxima, and in rows also where they are."""
    if axis == 0:
        return np.maximum.reduce(x, axis=0, keepdims=True), None
    first = np.arange(len(x)), x.argmax(axis=1)  # 1.2 to 4 times the speed of max(axis=1)
    return x[first][:, None], first


def _top_and_rest(x: Array, t: float, axis: int) -> tuple[Array, Array, bool]:
    """Find the maxima, and sum the exponentials of the gaps of all entries but one maximum."""
    if axis == 1:
        top, first = _maximum(x, axis)
        limits = _needs_limits(top, t)
        e = np.empty_like(x)
        np.exp(_gaps(x, top, t, e, limits), out=e)
        e[first] = 0
        return top, _total(e, axis), limits
    # The loser of each comparison with the running maximum is an entry that is not the maximum;
    # masking the maximum instead costs a mispredicted branch per slice: half the speed.
    if x[0].size < 128:  # up to 4 times the speed of the loop
        running = np.maximum.accumulate(x, axis=0)
        top, others = running[-1:], np.minimum(running[:-1], x[1:])
    else:
        top, others = x[:1].copy(), np.empty_like(x[1:])
        for entry, other in zip(x[1:], others, strict=True):
            np.minimum(top[0], entry, out=other)
            np.maximum(top[0], entry, out=top[0])
    limits = _needs_limits(top, t)
    np.exp(_gaps(others, top, t, others, limits), out=others)
    return top, _total(others, axis), limits


def _needs_limits(top: Array, t: float) -> bool:
    """Tell whether some gap has no value, only a limit."""
    if t == 0 or t == INF:
        return True
    if top.size == 1:  # a twelfth of the time of ten logits
        return bool(top.item() == INF)
    return bool(np.count_nonzero(top == INF))


def _gaps(x: Array, top: Array, t: float, d: Array, limits: bool) -> Array:
    """Write (x - top) / t into d; shifting first keeps 1e308 / 0.5 from overflowing."""
    if limits:
        alive = (x == top) | ((t == INF) & (top < INF) & (x > -INF))
        limit = np.where(top > -INF, np.where(alive, 0, -INF), math.nan)
    if t <= 1:
        np.subtract(x, top, out=d)
        if 0 < t < 1:
            d /= t
    elif t < INF:  # in halves, since the gap itself may overflow: (1e308 - -1e308) / 1e308 is 2
        np.multiply(x, 0.5, out=d)
        d -= top * 0.5
        d /= t * 0.5
    if limits:
        np.copyto(d, limit, where=(top == INF) | (t == 0 or t == INF))
    return d


def _total(e: Array, axis: int) -> Array:
    """Sum over the classes, in an order that depends on their number alone."""
    if axis == 1:
        if e.shape[1] <= EINSUM:
            return np.asarray(np.einsum("ij->i", e))[:, None]
        return np.add.reduce(e, axis=1, keepdims=True)
    if e.ndim == 1 or e.shape[1] == 1:  # reduce would sum a single slice in another order
        return np.add.accumulate(e, axis=0)[-1:] if len(e) else np.zeros((1,) * e.ndim, e.dtype)
    return np.add.reduce(e, axis=0, keepdims=True)


# --- The driver --------------------------------------------------------------------------------


@np.errstate(all="ignore")
def _entrywise(kernel: Kernel, z: Any, axis: Axis, temperature: Any) -> Array:
    rows, t, _, dtype, shape, kept, order = _slices(z, axis, temperature)
    if not rows.shape[1]:
        raise ValueError(f"z has an empty slice along axis {axis}")
    out: Array = np.empty_like(rows)
    _sweep(kernel, rows, out, t)
    if dtype != rows.dtype:
        out = out.astype(dtype)
    out = out.reshape(shape)
    if kept and order != tuple(range(len(order))):
        out = out.transpose(np.argsort(order))
    return out if out.ndim else out[()]


@np.errstate(all="ignore")
def _reduced(z: Any, axis: Axis, temperature: Any, weights: Any, keepdims: bool) -> Any:
    rows, t, sign, dtype, shape, kept, order = _slices(z, axis, temperature)
    if weights is not None:
        w = _weights(weights, np.shape(z)).transpose(order).reshape(rows.shape)
        value = _weighted(rows, w, t)
    elif t == INF:
        value = _weighted(rows, np.ones_like(rows), t)
    else:
        value = _swept(_logsumexp, rows, t, (-INF,))
    value = (value if sign > 0 else -value).astype(dtype, copy=False).reshape(shape[:kept])
    if keepdims:
        value = np.expand_dims(value, order[kept:])
    return value if value.ndim else value[()]


def _weighted(rows: Array, w: Array, t: float) -> Array:
    """Compute m + T log sum w exp((z - m) / T), with log w added to the gaps, as no w can be."""
    x = np.where(w > 0, rows, -INF)
    top = np.maximum.reduce(x, axis=1, keepdims=True, initial=-INF)
    d = _gaps(x, top, t, np.empty_like(x), limits=True)
    if t == INF:  # T log W + the weighted mean, W the sum of the weights that have a say
        share = np.ascontiguousarray(w * np.exp(d))
        total = share.sum(axis=1, keepdims=True)
        mean = np.where(share > 0, share * x, 0).sum(axis=1, keepdims=True)
        value = np.where(total == 1, mean, INF * np.log(total))
    else:
        value = top + t * _swept(_logsumexp, d + np.log(w).astype(d.dtype), 1.0, (-INF,))
    return np.where(np.isinf(top), top, value)


def _swept(kernel: Kernel, rows: Array, t: float, empty: tuple[float, ...]) -> Array:
    out = np.empty((len(rows), len(empty)), rows.dtype)
    if rows.shape[1]:
        _sweep(kernel, rows, out, t)
    else:
        out[...] = empty
    return out


def _sweep(kernel: Kernel, rows: Array, out: Array, t: float) -> None:
    """Run the kernel over blocks of slices: short slices class-major, long ones as rows."""
    count, n = rows.shape
    axis = int(n > SHORT)
    if count == 1 and axis == 0:  # 1-D saves a third of the time of ten logits
        kernel(rows[0], out[0], out[0], t, axis)
        return
    if axis == 0:
        rows, out = rows.T, out.T
    copies_in = rows.strides[1] != rows.itemsize  # work on contiguous lines only: exp is quicker
    copies_out = out.strides[1] != out.itemsize and out.shape == rows.shape
    block = rows.nbytes // (24 if copies_in else 12)  # extra memory: a twelfth of a large input
    step = max(min(max(block, 2 ** (17 + axis)), BLOCK) // (n * rows.itemsize), 1)
    if axis == 0:
        step = step // 16 * 16 + 8  # no power of two, or all classes share a few cache lines
    step = min(step, count) or 1
    if n > EINSUM or (rows.size > 8192 and (n if axis else step) >= 512):
        # NumPy copies a broadcast operand into its buffer unless a line is longer than that: 20 %
        # of softmax. NumPy 2.0 sums long rows one buffer at a time, so for these it is always set,
        # or the size of the batch would show. errstate restores the caller's.
        np.setbufsize(512)
    if copies_in or copies_out:
        room = np.empty((step, n) if axis else (n, step), rows.dtype)
    for start in range(0, count, step):
        part = np.s_[start : start + step] if axis else np.s_[:, start : start + step]
        x, o = rows[part], out[part]
        d = room[: len(x), : x.shape[1]] if copies_in or copies_out else o
        if copies_in:
            d[...] = x
            x = d
        kernel(x, d if copies_out else o, o, t, axis)


# --- Arguments ---------------------------------------------------------------------------------


def _slices(z: Any, axis: Axis, temperature: Any) -> Any:
    """Return the slices of z as rows, |T|, its sign, and what it takes to get back."""
    z = _real(z, "z")
    t = _number(temperature)
    axes = _axes(axis, z.ndim)
    kept = z.ndim - len(axes)
    order = tuple(range(z.ndim))
    if axes != order[kept:]:
        order = (*[i for i in order if i not in axes], *axes)
        z = z.transpose(order)
    shape = z.shape
    rows = z.reshape(math.prod(shape[:kept]), math.prod(shape[kept:]))
    dtype = z.dtype
    if t == 1 and dtype.char in "fdg" and dtype.isnative:
        return rows, t, 1, dtype, shape, kept, order  # 15 % of the time of ten logits
    dtype = dtype.newbyteorder("=") if dtype.kind == "f" else np.dtype(np.float64)
    work = np.promote_types(dtype, np.float32)
    if t != 0 and abs(t) != INF:
        limits = np.finfo(work)
        if not float(limits.tiny) <= abs(t) <= float(limits.max):
            work = np.promote_types(work, np.float64)  # where T is neither 0 nor ∞
    if work != z.dtype:
        rows = rows.astype(work)
    sign = math.copysign(1, t)
    return rows if sign > 0 else -rows, abs(t), sign, dtype, shape, kept, order


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    if type(axis) is int and -ndim <= axis < ndim:  # a tenth of the time of ten logits
        return (axis % ndim,)
    if axis is None:
        return tuple(range(ndim))
    try:
        return tuple(sorted(normalize_axis_tuple(axis, ndim, "axis")))
    except TypeError as error:
        raise TypeError(f"axis must be an int, a tuple of ints or None, not {axis!r}") from error


def _number(temperature: Any) -> float:
    if type(temperature) is not float:
        if isinstance(temperature, np.ndarray) and temperature.ndim == 0:
            temperature = temperature[()]
        if not isinstance(temperature, (Real, np.bool_)):
            raise TypeError(f"temperature must be a real number, not {temperature!r}")
        try:
            temperature = float(temperature)
        except OverflowError as error:
            raise ValueError("temperature is too large for a float") from error
    if math.isnan(temperature):
        raise ValueError("temperature must not be NaN")
    return float(temperature)


def _weights(weights: Any, shape: tuple[int, ...]) -> Array:
    w = _real(weights, "weights")
    if not np.all((w >= 0) & (w < INF)):
        raise ValueError("weights must be finite and not negative")
    try:
        return np.broadcast_to(w.astype(np.promote_types(w.dtype, np.float64)), shape)
    except ValueError as error:
        raise ValueError(f"weights of shape {w.shape} do not fit z of shape {shape}") from error


def _real(values: Any, name: str) -> Array:
    if type(values) is not np.ndarray:
        if _masked(values):
            raise TypeError(f"{name} has masked entries")
        try:
            values = np.asarray(values)
        except ValueError as error:
            raise ValueError(f"{name} is not an array: {error}") from error
    if values.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, not {values.dtype}")
    return np.asarray(values)


def _masked(values: Any) -> bool:
    if isinstance(values, (list, tuple)):
        return any(map(_masked, values))
    return isinstance(values, np.ndarray) and bool(np.any(getattr(values, "mask", False)))
