"""How exact softlib is, beside SciPy and (where installed) PyTorch: ``python accuracy.py``.

The oracle is mpmath at 60 digits, fed with the logits as the floats they are. Where a result is
tiny it never subtracts: the maximum is split off and `log1p` and `expm1` do the rest.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import mpmath
import numpy as np

DIGITS = 60
EXP_ULPS = {np.dtype(np.float32): 3.0, np.dtype(np.float64): 1.0}  # NumPy states 2.5 and 0.6


class Exact(NamedTuple):
    """Exact values of one slice, as mpmath numbers."""

    softmax: list
    log_softmax: list
    logsumexp: mpmath.mpf


def exact(z: np.ndarray, temperature: float = 1.0) -> Exact:
    """Compute softmax, its logarithm and the log-sum-exp of a vector to 60 digits."""
    with mpmath.workdps(DIGITS):
        t = mpmath.mpf(float(temperature))
        z_exact = [mpmath.mpf(float(x)) for x in z]
        first = int(np.argmax(z))
        gaps = [(x - z_exact[first]) / t for x in z_exact]
        rest = mpmath.fsum(mpmath.exp(g) for i, g in enumerate(gaps) if i != first)
        tail = mpmath.log1p(rest)
        return Exact(
            [mpmath.exp(g) / (1 + rest) for g in gaps],
            [g - tail for g in gaps],
            z_exact[first] + t * tail,
        )


def vectors() -> Iterator[tuple[str, np.ndarray, float]]:
    """Yield several hundred vectors that are meant to hurt: (kind, logits, temperature)."""
    random = np.random.default_rng(20210417)
    for dtype in (np.float32, np.float64):
        top = 1e15 if dtype == np.float64 else 1e6
        gap = 700 if dtype == np.float64 else 80
        for n in (2, 3, 10, 24, 25, 64, 200, 1000):
            for scale in (1e-3, 1e-1, 1.0, 10.0, 1e2, 1e3):
                yield "scale", (scale * random.normal(size=n)).astype(dtype), 1.0
            near = np.full(n, 1.25) * (1 + np.finfo(dtype).eps * random.integers(0, 4, n))
            yield "near ties", near.astype(dtype), 1.0
            for jump in (5, 20, 40, gap):
                dominant = random.normal(size=n)
                dominant[random.integers(n)] += jump
                yield "one dominant", dominant.astype(dtype), 1.0
            for offset in (-top, -1e3, 1e3, top):
                yield "offset", (offset + 4 * random.normal(size=n)).astype(dtype), 1.0
            tiny = np.finfo(dtype).smallest_subnormal
            yield "subnormal gaps", (tiny * random.integers(0, 9, n)).astype(dtype), 1.0
            spread = np.concatenate([[0.0], -gap * random.random(n - 1)])
            yield "tiny results", spread.astype(dtype), 1.0
            for temperature in (1e-3, 0.3, 0.5, 3.0, 1e3):
                yield "temperature", (10 * random.normal(size=n)).astype(dtype), temperature


@functools.cache
def cases() -> list[tuple[str, np.ndarray, float, Exact]]:
    """Return the vectors with their exact values; computed once."""
    return [(kind, z, t, exact(z, t)) for kind, z, t in vectors()]


def ulps(value: np.floating, true: mpmath.mpf, scale: mpmath.mpf | None = None) -> float:
    """Return the error in units in the last place of `true`, or of `scale` if that is given."""
    with mpmath.workdps(DIGITS):
        rounded = value.dtype.type(mpmath.nstr(abs(true if scale is None else scale), 25))
        if not np.isfinite(value):
            return 0.0 if value == value.dtype.type(mpmath.nstr(true, 25)) else float("inf")
        return float(abs(mpmath.mpf(float(value)) - true) / mpmath.mpf(float(np.spacing(rounded))))


def softmax_error(p: np.ndarray, z: np.ndarray, t: float, true: Exact) -> float:
    """Return the largest error of a component as a fraction of (n + 3 + 2E + c d) u.

    E is the error of exp in ulps, d the component's distance to the maximum over T, c = 1 at T = 1
    and 3 otherwise; for subnormal numbers, E + 1 of their ulps. Chapter 05 has bounds of this form.
    """
    info = np.finfo(p.dtype)
    u, tiny, e = float(info.eps) / 2, float(info.smallest_subnormal), EXP_ULPS[p.dtype]
    worst = 0.0
    with mpmath.workdps(DIGITS):
        top = mpmath.mpf(float(z.max()))
        for value, logit, component in zip(p, z, true.softmax, strict=True):
            d = (top - mpmath.mpf(float(logit))) / mpmath.mpf(t)
            relative = (len(z) + 3 + 2 * e + (1 if t == 1 else 3) * d) * u
            error = abs(mpmath.mpf(float(value)) - component)
            worst = max(worst, float(error / (relative * component + (e + 1) * tiny)))
    return worst


def log_softmax_ulps(log_p: np.ndarray, true: Exact) -> list[float]:
    """Return the error of each component in its own ulps."""
    return [ulps(value, exact) for value, exact in zip(log_p, true.log_softmax, strict=True)]


def logsumexp_ulps(lse: np.floating, z: np.ndarray, true: Exact) -> float:
    """Return the error in ulps of max(|LSE|, sum p|z|), the size that its inputs force on it."""
    with mpmath.workdps(DIGITS):
        size = mpmath.fsum(
            p * abs(mpmath.mpf(float(x))) for p, x in zip(true.softmax, z, strict=True)
        )
        return ulps(lse, true.logsumexp, max(abs(true.logsumexp), size))


def contenders() -> dict[str, tuple[Callable, Callable, Callable]]:
    """Return (softmax, log_softmax, logsumexp) of each library that is installed."""
    import softlib

    found = {"softlib": (softlib.softmax, softlib.log_softmax, softlib.logsumexp)}
    names = ("softmax", "log_softmax", "logsumexp")
    try:
        import scipy.special
    except ImportError:
        pass
    else:
        found["SciPy"] = tuple(_divided(getattr(scipy.special, name)) for name in names)
    try:
        import torch
    except ImportError:
        pass
    else:
        found["PyTorch"] = tuple(_divided(_through_torch(torch, name)) for name in names)
    return found


def _divided(f: Callable) -> Callable:
    """Give a function without temperature one, by dividing first, as its users must."""

    def with_temperature(z: np.ndarray, *, temperature: float = 1.0) -> np.ndarray:
        with np.errstate(all="ignore"):
            if temperature == 1:
                return f(z)
            value = f(z / z.dtype.type(temperature))
            return value * z.dtype.type(temperature) if np.ndim(value) == 0 else value

    return with_temperature


def _through_torch(torch: object, name: str) -> Callable:
    return lambda z: getattr(torch, name)(torch.from_numpy(z), -1).numpy()[()]


def measure() -> dict[str, dict[str, dict[str, float]]]:
    """Measure every contender: {library: {type: {quantity: error}}}."""
    table: dict[str, dict[str, dict[str, float]]] = {}
    for library, (softmax, log_softmax, logsumexp) in contenders().items():
        for dtype in EXP_ULPS:
            shares, logs, sums = [], [], []
            for _, z, t, true in cases():
                if z.dtype == dtype:
                    shares.append(softmax_error(softmax(z, temperature=t), z, t, true))
                    logs += log_softmax_ulps(log_softmax(z, temperature=t), true)
                    sums.append(logsumexp_ulps(logsumexp(z, temperature=t), z, true))
            table.setdefault(library, {})[dtype.name] = {
                "softmax, share of bound": max(shares),
                "log_softmax, 99 %": float(np.quantile(logs, 0.99)),
                "log_softmax, 99.9 %": float(np.quantile(logs, 0.999)),
                "log_softmax, worst": max(logs),
                "logsumexp, worst": max(sums),
            }
    return table


def main() -> None:
    """Print the table."""
    print(f"{len(cases())} vectors against mpmath at {DIGITS} digits; errors in ulps")
    for library, types in measure().items():
        for dtype, errors in types.items():
            print(f"{library:8} {dtype:8}", *(f"{k} {v:.3g}" for k, v in errors.items()), sep="  ")


if __name__ == "__main__":
    main()
