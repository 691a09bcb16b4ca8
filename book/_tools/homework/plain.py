"""Plain data as text: how questions reach a student's kernel and how answers come back.

The kernel runs code that nobody trusts, so that nothing it sends may run here: numbers, strings,
lists, tuples, dictionaries and numeric arrays, as JSON; never a pickle. This file is also what the
kernel itself runs to answer (see `reply`): it imports NumPy and the standard library alone.
"""

import base64
import collections
import json
import numbers
import re

import numpy as np

LONGEST = 2_000_000  # characters of one answer
NUMERIC = re.compile(r"[<>|=][biufc]\d{1,2}")


def to_text(value):
    """Return plain data as JSON; TypeError names what is not plain."""
    return json.dumps(_pack(value, 0))


def from_text(text):
    """Return the plain data that `to_text` wrote; ValueError if it is anything else."""
    if not isinstance(text, str) or len(text) > LONGEST:
        raise ValueError(f"the answer is longer than {LONGEST} characters")
    try:
        return _unpack(json.loads(text))
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError,
            RecursionError, MemoryError) as error:  # fmt: skip
        raise ValueError("the answer is not plain data") from error


def _pack(value, depth):
    if depth > 20:
        raise TypeError("lists nested more than 20 deep")
    if isinstance(value, (np.ndarray, np.generic)):
        # Not value.dtype == object: a masked or structured array is no plain one either.
        if type(value) is not np.ndarray and not isinstance(value, np.generic):
            raise TypeError(f"a {type(value).__name__}, which is not a plain array")
        if not NUMERIC.fullmatch(value.dtype.str):
            raise TypeError(f"an array of dtype {value.dtype}, which is not numeric")
        data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        if value.nbytes > LONGEST:
            raise ValueError(f"{value.nbytes} bytes, too large to send")
        kind = "scalar" if isinstance(value, np.generic) else "array"
        return {kind: [value.dtype.str, list(value.shape), data]}
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, numbers.Integral):  # SymPy's integers too
        return int(value)
    if isinstance(value, numbers.Real):  # fractions too
        return float(value)
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, collections.deque):
        value = list(value)
    if isinstance(value, (list, tuple)):
        items = [_pack(item, depth + 1) for item in value]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, dict):
        return {"dict": [[_pack(k, depth + 1), _pack(v, depth + 1)] for k, v in value.items()]}
    raise TypeError(f"a value of type {type(value).__name__}, where numbers, strings, lists, "
                    "dictionaries or arrays are expected")  # fmt: skip


def _unpack(packed):
    if isinstance(packed, list):
        return [_unpack(item) for item in packed]
    if not isinstance(packed, dict):
        return packed
    [(kind, content)] = packed.items()
    if kind in ("array", "scalar"):
        dtype, shape, data = content
        if not NUMERIC.fullmatch(dtype):
            raise ValueError(dtype)
        array = np.frombuffer(base64.b64decode(data, validate=True), dtype).reshape(shape)
        if array.dtype == bool:  # a byte that is neither 0 nor 1 would be an odd truth
            array = array.view(np.uint8) != 0
        if kind == "scalar" and array.ndim:
            raise ValueError("a scalar with a shape")
        return array[()] if kind == "scalar" else array.copy()
    if kind == "complex":
        return complex(*content)
    if kind == "tuple":
        return tuple(_unpack(item) for item in content)
    if kind == "dict":
        return {_unpack(key): _unpack(value) for key, value in content}
    raise ValueError(kind)


def reply(namespace, question):
    """Answer a question from a student's namespace; both are the text of plain data.

    The question is (name, None) for a variable's value or (name, (args, kwargs)) for a call. The
    answer is ("value", value) or ("error", name of the exception, its message), the name being that
    of the nearest built-in exception: NumPy's LinAlgError is a ValueError.
    """
    name, call = from_text(question)
    if name not in namespace:
        return to_text(("error", "NameError", f"{name} is not defined"))
    try:
        if call is None:
            text = to_text(("value", namespace[name]))
        else:
            args, kwargs = call
            text = to_text(("value", namespace[name](*args, **kwargs)))
    except BaseException as error:
        kind = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
        return to_text(("error", kind.__name__, str(error)[:2000]))
    if len(text) > LONGEST:
        return to_text(("error", "ValueError", f"the answer of {name} is too large to send"))
    return text
