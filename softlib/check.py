"""Witnesses: what the chapters and the homework use to show that a claim holds.

Each function states one claim in words, tests it, prints one line when it holds and raises
`CheckFailed` when it does not. What is printed never depends on rounding noise, so that a
stored line can be compared letter by letter with a fresh one on another machine. All numbers are
compared in float64. The checks are used from chapter 01 on, `raises` from chapter 05.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

__all__ = ["CheckFailed", "agree", "at_most", "digits", "holds", "identity", "raises", "refutes"]


class CheckFailed(AssertionError):  # noqa: N818 - it reads as what happened
    """A claim that did not survive its check."""


def agree(claim: str, *, within: float, relative: bool = False, **routes: Any) -> None:
    r"""Compare a quantity computed along two or more independent routes.

    Every pair of routes must satisfy :math:`|a - b| \le \mathrm{within}` in each component, or
    :math:`|a - b| \le \mathrm{within} \cdot \max(|a|, |b|)` with ``relative=True``.

    Parameters
    ----------
    claim : str
        What is being computed, in words.
    within : float
        The promised agreement: it is what the printed line says.
    relative : bool, default False
        Measure the difference in units of the larger of the two values.
    **routes : array_like
        One value, or array of values, per route. The name is printed, underscores as spaces.
        Shapes broadcast against each other. Equal infinities agree; NaN agrees with nothing.

    Raises
    ------
    CheckFailed
        If two routes differ by more than `within`.
    ValueError
        If there are fewer than two routes.

    Notes
    -----
    Used from chapter 01 on.

    Examples
    --------
    >>> agree("1 + 1/2 + 1/4 + ...", summed=sum(0.5**k for k in range(60)), limit=2, within=1e-15)
    ✓ 1 + 1/2 + 1/4 + ...: summed and limit agree within 1e-15
    """
    if len(routes) < 2:
        raise ValueError("routes: an agreement needs at least two independent routes")
    spoken = {name.replace("_", " "): value for name, value in routes.items()}
    values = {name: _numbers(value, name) for name, value in spoken.items()}
    names = list(values)
    for position, first in enumerate(names):
        for second in names[position + 1 :]:
            a, b = _matched({name: values[name] for name in (first, second)})
            worst = _distance(a, b, relative)
            if not worst <= within:
                raise CheckFailed(
                    f"{claim}: {first} and {second} differ by {worst:.3g}, allowed {within:.2g}"
                )
    listed = " and ".join([", ".join(names[:-1]), names[-1]])
    print(f"✓ {claim}: {listed} agree within {'a relative ' if relative else ''}{within:.2g}")


def digits(claim: str, value: Any, printed: str) -> None:
    """Check that printed numbers are the computed ones, correctly rounded in every digit.

    Parameters
    ----------
    claim : str
        What the numbers are.
    value : array_like
        The computed numbers.
    printed : str
        The same numbers as they are printed, separated by blanks. The digits that are written
        set the precision: ``0.84`` claims a value between 0.835 and 0.845.

    Raises
    ------
    CheckFailed
        If one number is off by more than half a unit of its last printed digit.

    Examples
    --------
    >>> digits("sqrt(2), 1/3", [2**0.5, 1 / 3], "1.41421 0.333")
    ✓ sqrt(2), 1/3 = 1.41421 0.333
    """
    wrong = _misprints(value, printed)
    if wrong:
        raise CheckFailed(f"{claim}: " + "; ".join(wrong))
    print(f"✓ {claim} = {printed}")


def refutes(claim: str, value: Any, printed: str) -> None:
    """Check that printed numbers are *not* the computed ones, and show both.

    The counterpart of `digits`, for errata: at least one printed number must differ from the
    computed one by more than half a unit of its last digit.

    Raises
    ------
    CheckFailed
        If every printed number is right after all, or a computed one is not finite.

    Examples
    --------
    >>> refutes("pi", [3.14159265], "3.16")
    ✗ pi: printed 3.16, computed 3.14
    """
    if not _misprints(value, printed):
        raise CheckFailed(f"{claim}: the printed {printed} is right")
    if not np.isfinite(_numbers(value, "value")).all():
        raise CheckFailed(f"{claim}: a computed number is not finite")
    exponents = [Decimal(word).as_tuple().exponent for word in printed.split()]
    flat = _numbers(value, "value").ravel()
    right = " ".join(f"{x:.{max(0, -int(e))}f}" for x, e in zip(flat, exponents, strict=True))
    print(f"✗ {claim}: printed {printed}, computed {right}")


def at_most(claim: str, smaller: Any, larger: Any, *, slack: float = 0.0) -> None:
    r"""Check the inequality :math:`\mathrm{smaller} \le \mathrm{larger}`, component by component.

    Parameters
    ----------
    claim : str
        The inequality in words.
    smaller, larger : array_like
        Both sides; they broadcast against each other.
    slack : float, default 0
        Allowance for rounding, printed when it is not zero.

    Raises
    ------
    CheckFailed
        If the inequality fails anywhere (NaN on either side is a failure), or nothing is compared.

    Examples
    --------
    >>> at_most("arithmetic-geometric mean", (2 * 8) ** 0.5, (2 + 8) / 2)
    ✓ arithmetic-geometric mean: 4 ≤ 5
    >>> at_most("x² ≤ x on [0, 1]", np.linspace(0, 1, 101) ** 2, np.linspace(0, 1, 101))
    ✓ x² ≤ x on [0, 1]: holds in all 101 cases
    """
    sides = {"smaller": _numbers(smaller, "smaller"), "larger": _numbers(larger, "larger")}
    left, right = _matched(sides)
    good = left <= right + slack
    if not good.size:
        raise CheckFailed(f"{claim}: there is nothing to compare")
    if not good.all():
        first = tuple(np.argwhere(~good)[0])
        raise CheckFailed(f"{claim}: {left[first]:.6g} > {right[first]:.6g} at {list(first)}")
    allowance = f" (slack {slack:.2g})" if slack else ""
    if good.size == 1:
        print(f"✓ {claim}: {left.item():.6g} ≤ {right.item():.6g}{allowance}")
    else:
        print(f"✓ {claim}: holds in all {good.size} cases{allowance}")


def holds(claim: str, condition: Any) -> None:
    """Check a statement that is simply true or false, alone or for each of many cases.

    Raises
    ------
    CheckFailed
        If one case is false, or there is no case at all.

    Examples
    --------
    >>> holds("squares are not negative", np.arange(-5, 6) ** 2 >= 0)
    ✓ squares are not negative: all 11 cases
    """
    cases = np.asarray(condition)
    if cases.dtype != bool:
        raise TypeError("condition: must be True or False, or an array of them")
    if not (cases.size and cases.all()):
        raise CheckFailed(f"{claim}: false in {cases.size - cases.sum()} of {cases.size} cases")
    print(f"✓ {claim}" + (f": all {cases.size} cases" if cases.ndim else ""))


def identity(claim: str, left: Any, right: Any = 0) -> None:
    """Check that two SymPy expressions are the same function, by simplifying their difference.

    Raises
    ------
    CheckFailed
        If the difference does not simplify to zero.

    Examples
    --------
    >>> from sympy import cosh, exp, symbols
    >>> x = symbols("x")
    >>> identity("cosh", cosh(x), (exp(x) + exp(-x)) / 2)
    ✓ cosh: identical in SymPy
    """
    import sympy

    difference = sympy.simplify(sympy.sympify(left).rewrite(sympy.exp) - sympy.sympify(right))
    if sympy.simplify(difference.rewrite(sympy.exp)) != 0:
        raise CheckFailed(f"{claim}: SymPy is left with {difference}")
    print(f"✓ {claim}: identical in SymPy")


def raises(claim: str, error: type[Exception], action: Callable[[], Any]) -> None:
    """Check that an action is refused with the given error, and name it.

    Raises
    ------
    CheckFailed
        If the action succeeds. Any other error passes through.

    Examples
    --------
    >>> raises("no square root of text", TypeError, lambda: pow("x", 0.5))
    ✓ no square root of text: TypeError
    """
    try:
        action()
    except error:
        print(f"✓ {claim}: {error.__name__}")
    else:
        raise CheckFailed(f"{claim}: no {error.__name__} was raised")


def _numbers(value: Any, name: str) -> np.ndarray:
    """Plain float64 from NumPy, SymPy, mpmath or nested sequences of them."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name}: cannot compare masked entries")
    entries = np.asarray(value)
    if entries.dtype.kind not in "fiub":
        entries = np.asarray(value, dtype=object)
        for entry in entries.flat:
            if isinstance(entry, (str, bytes, complex, np.complexfloating, type(None))):
                raise TypeError(f"{name}: cannot compare {entry!r}, which is no real number")
    return np.asarray(entries, dtype=np.float64)


