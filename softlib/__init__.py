"""The Softmax Book's small library: softmax and its relatives, exact and readable.

One module per part of the book. Importing softlib loads NumPy and nothing else;
``softlib.figures``, ``softlib.check`` and ``softlib.tropical`` load when they are first used.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

from softlib.core import hardmax, log_softmax, logsumexp, softargmax, softmax

if TYPE_CHECKING:
    from softlib import check as check
    from softlib import figures as figures
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
    "Semiring",
    "hardmax",
    "log_semiring",
    "log_softmax",
    "logsumexp",
    "softargmax",
    "softmax",
]
_LAZY = ("check", "figures", "tropical")
_TROPICAL = ("MAX_PLUS", "MIN_PLUS", "PLUS_TIMES", "LogSemiring", "Semiring", "log_semiring")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return _import_module(f"softlib.{name}")
    if name in _TROPICAL:
        return getattr(_import_module("softlib.tropical"), name)
    raise AttributeError(f"module 'softlib' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY, *_TROPICAL])
