"""Checks of the arguments that the modules share: real numbers, axes, temperatures, weights."""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


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
            number = float(temperature)
        except OverflowError as error:
            raise ValueError("temperature is beyond the range of a float") from error
        if (number == 0 or math.isinf(number)) and number != temperature:
            raise ValueError("temperature is beyond the range of a float")
        temperature = number
    if math.isnan(temperature):
        raise ValueError("temperature must not be NaN")
    return float(temperature)


def _weights(weights: Any, shape: tuple[int, ...]) -> tuple[Array, float]:
    """Return the weights in the given shape, and how far their sum may be from 1 for each."""
    w = _real(weights, "weights")
    eps = max(float(np.finfo(w.dtype).eps), 2**-52) if w.dtype.kind == "f" else 0.0
    if not np.all((w >= 0) & (w < math.inf)):
        raise ValueError("weights must be finite and not negative")
    try:
        return np.broadcast_to(w.astype(np.promote_types(w.dtype, np.float64)), shape), eps
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
