"""Semirings between (+, ×) and (max, +), and linear algebra over any of them (chapter 09).

One algorithm, several meanings: a product of matrices adds up walks over `PLUS_TIMES`, adds
their logarithms over `log_semiring`, and picks the best walk over `MAX_PLUS` or `MIN_PLUS`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from softlib._arguments import _number, _real
from softlib.core import logsumexp

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["MAX_PLUS", "MIN_PLUS", "PLUS_TIMES", "LogSemiring", "Semiring", "log_semiring"]

_SMALL = 1 << 15  # entries of working memory that are always granted


@dataclass(frozen=True)
class Semiring(ABC):
    r"""Numbers with an addition ⊕ and a multiplication ⊗ that distributes over it.

    The neutral element `zero` of ⊕ absorbs: zero ⊗ x = zero for each x but NaN, infinities
    included. The neutral element of ⊗ is `one`. Arrays of float16, float32 and float64 keep
    their type; integers become float64, but stay exact integers (int64) over `MAX_PLUS` and
    `MIN_PLUS`, which only compare and add. NaN stays in the sums that it enters. Arguments are
    never modified, and there are no warnings.

    Notes
    -----
    Chapter 09. See G. L. Litvinov, "Maslov dequantization, idempotent and tropical mathematics:
    a brief introduction", 2007, doi:10.1007/s10958-007-0450-5.
    """

    @property
    @abstractmethod
    def zero(self) -> float:
        """The neutral element of ⊕."""

    @property
    @abstractmethod
    def one(self) -> float:
        """The neutral element of ⊗."""

    @abstractmethod
    def _reduce(self, a: Any) -> Any:
        """Add along the last axis, which is not empty."""

    @abstractmethod
    def _multiply(self, a: Any, b: Any) -> Any:
        """Multiply, with IEEE's NaN for the zero times infinity."""

    @abstractmethod
    def _star(self, x: Any) -> Any:
        """Sum the geometric series one ⊕ x ⊕ x⊗x ⊕ …."""

    @property
    def _exact(self) -> bool:
        return False

    def add(self, a: ArrayLike, b: ArrayLike) -> Any:
        """Add two arrays, entry by entry: a ⊕ b.

        Parameters
        ----------
        a, b : array_like
            Real numbers; the shapes broadcast.

        Returns
        -------
        ndarray or scalar
            Of the broadcast shape.

        Raises
        ------
        TypeError
            If `a` or `b` does not hold real numbers.
        ValueError
            If the shapes of `a` and `b` do not broadcast.

        Examples
        --------
        >>> print(MAX_PLUS.add(2, 3), MIN_PLUS.add(2, 3), PLUS_TIMES.add(2, 3))
        3 2 5.0
        """
        x, y = self._pair(a, b)
        return self._finish(self._add(x, y), _kept(x, y))

    def times(self, a: ArrayLike, b: ArrayLike) -> Any:
        """Multiply two arrays, entry by entry: a ⊗ b. The zero absorbs.

        Parameters
        ----------
        a, b : array_like
            Real numbers; the shapes broadcast.

        Returns
        -------
        ndarray or scalar
            Of the broadcast shape.

        Raises
        ------
        TypeError
            If `a` or `b` does not hold real numbers.
        ValueError
            If the shapes of `a` and `b` do not broadcast.
        OverflowError
            If `a` and `b` are integers whose extremes have a sum beyond int64.

        Examples
        --------
        >>> print(MAX_PLUS.times(2, 3), MAX_PLUS.times(float("inf"), MAX_PLUS.zero))
        5 -inf
        """
        x, y = self._pair(a, b)
        _no_overflow(x, y)
        return self._finish(self._times(_wide(x), _wide(y)), _kept(x, y))

    def sum(self, a: ArrayLike, axis: int = -1) -> Any:
        """Add the entries along an axis; an empty sum is `zero`.

        Parameters
        ----------
        a : array_like
            Real numbers.
        axis : int, default -1
            The axis to add along.

        Returns
        -------
        ndarray or scalar
            The shape of `a` without the axis.

        Raises
        ------
        TypeError
            If `a` does not hold real numbers, or `axis` is no integer.
        ValueError
            If `a` has no such axis.

        Examples
        --------
        >>> print(MAX_PLUS.sum([1, 4, 2]), PLUS_TIMES.sum([1, 4, 2]), MAX_PLUS.sum([]))
        4 7.0 -inf
        """
        x = self._values(a, "a")
        try:
            axis = index(axis)
        except TypeError as error:
            raise TypeError(f"axis must be an integer, not {axis!r}") from error
        if not -x.ndim <= axis < x.ndim:
            raise ValueError(f"axis: {axis} is out of bounds for a with {x.ndim} dimensions")
        moved = np.moveaxis(x, axis, -1)
        if not moved.shape[-1]:
            dtype = x.dtype if x.dtype.kind == "f" else np.float64
            return np.full(moved.shape[:-1], self.zero, dtype)[()]
        with np.errstate(all="ignore"):
            return self._finish(self._reduce(_wide(moved)), x.dtype)

    def matmul(self, a: ArrayLike, b: ArrayLike) -> Any:
        r"""Multiply matrices: :math:`(a \otimes b)_{ij} = \bigoplus_k a_{ik} \otimes b_{kj}`.

        Parameters
        ----------
        a : array_like, shape (..., n, m) or (m,)
            Left factor; a vector is a row.
        b : array_like, shape (..., m, p) or (m,)
            Right factor; a vector is a column.

        Returns
        -------
        ndarray or scalar
            Of shape (..., n, p), without n or p if that factor is a vector.

        Raises
        ------
        TypeError
            If `a` or `b` does not hold real numbers.
        ValueError
            If `a` and `b` do not fit, or one of them is a scalar.
        OverflowError
            If `a` and `b` are integers whose extremes have a sum beyond int64.

        Notes
        -----
        Works in blocks, so that large products take less than four times the memory of the
        result, whatever m is.

        Examples
        --------
        >>> MAX_PLUS.matmul([[1, 5], [0, 2]], [[3, 0], [1, 1]])
        array([[6, 6],
               [3, 3]])
        >>> inf = float("inf")  # the cheapest ways of two steps, one road missing
        >>> MIN_PLUS.matmul([[0, 1], [inf, 0]], [[0, 1], [inf, 0]])
        array([[ 0.,  1.],
               [inf,  0.]])
        """
        x, y = self._values(a, "a"), self._values(b, "b")
        if not x.ndim or not y.ndim:
            raise ValueError("a and b must be matrices or vectors, not scalars")
        row, column = x.ndim == 1, y.ndim == 1
        x, y = x[None, :] if row else x, y[:, None] if column else y
        if x.shape[-1] != y.shape[-2]:
            raise ValueError(f"a of shape {x.shape} and b of shape {y.shape} do not fit")
        kept = _kept(x, y)
        _no_overflow(x, y)
        result = self._matmul(x, y, kept)
        result = result[..., 0] if column else result
        return (result[..., 0, :] if row and not column else result[..., 0] if row else result)[()]

    def power(self, a: ArrayLike, exponent: int) -> Any:
        """Multiply a square matrix by itself, by repeated squaring.

        Parameters
        ----------
        a : array_like, shape (..., n, n)
            The matrix.
        exponent : int
            How many factors, at least 0. With 0 the result is the identity, as floats.

        Returns
        -------
        ndarray, shape (..., n, n)
            Entry (i, j) adds up the weights of all walks from i to j with that many steps.

        Raises
        ------
        TypeError
            If `a` does not hold real numbers, or `exponent` is not an integer.
        ValueError
            If `a` is not square, or `exponent` is negative.
        OverflowError
            If `a` holds integers and, at one of the multiplications, the extremes of the factors
            have a sum beyond int64 (the power itself might fit).

        Examples
        --------
        >>> MAX_PLUS.power([[0, 3], [1, 0]], 4)
        array([[8, 7],
               [5, 8]])
        """
        x = self._square(a)
        k = _count(exponent)
        if k == 0:
            dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
            return np.broadcast_to(self.identity(x.shape[-1]), x.shape).astype(dtype)
        result = None
        while True:
            if k & 1:
                result = x if result is None else self.matmul(result, x)
            k >>= 1
            if not k:
                return np.array(result)
            x = self.matmul(x, x)

    def closure(self, a: ArrayLike) -> Any:
        """Sum all powers of a square matrix: identity ⊕ a ⊕ a² ⊕ ….

        Parameters
        ----------
        a : array_like, shape (..., n, n)
            The matrix. Over `PLUS_TIMES` its entries must not be negative.

        Returns
        -------
        ndarray, shape (..., n, n), of floats
            Entry (i, j) adds up the weights of all walks from i to j: the length of the shortest
            walk over `MIN_PLUS`, of the longest over `MAX_PLUS`, the sum over all walks else.
            Where the sum diverges it is the limit, for example -inf over `MIN_PLUS` if a cycle
            of negative length lies on the way.

        Raises
        ------
        TypeError
            If `a` does not hold real numbers.
        ValueError
            If `a` is not square, or has a negative entry over `PLUS_TIMES`.

        Notes
        -----
        Elimination in n steps: walks that avoid the nodes k, …, n-1 in between are extended by
        those that pass through k. See D. J. Lehmann, "Algebraic structures for transitive
        closure", 1977, doi:10.1016/0304-3975(77)90056-1.

        Sums are rounded. If a cycle lies exactly at the border of convergence (weight 0 over
        `MIN_PLUS` and `MAX_PLUS`, spectral radius 1 over the others), rounding may turn a finite
        result into an infinite one, or the reverse. Over `MIN_PLUS` and `MAX_PLUS` integers are
        safe as long as all sums stay below 2**53.

        Examples
        --------
        >>> inf = float("inf")
        >>> MIN_PLUS.closure([[inf, 2, 9], [inf, inf, 3], [1, inf, inf]])
        array([[0., 2., 5.],
               [4., 0., 3.],
               [1., 3., 0.]])
        """
        x = self._square(a)
        if not self._summable(x):
            raise ValueError(f"a: the closure over {self} needs entries that are not negative")
        dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
        walks = _wide(x.astype(dtype))
        with np.errstate(all="ignore"):
            for k in range(x.shape[-1]):
                loops = self._star(walks[..., k, None, k, None])
                ways_in = self._times(walks[..., :, k, None], loops)
                through = self._times(ways_in, walks[..., None, k, :])
                walks = self._add(walks, through)
            return self._finish(self._add(walks, self.identity(x.shape[-1])), dtype)

    def identity(self, n: int) -> Any:
        """Return the unit matrix: `one` on the diagonal, `zero` elsewhere.

        Parameters
        ----------
        n : int
            The number of rows.

        Returns
        -------
        ndarray, shape (n, n), of floats

        Examples
        --------
        >>> MIN_PLUS.identity(2)
        array([[ 0., inf],
               [inf,  0.]])
        """
        return np.where(np.eye(n, dtype=bool), self.one, self.zero)

    def _add(self, x: Any, y: Any) -> Any:
        with np.errstate(all="ignore"):
            return self._reduce(np.stack(np.broadcast_arrays(x, y), axis=-1))

    def _times(self, x: Any, y: Any) -> Any:
        with np.errstate(all="ignore"):  # the zero absorbs an infinity, but no NaN
            result = self._multiply(x, y)
            if np.isfinite(x).all() and np.isfinite(y).all():
                return result
            undefined = np.isnan(result) & ~(np.isnan(x) | np.isnan(y))
            return np.where(undefined, np.array(self.zero, result.dtype), result)

    def _matmul(self, x: Any, y: Any, dtype: Any) -> Any:
        (n, m), p = x.shape[-2:], y.shape[-1]
        try:
            batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
        except ValueError as error:
            raise ValueError(f"a of shape {x.shape} and b of shape {y.shape} do not fit") from error
        if not m:
            return np.full((*batch, n, p), self.zero, np.float64 if dtype.kind != "f" else dtype)
        x = np.broadcast_to(x, (*batch, n, m))
        y = np.broadcast_to(y, (*batch, m, p)).swapaxes(-1, -2)
        result = np.empty((*batch, n, p), dtype)
        sizes = _block_sizes(math.prod(batch), n, p, m, result.size)
        for some, rows, columns in _blocks((math.prod(batch), n, p), sizes[:3]):
            place: Any = np.unravel_index(np.arange(some.start, some.stop), batch) if batch else ()
            total: Any = None
            for (inner,) in _blocks((m,), sizes[3:]):
                left = _wide(np.ascontiguousarray(x[(*place, rows, inner)]))[..., :, None, :]
                right = _wide(np.ascontiguousarray(y[(*place, columns, inner)]))[..., None, :, :]
                with np.errstate(all="ignore"):
                    part = self._reduce(self._times(left, right))
                total = part if total is None else self._add(total, part)
            with np.errstate(all="ignore"):
                result[(*place, rows, columns)] = total
        return result

    def _values(self, a: Any, name: str) -> Any:
        x = _real(a, name)
        if x.dtype.kind == "f":
            return x
        if not self._exact:
            return x.astype(np.float64)
        if x.size and int(x.max()) > np.iinfo(np.int64).max:
            raise OverflowError(f"{name}: integers must fit into int64")
        return x.astype(np.int64)

    def _pair(self, a: Any, b: Any) -> tuple[Any, Any]:
        x, y = self._values(a, "a"), self._values(b, "b")
        try:
            np.broadcast_shapes(x.shape, y.shape)
        except ValueError as error:
            message = f"a of shape {x.shape} and b of shape {y.shape} do not broadcast"
            raise ValueError(message) from error
        return x, y

    def _square(self, a: Any) -> Any:
        x = self._values(a, "a")
        if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
            raise ValueError(f"a: must be a square matrix, or a batch of them, not {x.shape}")
        return x

    def _summable(self, x: Any) -> bool:
        """Tell whether each sum of powers has a value, infinite perhaps."""
        return True

    def _finish(self, result: Any, dtype: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.asarray(result).astype(dtype)[()]


@dataclass(frozen=True)
class LogSemiring(Semiring):
    r"""The log-semiring: :math:`a \oplus b = T \log(e^{a/T} + e^{b/T})`, and ⊗ is +.

    Parameters
    ----------
    temperature : float, default 1
        The temperature T, in the unit of the entries; not 0 and finite. Below 0, ⊕ is a soft
        minimum and the zero is +∞. `log_semiring` also covers the two limits at 0.
    """

    temperature: float = 1.0

    def __post_init__(self) -> None:
        """Refuse temperatures without a semiring of their own."""
        t = _number(self.temperature)
        if t == 0 or math.isinf(t):
            raise ValueError(f"temperature: must not be 0 or infinite, got {t}")
        object.__setattr__(self, "temperature", t)

    @property
    def zero(self) -> float:
        """-∞, or +∞ at a negative temperature."""
        return math.copysign(math.inf, -self.temperature)

    @property
    def one(self) -> float:
        """0, since ⊗ is +."""
        return 0.0

    def _reduce(self, a: Any) -> Any:
        return logsumexp(a, temperature=self.temperature)

    def _multiply(self, a: Any, b: Any) -> Any:
        return a + b

    def _star(self, x: Any) -> Any:
        t = np.float64(self.temperature)  # that float32 entries need not hold it
        wide = x.astype(np.promote_types(x.dtype, np.float64))
        q = wide / t
        gap = np.log(-np.expm1(np.minimum(q, 0)))
        tiny = np.log(np.abs(wide)) - np.log(np.abs(t))  # 1 - e^q is -q there, which underflows
        series = -t * np.where(np.abs(q) < 1e-290, tiny, gap)
        return np.where(np.sign(t) * x >= 0, np.array(-self.zero, x.dtype), series).astype(x.dtype)


@dataclass(frozen=True)
class _Tropical(Semiring):
    """Max-plus (sign 1) or min-plus (sign -1)."""

    sign: int

    def __repr__(self) -> str:
        return "MAX_PLUS" if self.sign > 0 else "MIN_PLUS"

    @property
    def zero(self) -> float:
        return -self.sign * math.inf

    @property
    def one(self) -> float:
        return 0.0

    @property
    def _exact(self) -> bool:
        return True

    def _reduce(self, a: Any) -> Any:
        return a.max(axis=-1) if self.sign > 0 else a.min(axis=-1)

    def _multiply(self, a: Any, b: Any) -> Any:
        return a + b

    def _star(self, x: Any) -> Any:
        limit = np.where(self.sign * x > 0, np.array(-self.zero, x.dtype), x.dtype.type(0))
        return np.where(np.isnan(x), x, limit)


@dataclass(frozen=True)
class _PlusTimes(Semiring):
    """The ordinary sum and product."""

    def __repr__(self) -> str:
        return "PLUS_TIMES"

    @property
    def zero(self) -> float:
        return 0.0

    @property
    def one(self) -> float:
        return 1.0

    def _reduce(self, a: Any) -> Any:
        return np.ascontiguousarray(a).sum(axis=-1)  # another layout adds up in another order

    def _multiply(self, a: Any, b: Any) -> Any:
        return a * b

    def _star(self, x: Any) -> Any:
        return np.where(x >= 1, np.array(math.inf, x.dtype), 1 / (1 - x))

    def _summable(self, x: Any) -> bool:
        return not (x < 0).any()


#: The max-plus semiring: ⊕ is max, ⊗ is +, the zero is -∞ and the one is 0.
MAX_PLUS: Semiring = _Tropical(1)
#: The min-plus semiring: ⊕ is min, ⊗ is +, the zero is +∞ and the one is 0.
MIN_PLUS: Semiring = _Tropical(-1)
#: The ordinary sum and product.
PLUS_TIMES: Semiring = _PlusTimes()


def log_semiring(temperature: float = 1.0) -> Semiring:
    r"""Return the semiring whose sum is :math:`a \oplus b = T \log(e^{a/T} + e^{b/T})`.

    Parameters
    ----------
    temperature : float, default 1
        The temperature T, in the unit of the entries. The limits at 0 are the tropical
        semirings: 0.0 gives `MAX_PLUS`, -0.0 gives `MIN_PLUS`.

    Returns
    -------
    Semiring

    Raises
    ------
    TypeError
        If `temperature` is not a real number.
    ValueError
        If `temperature` is NaN or infinite (the sum has no limit there).

    Notes
    -----
    Chapter 09.

    Examples
    --------
    >>> log_semiring(0.5)
    LogSemiring(temperature=0.5)
    >>> print(log_semiring(0.0), log_semiring(-0.0))
    MAX_PLUS MIN_PLUS
    >>> print(round(float(log_semiring(0.5).add(2, 3)), 6))
    3.063464
    """
    t = _number(temperature)
    if t == 0:
        return MAX_PLUS if math.copysign(1, t) > 0 else MIN_PLUS
    return LogSemiring(t)


def _kept(x: Any, y: Any) -> Any:
    return np.result_type(x.dtype, y.dtype)


def _count(exponent: Any) -> int:
    try:
        k = index(exponent)
    except TypeError as error:
        raise TypeError(f"exponent: must be an integer, not {exponent!r}") from error
    if k < 0:
        raise ValueError(f"exponent: must be at least 0, not {k}")
    return k


def _wide(x: Any) -> Any:
    """Half precision is for storage only."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


def _no_overflow(x: Any, y: Any) -> None:
    if x.dtype.kind == y.dtype.kind == "i" and x.size and y.size:
        ends = int(x.min()) + int(y.min()), int(x.max()) + int(y.max())
        limits = np.iinfo(np.int64)
        if ends[0] < limits.min or ends[1] > limits.max:
            raise OverflowError("a and b: their sums do not fit into int64")


def _block_sizes(batch: int, n: int, p: int, m: int, size: int) -> tuple[int, int, int, int]:
    """Share out the working memory: the sum first, then columns, rows and matrices."""
    # The work needs about ten arrays of one block, and together they may fill the result twice.
    inner = min(m, budget := max(_SMALL, size // 5))
    entries = budget // inner
    columns = min(p, max(math.isqrt(entries), entries // max(n, 1))) or 1
    rows = min(n, entries // columns) or 1
    some = min(batch, entries // (columns * rows)) or 1
    return some, rows, columns, inner


def _blocks(shape: tuple[int, ...], sizes: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    starts = (range(0, n, size) for n, size in zip(shape, sizes, strict=True))
    for corner in product(*starts):
        ends = map(min, shape, map(sum, zip(corner, sizes, strict=True)))
        yield tuple(map(slice, corner, ends))
