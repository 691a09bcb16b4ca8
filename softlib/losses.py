"""Cross-entropy and its gradient, entropy and Kullback-Leibler divergence (chapter 06)."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from softlib._arguments import _axes, _real
from softlib.core import log_softmax, softmax

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["cross_entropy", "cross_entropy_gradient", "entropy", "kl_divergence"]


def cross_entropy(
    z: ArrayLike, target: ArrayLike, axis: Any = -1, *, label_smoothing: float = 0.0
) -> Any:
    r"""Loss of each sample, from logits.

    .. math:: \ell(z, y) = -\sum_i y_i \log \sigma(z)_i
              = \mathrm{LSE}(z) - \langle y, z \rangle

    A one-hot target leaves one term of the sum, :math:`-\log \sigma(z)_j` for the right class j.

    Parameters
    ----------
    z : array_like
        Real logits.
    target : array_like
        Either classes, counted from 0: integers in the shape of the result, or one integer for
        all samples. Or probability vectors along `axis`, one-hot ones among them, in the shape
        of `z`.
    axis : int, tuple of int or None, default -1
        The axis of the classes. With several axes (None: all) the classes count through them in
        the order of the array's entries, the last axis fastest.
    label_smoothing : float, default 0
        The share, in [0, 1], of the target that is spread evenly over all n classes: y becomes
        (1 - s) y + s/n.

    Returns
    -------
    ndarray or scalar
        One loss per sample, in nats: the shape of `z` without `axis`. Floating types are kept,
        all others give float64.

    Raises
    ------
    TypeError
        If `z` or `target` does not hold real numbers, classes are not integers, or
        `label_smoothing` is not a real number.
    ValueError
        If the shapes of `z` and `target` do not fit, a class is none of 0, ..., n - 1, a soft
        target is not a probability vector, or `label_smoothing` is not in [0, 1].

    See Also
    --------
    cross_entropy_gradient : the derivative with respect to the logits.

    Notes
    -----
    Computed from log-softmax, never from the logarithm of a rounded probability. So a confident
    right answer keeps its small loss, and a hopeless one has a finite loss, as long as the type
    has such numbers. A class of probability 0 in the target adds nothing, even where its logit is
    -inf.

    Chapter 06. The loss is the one of J. S. Bridle, in *Advances in Neural Information
    Processing Systems* 2, 1990, pp. 211-217; label smoothing is from C. Szegedy and others,
    2016, doi:10.1109/CVPR.2016.308.

    Examples
    --------
    >>> round(float(cross_entropy([2, 3, 4], 1)), 6)
    1.407606
    >>> float(cross_entropy([40, 0], 0)), float(cross_entropy([0, 1000], 0))
    (4.248354255291589e-18, 1000.0)
    >>> cross_entropy([[2, 3, 4], [2, 3, 4]], [[0, 1, 0], [0.5, 0.5, 0]]).round(6)
    array([1.407606, 1.907606])
    """
    logits, y, axes = _logits_and_target(z, target, axis, label_smoothing)
    terms = _weighted(y, log_softmax(_at_least_float32(logits), axis))
    return _minus_sum(terms, axes, logits.dtype)


def cross_entropy_gradient(
    z: ArrayLike, target: ArrayLike, axis: Any = -1, *, label_smoothing: float = 0.0
) -> Any:
    r"""Gradient of each sample's cross-entropy with respect to its logits.

    .. math:: \frac{\partial \ell}{\partial z_i} = \sigma(z)_i - y_i

    Parameters
    ----------
    z, target, axis, label_smoothing
        As for `cross_entropy`.

    Returns
    -------
    ndarray
        The gradients, in the shape and the type of `z`. Each sums to 0 along `axis`, as far as
        the target sums to 1.

    Raises
    ------
    TypeError, ValueError
        As `cross_entropy`.

    Notes
    -----
    Where y > 1/2 the difference is computed as expm1(log p) + (1 - y), so that a confident right
    answer keeps its small gradient too.

    Chapter 06, Theorem 6.1. J. S. Bridle, 1990, doi:10.1007/978-3-642-76153-9_28.

    Examples
    --------
    >>> cross_entropy_gradient([2, 3, 4], 1).round(6)
    array([ 0.090031, -0.755272,  0.665241])
    >>> cross_entropy_gradient([40.0, 0.0], 0)
    array([-4.24835426e-18,  4.24835426e-18])
    """
    logits, y, _ = _logits_and_target(z, target, axis, label_smoothing)
    wide = _at_least_float32(logits)
    with np.errstate(all="ignore"):
        near_one = np.expm1(log_softmax(wide, axis)) + (1 - y)
        gradient = np.where(y > 0.5, near_one, softmax(wide, axis) - y)
        return gradient.astype(logits.dtype)


def entropy(p: ArrayLike, axis: Any = -1) -> Any:
    r"""Entropy in nats, :math:`H(p) = -\sum_i p_i \log p_i` with :math:`0 \log 0 = 0`.

    Parameters
    ----------
    p : array_like
        Probability vectors along `axis`.
    axis : int, tuple of int or None, default -1
        The axis of the classes.

    Returns
    -------
    ndarray or scalar
        One entropy per vector, between 0 and log n (as far as the vector sums to 1). Floating
        types are kept, all others give float64.

    Raises
    ------
    TypeError
        If `p` does not hold real numbers.
    ValueError
        If a vector of `p` has a negative entry or does not sum to 1.

    Notes
    -----
    Chapters 02 and 06. C. E. Shannon, 1948, doi:10.1002/j.1538-7305.1948.tb01338.x.

    Examples
    --------
    >>> float(entropy([0.5, 0.5, 0])) == math.log(2)
    True
    >>> entropy([[1, 0, 0], [0.25, 0.25, 0.5]]).round(6)
    array([0.      , 1.039721])
    """
    shares, axes = _probabilities(p, "p", axis)
    wide = _at_least_float32(shares)
    with np.errstate(all="ignore"):
        return _minus_sum(_weighted(wide, np.log(wide)), axes, shares.dtype)


def kl_divergence(p: ArrayLike, q: ArrayLike, axis: Any = -1) -> Any:
    r"""Kullback-Leibler divergence in nats, :math:`\mathrm{KL}(p \| q) = \sum_i p_i \log(p_i/q_i)`.

    Parameters
    ----------
    p, q : array_like
        Probability vectors along `axis`; both of the same shape.
    axis : int, tuple of int or None, default -1
        The axis of the classes.

    Returns
    -------
    ndarray or scalar
        One divergence per pair of vectors: 0 if they are equal, inf if p has a class that q
        rules out, and never negative. The type is the wider one of `p` and `q`.

    Raises
    ------
    TypeError
        If `p` or `q` does not hold real numbers.
    ValueError
        If a vector of `p` or `q` has a negative entry or does not sum to 1, or the shapes
        differ.

    Notes
    -----
    Computed as :math:`\sum_i (p_i \log(p_i/q_i) + q_i - p_i)`, which is the same because p and q
    both sum to 1, and in which no term is negative. Where p and q are close, a term is
    :math:`p_i (r_i - \log(1 + r_i))` with :math:`r_i = q_i/p_i - 1`, for small :math:`r_i` from a
    series, which keeps its digits.

    Chapter 06. S. Kullback and R. A. Leibler, 1951, doi:10.1214/aoms/1177729694.

    Examples
    --------
    >>> round(float(kl_divergence([0.5, 0.5], [0.25, 0.75])), 6)
    0.143841
    >>> float(kl_divergence([0.5, 0.5], [1, 0]))
    inf
    """
    a, axes = _probabilities(p, "p", axis)
    b, _ = _probabilities(q, "q", axis)
    if a.shape != b.shape:
        raise ValueError(f"q of shape {b.shape} does not fit p of shape {a.shape}")
    dtype = np.promote_types(a.dtype, b.dtype)
    wide = np.promote_types(dtype, np.float32)
    a, b = a.astype(wide, copy=False), b.astype(wide, copy=False)
    with np.errstate(all="ignore"):
        r = (b - a) / a
        apart = _weighted(a, np.log(a) - np.log(b)) + (b - a)
        terms = np.where(abs(b - a) < a / 2, a * _excess(r), apart)
        return _minus_sum(-terms, axes, dtype)


def _excess(r: Any) -> Any:
    """Compute r - log(1 + r), near 0 by the series of log(1 + r) = 2 artanh(r / (2 + r))."""
    s = r / (2 + r)
    odd = 1 / np.arange(3, 19, 2, dtype=r.dtype)  # at |r| < 0.1 the next term is below 1e-20
    series = r * s - 2 * s**3 * np.polynomial.polynomial.polyval(s * s, odd)
    return np.where(abs(r) < 0.1, series, r - np.log1p(r))


def _logits_and_target(
    z: Any, target: Any, axis: Any, label_smoothing: Any
) -> tuple[Any, Any, tuple[int, ...]]:
    """Return logits, the target as probabilities in the same shape, and the axes of the classes."""
    z = _floats(_real(z, "z"))
    axes = _axes(axis, z.ndim)
    n = math.prod(z.shape[i] for i in axes)
    if n == 0:
        raise ValueError(f"z of shape {z.shape} has no entry along axis {axes}")
    target = _real(target, "target")
    if target.shape == z.shape != () and (axes or target.dtype.kind == "f"):
        y, _ = _probabilities(target, "target", axis)
    else:
        y = _one_hot(target, z.shape, axes, n)
    smoothing = _share(label_smoothing)
    y = y.astype(np.promote_types(y.dtype, _at_least_float32(z).dtype))
    share = y.dtype.type(smoothing)
    return z, (1 - share) * y + share / n if smoothing else y, axes


def _one_hot(classes: Any, shape: tuple[int, ...], axes: tuple[int, ...], n: int) -> Any:
    """Return the one-hot vectors of the classes, along the given axes of the given shape."""
    kept = [i for i in range(len(shape)) if i not in axes]
    samples = tuple(shape[i] for i in kept)
    if classes.shape not in {samples, ()}:
        raise ValueError(
            f"target of shape {classes.shape} is neither classes in the shape {samples} "
            f"nor probabilities in the shape {shape}"
        )
    if classes.dtype.kind == "f":
        raise TypeError(f"target must hold integer classes, not {classes.dtype}")
    wrong = classes[(classes < 0) | (classes >= n)]
    if wrong.size:
        raise ValueError(f"target names class {wrong.flat[0]}, but the classes are 0 to {n - 1}")
    rows = np.zeros((*samples, n))
    np.put_along_axis(rows, np.broadcast_to(classes, samples)[..., None].astype(np.intp), 1, -1)
    order = [*kept, *axes]
    return rows.reshape([shape[i] for i in order]).transpose(np.argsort(order))


def _probabilities(values: Any, name: str, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """Return floats that are probability vectors along the axes, and these axes."""
    p = _floats(_real(values, name))
    axes = _axes(axis, p.ndim)
    totals = p.sum(axis=axes, dtype=np.promote_types(p.dtype, np.float64))
    # Room for what softmax itself loses in this type: roundings in a sum of n terms (for float16 in
    # float32) and of shares, and what is too small for the type. So its results are taken back.
    n = math.prod(p.shape[i] for i in axes)
    own, wide = np.finfo(p.dtype), np.finfo(np.promote_types(p.dtype, np.float32))
    each = float(wide.eps) / 4 + float(own.smallest_subnormal) / 2
    room = max(1e-6, 4 * float(own.eps) + n * each)
    if not ((p >= 0).all() and (abs(totals - 1) <= room).all()):
        raise ValueError(f"{name} must be probability vectors: entries ≥ 0 that sum to 1")
    return p, axes


def _share(label_smoothing: Any) -> float:
    if isinstance(label_smoothing, np.ndarray) and label_smoothing.ndim == 0:
        label_smoothing = label_smoothing[()]
    if not isinstance(label_smoothing, (Real, np.bool_)):
        raise TypeError(f"label_smoothing must be a real number, not {label_smoothing!r}")
    if label_smoothing < 0 or not label_smoothing <= 1:  # before float(), which may overflow
        raise ValueError(f"label_smoothing must be between 0 and 1, not {label_smoothing!r}")
    return float(label_smoothing)


def _floats(a: Any) -> Any:
    dtype = a.dtype.newbyteorder("=") if a.dtype.kind == "f" else np.float64
    return a.astype(dtype, copy=False)


def _at_least_float32(a: Any) -> Any:
    """Return the array in a type in which sums and logarithms lose nothing that float16 has."""
    return a.astype(np.promote_types(a.dtype, np.float32), copy=False)


def _weighted(weights: Any, values: Any) -> Any:
    """Return products, with 0 times anything being 0: a class that has no weight has no say."""
    with np.errstate(all="ignore"):
        return np.where(weights > 0, weights * values, 0)


def _minus_sum(terms: Any, axes: tuple[int, ...], dtype: Any) -> Any:
    """Return minus the sum over the axes, added up in the same order whatever the layout."""
    kept = [i for i in range(terms.ndim) if i not in axes]
    shape = [terms.shape[i] for i in kept]
    rows = np.ascontiguousarray(terms.transpose([*kept, *axes]))
    with np.errstate(all="ignore"):
        sums = rows.reshape(math.prod(shape), -1 if terms.size else 0).sum(axis=1)
        return (0 - sums).astype(dtype).reshape(shape)[()]
