"""softmax, log-softmax, log-sum-exp and hardmax (chapters 01, 02, 04 and 05)."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["hardmax", "log_softmax", "logsumexp", "softargmax", "softmax"]


def softmax(z: ArrayLike, axis: Any = -1, *, temperature: float = 1.0) -> NDArray[Any]:
    """Probabilities ``p_i = exp(z_i / T) / sum_j exp(z_j / T)``."""
    slices = _Slices(z, axis, temperature)
    slices.need_entries()
    with np.errstate(all="ignore"):
        e = np.exp(slices.gaps)
        return slices.back(e / e.sum(axis=1, keepdims=True))


def log_softmax(z: ArrayLike, axis: Any = -1, *, temperature: float = 1.0) -> NDArray[Any]:
    """Logarithms of probabilities, ``log p_i = z_i / T - log sum_j exp(z_j / T)``."""
    slices = _Slices(z, axis, temperature)
    slices.need_entries()
    with np.errstate(all="ignore"):
        return slices.back(slices.gaps - np.log1p(slices.rest()))


def logsumexp(
    z: ArrayLike,
    axis: Any = -1,
    *,
    weights: ArrayLike | None = None,
    keepdims: bool = False,
    temperature: float = 1.0,
) -> Any:
    """The soft maximum ``T log sum_i w_i exp(z_i / T)``."""
    slices = _Slices(z, axis, temperature, weights)
    return slices.lse(keepdims)


def hardmax(z: ArrayLike, axis: Any = -1) -> NDArray[Any]:
    """The limit of softmax for T -> 0: equal shares on the maxima, 0 elsewhere."""
    return softmax(z, axis, temperature=0.0)


softargmax = softmax


class _Slices:
    """The slices of z as rows of a matrix, and each entry's distance to its row's maximum."""

    def __init__(self, z: Any, axis: Any, temperature: Any, weights: Any = None) -> None:
        a = _real_array(z, "z")
        t = _real_number(temperature)
        self.dtype = a.dtype if a.dtype.kind == "f" else np.dtype(np.float64)
        work = np.promote_types(self.dtype, np.float32)
        if t and math.isfinite(t) and not float(np.finfo(work).tiny) <= abs(t) <= float(np.finfo(work).max):
            work = np.promote_types(work, np.float64)
        self.axes = _axes(axis, a.ndim)
        self.shape = a.shape
        self.order = [i for i in range(a.ndim) if i not in self.axes] + list(self.axes)
        kept = [a.shape[i] for i in self.order[: a.ndim - len(self.axes)]]
        self.n = math.prod(a.shape[i] for i in self.axes)
        with np.errstate(all="ignore"):
            x = np.array(a.transpose(self.order), dtype=work, order="C").reshape(math.prod(kept), self.n)
        self.sign = math.copysign(1.0, t)
        self.t = abs(t)
        self.x = x if self.sign > 0 else -x
        self.log_w = None
        if weights is not None:
            w = _real_array(weights, "weights")
            if (w < 0).any():
                raise ValueError("weights must not be negative")
            try:
                w = np.broadcast_to(w, a.shape).transpose(self.order).reshape(x.shape)
            except ValueError as error:
                raise ValueError(f"weights of shape {w.shape} do not fit z of shape {a.shape}") from error
            with np.errstate(all="ignore"):
                self.log_w = np.log(w.astype(np.promote_types(w.dtype, np.float64)))
            self.x = np.where(w == 0, -np.inf, self.x).astype(work)
        self.top = self.x.max(axis=1, keepdims=True, initial=-np.inf)
        with np.errstate(all="ignore"):
            self.gaps = self._gaps()

    def _gaps(self) -> Any:
        x, top, t = self.x, self.top, self.t
        hard = np.where(x == top, 0, -np.inf).astype(x.dtype)
        if t == 0:
            d = hard
        elif t == math.inf:
            d = np.where(x > -np.inf, 0, -np.inf).astype(x.dtype)
        else:
            d = x - top if t == 1 else (x / 2 - top / 2) / (t / 2) if t > 1 else (x - top) / t
        d = np.where(top == np.inf, hard, d)
        return np.where(np.isnan(top) | (top == -np.inf), np.array(np.nan, x.dtype), d)

    def rest(self, d: Any = None) -> Any:
        d = self.gaps if d is None else d
        e = np.exp(d)
        if self.n:
            np.put_along_axis(e, d.argmax(axis=1, keepdims=True), 0, axis=1)
        return e.sum(axis=1, keepdims=True)

    def lse(self, keepdims: bool) -> Any:
        with np.errstate(all="ignore"):
            d, t = self.gaps, self.t
            if self.log_w is not None:
                d = (d + self.log_w).astype(d.dtype)
            shift = d.max(axis=1, keepdims=True, initial=-np.inf)
            tail = shift + np.log1p(self.rest(d - shift))
            mean = self.top
            if t == math.inf:  # T log W + weighted mean, W the sum of the weights
                share = np.exp(d)
                mean = np.where(share > 0, share * self.x, 0).sum(axis=1, keepdims=True)
            r = np.where((tail == 0) | (t == 0), mean, self.top + t * tail)
            r = np.where(np.isinf(self.top), self.top, r)
            r = (self.sign * r).astype(self.dtype)
        kept = [1 if i in self.axes else s for i, s in enumerate(self.shape)]
        if not keepdims:
            kept = [s for i, s in enumerate(self.shape) if i not in self.axes]
        return r.reshape(kept)[()]

    def need_entries(self) -> None:
        if self.n == 0:
            raise ValueError(f"z of shape {self.shape} has no entry along axis {self.axes}")

    def back(self, rows: Any) -> Any:
        shape = [self.shape[i] for i in self.order]
        with np.errstate(all="ignore"):
            rows = rows.astype(self.dtype)
        return np.ascontiguousarray(rows.reshape(shape).transpose(np.argsort(self.order)))[()]


def _real_array(values: Any, name: str) -> Any:
    if isinstance(values, np.ndarray) and np.any(getattr(values, "mask", False)):
        raise TypeError(f"{name} has masked entries")
    try:
        a = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} is not an array: {error}") from error
    if a.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, not {a.dtype}")
    return a


def _real_number(temperature: Any) -> float:
    if not isinstance(temperature, (Real, np.bool_)):
        raise TypeError(f"temperature must be a real number, not {temperature!r}")
    t = float(temperature)
    if math.isnan(t):
        raise ValueError("temperature is NaN")
    return t


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    found = []
    for i in axes:
        if not -ndim <= i < ndim:
            raise ValueError(f"axis {i} is out of bounds for z with {ndim} dimensions")
        found.append(i % ndim)
    if len(set(found)) < len(found):
        raise ValueError(f"axis {axis} names an axis twice")
    return tuple(sorted(found))
