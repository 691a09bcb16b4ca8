"""softmax, its logarithm, the soft maximum and the hard one: accurate, fast, NumPy alone.

Read from the top: the functions, then the arithmetic of one block (the *kernels*), then the driver
that cuts any array into blocks. Chapter 05 derives the formulas and their errors.

Two promises shape the code. *Accurate*: logits are shifted by their maximum before they are
divided by T; where a logarithm is asked for, one maximum is left out of the sum, for `log1p` to
put back. *Batch-invariant*: a slice gives the same bits alone and in any batch. Its length alone
decides how it is summed, and NumPy's `exp` and `log1p` treat equal numbers alike wherever they
stand in a contiguous line, as the tests check.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from softlib._arguments import _axes, _number, _real, _weights

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Axis = int | tuple[int, ...] | None
    Array = NDArray[Any]
    Kernel = Callable[[Array, Array, Array, float, int], None]

__all__ = ["OnlineLogSumExp", "hardmax", "log_softmax", "logsumexp", "softargmax", "softmax"]

INF = math.inf
SHORT = 24  # slices up to this length are computed class-major: 2 to 8 times the speed
UNSIGNED: dict[int, np.dtype[Any]] = {4: np.dtype("u4"), 8: np.dtype("u8")}  # by itemsize
EINSUM = 1024  # up to this length einsum saves 10 to 20 % of softmax; add.reduce is pairwise


def softmax(z: ArrayLike, axis: Axis = -1, *, temperature: float = 1.0) -> Array:
    r"""Turn logits into probabilities.

    .. math:: \sigma_T(z)_i = \frac{e^{z_i/T}}{\sum_j e^{z_j/T}}

    Parameters
    ----------
    z : array_like
        Logits: real numbers, in the same units as T. Booleans count as 0 and 1, and integers
        beyond 2**53 are rounded first.
    axis : int, tuple of ints or None, default -1
        The axes that make up one slice; the probabilities of a slice sum to 1. None: all axes.
    temperature : float, default 1.0
        T. At 0 the maxima share equally (`hardmax`), at ±∞ all finite entries do; negative
        temperatures favour small logits, and -0.0 is their limit. Far from 0 the shares are even,
        near 0 sharp. For float16 and float32 logits T is rounded to float32, if it is in its range.

    Returns
    -------
    ndarray, or scalar if `z` is one
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
    Chapters 01 and 02; rounding errors in chapter 05. For T > 0 a single +∞ gets everything and a
    -∞ gets 0: these are limits. By convention several +∞ share equally, as at T = 0, and a slice
    of nothing but -∞ gets NaN. For T < 0 the infinities change roles. A NaN spoils its own slice
    only. Nothing warns and no argument is modified.

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
    return _apply(_softmax, z, axis, temperature)


softargmax = softmax


