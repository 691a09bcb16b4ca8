"""The Softmax Book's small library: softmax and its relatives, exact and readable.

One module per part of the book. Importing softlib loads NumPy and nothing else;
``softlib.figures``, ``softlib.check`` and ``softlib.symbolic`` load when they are first used.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

from softlib.boltzmann import canonical, heat_bath, metropolis, sample
from softlib.calculus import (
    jacobian,
    jacobian_eigenvalues,
    jacobian_pinv,
    jvp,
    logsumexp_hessian,
    second_derivatives,
    vjp,
)
from softlib.core import hardmax, log_softmax, logsumexp, softargmax, softmax
from softlib.losses import cross_entropy, cross_entropy_gradient, entropy, kl_divergence

if TYPE_CHECKING:
    from softlib import check as check
    from softlib import figures as figures
    from softlib import symbolic as symbolic

__version__ = "0.1.0"
__all__ = [
    "MAX_PLUS",
    "MIN_PLUS",
    "PLUS_TIMES",
    "LogSemiring",
    "Semiring",
    "canonical",
    "cross_entropy",
    "cross_entropy_gradient",
    "entropy",
    "hardmax",
    "heat_bath",
    "jacobian",
    "jacobian_eigenvalues",
    "jacobian_pinv",
    "jvp",
    "kl_divergence",
    "log_semiring",
    "log_softmax",
    "logsumexp",
    "logsumexp_hessian",
    "metropolis",
    "sample",
    "second_derivatives",
    "softargmax",
    "softmax",
    "vjp",
]
_LAZY = ("check", "figures", "symbolic", "tropical")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return _import_module(f"softlib.{name}")
    raise AttributeError(f"module 'softlib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