def _matched(sides: dict[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    try:
        return np.broadcast_arrays(*sides.values())
    except ValueError:
        shapes = " and ".join(f"{name} of shape {side.shape}" for name, side in sides.items())
        raise ValueError(f"cannot compare {shapes}") from None


def _distance(a: np.ndarray, b: np.ndarray, relative: bool) -> float:
    same = a == b  # equal infinities, whose difference would be NaN
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(np.where(same, 0.0, a - b))
        scale = np.maximum(np.abs(a), np.abs(b)) if relative else np.ones_like(gap)
        gap = np.where(same, 0.0, gap / np.where(scale == 0, 1.0, scale))
    if not gap.size:
        raise ValueError("routes: there is nothing to compare")
    return float(gap.max())


def _misprints(value: Any, printed: str) -> list[str]:
    words = printed.split()
    flat = _numbers(value, "value").ravel()
    if not words:
        raise ValueError("printed: there is nothing to compare")
    if len(words) != flat.size:
        raise ValueError(f"printed: {len(words)} numbers for {flat.size} values")
    return [
        f"printed {word}, computed {x:.10g}"
        for word, x in zip(words, flat, strict=True)
        if not abs(x - float(word)) <= _half_unit(word)
    ]


def _half_unit(word: str) -> float:
    """Half a unit in the last printed place, with a hair of room for binary rounding."""
    exponent = Decimal(word).as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"printed: {word} has no last digit")
    return 0.5 * 10.0**exponent * (1 + 1e-9)