def log_softmax(z: ArrayLike, axis: Axis = -1, *, temperature: float = 1.0) -> Array:
    r"""Logarithms of softmax probabilities, accurate even where a probability rounds to 0 or 1.

    .. math::

        \log \sigma_T(z)_i &= \frac{z_i - m}{T}
            - \log\Bigl(1 + \sum_{j \ne k} e^{(z_j - m)/T}\Bigr),

        m &= z_k = \max z

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
    return _apply(_log_softmax, z, axis, temperature)


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
        T. At ±0 the largest or smallest logit. At ±∞ the term T log W decides, W the sum of the
        weights of all entries with a say: ±∞ by its sign, and if W is 1 (up to rounding) the
        weighted mean of the logits. An infinite maximum (at -∞: minimum) wins all the same.

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
    t = _number(temperature)
    if weights is None and math.isinf(t):
        weights = 1.0
    value = _apply(_logsumexp, z, axis, t, (-INF,), weights)[..., 0]
    if keepdims:
        value = np.expand_dims(value, tuple(range(np.ndim(z))) if axis is None else axis)
    return value[()] if math.copysign(1, t) > 0 else -value[()]


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
    `value` carries it to `logsumexp`: chunks of any size may be merged in any order or tree. (In
    exact arithmetic; in floats another tree costs a few roundings.)

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
    def of(cls, z: ArrayLike, axis: Axis = -1) -> OnlineLogSumExp:
        """Start from one chunk; `z` and `axis` are those of `logsumexp`."""
        pair = _apply(_online, z, axis, 1.0, (-INF, 0.0))
        return cls(pair[..., 0][()], pair[..., 1][()])

    def add(self, z: ArrayLike, axis: Axis = -1) -> OnlineLogSumExp:
        """Take in one more chunk."""
        return self.merge(OnlineLogSumExp.of(z, axis))

    @np.errstate(all="ignore")
    def merge(self, other: OnlineLogSumExp) -> OnlineLogSumExp:
        """Combine what two passes have seen; commutative to the last bit."""
        top = np.maximum(self.top, other.top) + 0.0  # of -0.0 and 0.0 the same one either way
        low = np.minimum(self.top, other.top)
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
# The result goes to out. d is room for the gaps: the memory of out, or of x where x is a copy; the
# kernels that reduce use it only then. A single short slice is 1-D, and its maximum and its sum are
# scalars: that saves a third of the time.


def _softmax(x: Array, d: Array, out: Array, t: float, axis: int) -> None:
    top, _ = _maximum(x, axis)
    np.exp(_gaps(x, top, t, d), out=d)
    np.divide(d, _total(d, axis), out=out)


def _log_softmax(x: Array, d: Array, out: Array, t: float, axis: int) -> None:
    _, rest = _top_and_rest(x, d, None, t, axis)
    np.subtract(d, np.log1p(rest), out=out)


def _logsumexp(x: Array, d: Array, out: Array, t: float, axis: int) -> None:
    top, rest = _reduced(x, d, t, axis)
    out[...] = _plus(top, t, np.log1p(rest))


def _online(x: Array, d: Array, out: Array, t: float, axis: int) -> None:
    top, rest = _reduced(x, d, t, axis)
    top = top + 0.0  # of -0.0 and 0.0 the same one in any layout
    np.concatenate((np.atleast_1d(top), np.atleast_1d(rest)), axis, out=out)


def _reduced(x: Array, d: Array, t: float, axis: int) -> tuple[Any, Any]:
    """Find the maxima and the sums of all else, which are 0 where all logits are -∞."""
    d = x if d is x else np.empty(x.shape, x.dtype)  # empty_like would keep a broadcast row's order
    top, rest = _top_and_rest(x, d, d, t, axis)
    return top, np.fmax(rest, 0)


def _top_and_rest(x: Array, d: Array, room: Array | None, t: float, axis: int) -> tuple[Any, Any]:
    """Find the maxima and the sums of all else, NaN or 0 where all logits are -∞."""
    top, first = _maximum(x, axis)
    gaps = _gaps(x, -(0.0 - top), t, d)  # from -0.0 both zeros have the gap 0.0, not -0.0
    return top, _rest(gaps, room, first, axis)


def _maximum(x: Array, axis: int) -> tuple[Any, Any]:
    """Find the maxima, and in rows and single slices also where they are."""
    if x.ndim == 1:
        where = x.argmax()
        return x[where], where
    if axis == 0:
        return np.maximum.reduce(x, axis=0, keepdims=True), None
    first = np.arange(len(x)), x.argmax(axis=1)  # up to 1000 classes faster than max(axis=1)
    return x[first][:, None], first


def _gaps(x: Array, top: Any, t: float, d: Array) -> Array:
    """Write (x - top) / t into d; shifting first keeps 1e308 / 0.5 from overflowing."""
    largest = top if x.ndim == 1 else top.item(top.argmax())
    limits = not (largest < INF and 0 < t < INF)  # somewhere a gap has only a limit
    if limits:
        where = (top == INF) | (not 0 < t < INF)
        alive = (x == top) | ((t == INF) & (top < INF) & (x > -INF))
        limit = np.where(top > -INF, np.where(alive, 0, -INF), math.nan)
    if t <= 1:
        np.subtract(x, top, out=d)
        if t < 1:
            d /= t
    elif t < INF:  # in halves, since the gap itself may overflow: (1e308 - -1e308) / 1e308 is 2
        np.multiply(x, 0.5, out=d)
        d -= top * 0.5
        d /= t * 0.5
    if limits:
        np.copyto(d, limit, where=where)
    return d


def _rest(d: Array, room: Array | None, first: Any, axis: int) -> Any:
    """Sum the exponentials of all gaps but one that is 0; `room` for them may be d itself."""
    n = len(d)
    if axis == 1 or (d.ndim == 1 and np.count_nonzero(np.signbit(d)) == n - 1):
        e = np.exp(d, out=room)
        e[first] = 0
        return _total(e, axis)
    # A maximum has the gap 0.0, and all other gaps the sign bit. To find one maximum of each slice
    # and mask it would cost a mispredicted branch per slice, and halve the speed.
    ties = np.add.reduce(np.signbit(d).view(np.int8), dtype=np.int8, initial=1 - n)
    if d[0].size < 8192:
        rest = _total(_others(d), axis)
    else:  # class by class: room for one class is enough, and it is no slower
        rest, line = _others(d[:1]), np.empty_like(d[:1])
        for k in range(1, n):
            rest += _others(d[k : k + 1], line)
    if np.count_nonzero(ties):
        rest -= ties
    return rest


def _others(d: Array, room: Array | None = None) -> Array:
    """Take exponentials of all gaps but the 0.0 of the maxima, which becomes 0.

    Read as unsigned integers, 0.0 is 0, and a gap with a sign bit is larger than its exponential:
    the minimum of the two is what is wanted. 10 to 20 % of log_softmax.
    """
    e = np.exp(d, out=room)
    bits = e.view(UNSIGNED[e.itemsize])
    np.minimum(bits, d.view(bits.dtype), out=bits)
    return e


def _total(e: Array, axis: int) -> Any:
    """Sum over the classes, in an order that depends on their number alone."""
    if axis == 1:
        if e.shape[1] <= EINSUM:
            return np.asarray(np.einsum("ij->i", e))[:, None]
        return np.add.reduce(e, axis=1, keepdims=True)
    if e.ndim == 1:  # reduce would sum a single slice in another order
        return np.add.accumulate(e)[-1]
    if e.shape[1] == 1:
        return np.add.accumulate(e, axis=0)[-1:]
    return np.add.reduce(e, axis=0, keepdims=True)


def _weighted(rows: Array, w: Array, eps: float, t: float) -> Array:
    """Compute m + T log sum w exp((z - m) / T); log w joins the gaps, as w exp could overflow."""
    w = np.ascontiguousarray(w)  # puts what follows in rows: another layout sums otherwise
    x = np.where(w > 0, rows, -INF)
    top = np.maximum.reduce(x, axis=1, keepdims=True)
    d = _gaps(x, top, t, np.empty_like(x))
    if t == INF:  # T log W + the weighted mean, W the sum of the weights that have a say
        share = w * np.exp(d)
        total = share.sum(axis=1, keepdims=True)
        mean = np.where(share > 0, share / total * x, 0).sum(axis=1, keepdims=True)
        near = abs(total - 1) <= x.shape[1] * eps
        value = np.where(near, mean, INF * np.log(total))
    else:
        value = np.empty_like(top)
        _sweep(_logsumexp, d + np.log(w).astype(d.dtype), value, 1.0)
        value = _plus(top, t, value)
    return np.where(np.isinf(top), top, value) + 0.0  # one zero, as in _online


def _plus(top: Any, t: float, value: Any) -> Any:
    """Add t * value to top; in halves where that overflows on the way, as -1.7e308 + 2.3e308."""
    total = top + t * value
    if t < 1e30:
        return total
    return np.where(np.isinf(total), 2 * (0.5 * top + 0.5 * t * value), total)


# --- The driver --------------------------------------------------------------------------------


@np.errstate(all="ignore")
def _apply(
    kernel: Kernel,
    z: Any,
    axis: Axis,
    temperature: Any,
    empty: tuple[float, ...] = (),
    weights: Any = None,
) -> Array:
    """Lay the slices of z out as rows, run the kernel over them, and lay the results back.

    A kernel that reduces has in `empty` the numbers that stand for a slice without entries.
    """
    z, t = _real(z, "z"), _number(temperature)
    axes, dtype = _axes(axis, z.ndim), z.dtype
    kept = z.ndim - len(axes)
    w, eps = (None, 0.0) if weights is None else _weights(weights, z.shape)
    turned = bool(axes) and axes[0] < kept
    if turned:
        order = (*[i for i in range(z.ndim) if i not in axes], *axes)
        z, w = z.transpose(order), w if w is None else w.transpose(order)
    shape = z.shape
    rows = z.reshape(math.prod(shape[:kept]), math.prod(shape[kept:]))
    if dtype.char not in "fdg" or not dtype.isnative or not 1e-37 < t < 1e38:
        dtype = np.promote_types(dtype, "e" if dtype.kind == "f" else "d")
        beyond = 0 < abs(t) < 1e-37 or 1e38 < abs(t) < INF  # T or 1/T is no normal float32
        rows = rows.astype(np.promote_types(dtype, "d" if beyond else "f"), copy=False)
        rows = rows if math.copysign(1, t) > 0 else -rows
    count, n = rows.shape
    out = np.empty((count, len(empty)), rows.dtype) if empty else np.empty_like(rows)
    if n == 0:
        if not empty and count:
            raise ValueError(f"z has an empty slice along axis {axis}")
        out[...] = empty
    elif w is not None:
        out[...] = _weighted(rows, w.reshape(rows.shape), eps, abs(t))
    else:
        _sweep(kernel, rows, out, abs(t))
    if dtype != out.dtype and kernel is not _online:  # a stream rounds at its end, if at all
        out = out.astype(dtype)
    if empty:
        return out.reshape(*shape[:kept], len(empty))
    out = out.reshape(shape)
    return out.transpose(np.argsort(order)) if turned else out[()]


def _sweep(kernel: Kernel, rows: Array, out: Array, t: float) -> None:
    """Run the kernel over blocks that fit the cache: short slices class-major, long ones as rows.

    Up to 1.7 times the speed for a large input. With many slices the memory beside the result is
    a fraction of the input: from 1 MB on, on the shapes of the benchmarks, 0.15 and for logsumexp
    0.1. A few long slices, a middle axis, other types, T outside (0, ∞) and weights may need
    copies of all of it.
    """
    count, n = rows.shape
    axis = int(n > SHORT or rows.itemsize not in UNSIGNED)
    if count == 1 and axis == 0:
        kernel(rows[0], out[0], out[0], t, axis)
        return
    if n >= 512:
        # Unless a line is longer than its buffer, NumPy copies a broadcast operand into that: 20 %
        # of softmax. And NumPy 2.0 sums long rows one buffer at a time, so its size must not vary.
        np.setbufsize(512)  # errstate restores the caller's
    whole = out.shape == rows.shape  # the kernel does not reduce
    in_lines = rows.strides[axis] == rows.itemsize
    if whole and in_lines:
        share, least, most = (3, 12)[axis], 2**18, 2**21
    else:  # needs room beside the result; below 1 MB speed counts, from there on memory
        share = 20 if whole else 13 if axis and in_lines else 30
        least, most = 3 * 2**15 if rows.nbytes < 2**20 else 0, 2**19
    step = min(max(rows.nbytes // share, least), most) // (n * rows.itemsize) + 1
    for start in range(0, count, step):
        x, o = rows[start : start + step], out[start : start + step]
        if axis == 0:
            x, o = x.T, o.T
        if x.strides[1] == o.strides[1] == x.itemsize:
            kernel(x, o, o, t, axis)
        else:  # on contiguous lines exp is quicker
            x = x.copy(order="C")
            kernel(x, x, o, t, axis)
