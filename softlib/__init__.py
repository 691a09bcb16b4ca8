"""The Softmax Book's small library: softmax and its relatives, exact and readable.

One module per part of the book. Importing softlib loads NumPy and `softlib.core` and nothing
else; every other module loads when it, or one of its functions, is first used.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

from softlib.core import (
    OnlineLogSumExp,
    hardmax,
    log_softmax,
    logsumexp,
    softargmax,
    softmax,
)

if TYPE_CHECKING:
    from softlib import check as check
    from softlib import figures as figures
    from softlib import symbolic as symbolic
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
    from softlib.losses import cross_entropy, cross_entropy_gradient, entropy, kl_divergence
    from softlib.tropical import (
        MAX_PLUS,
        MIN_PLUS,
        PLUS_TIMES,
        LogSemiring,
        Semiring,
        log_semiring,
    )

__version__ = "0.1.0"
__all__ = [
    "MAX_PLUS",
    "MIN_PLUS",
    "PLUS_TIMES",
    "LogSemiring",
    "OnlineLogSumExp",
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
_MODULES = ("boltzmann", "calculus", "check", "figures", "losses", "symbolic", "tropical")
_HOME = {  # where a name is loaded from when it is first used
    **dict.fromkeys(("canonical", "heat_bath", "metropolis", "sample"), "boltzmann"),
    **dict.fromkeys(("jacobian", "jacobian_eigenvalues", "jacobian_pinv", "jvp"), "calculus"),
    **dict.fromkeys(("logsumexp_hessian", "second_derivatives", "vjp"), "calculus"),
    **dict.fromkeys(("cross_entropy", "cross_entropy_gradient"), "losses"),
    **dict.fromkeys(("entropy", "kl_divergence"), "losses"),
    **dict.fromkeys(("MAX_PLUS", "MIN_PLUS", "PLUS_TIMES"), "tropical"),
    **dict.fromkeys(("LogSemiring", "Semiring", "log_semiring"), "tropical"),
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return _import_module(f"softlib.{name}")
    if name in _HOME:
        return getattr(_import_module(f"softlib.{_HOME[name]}"), name)
    raise AttributeError(f"module 'softlib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULES, *_HOME])
