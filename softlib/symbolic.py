"""Softmax in symbols: for a few named logits, and for any number n of them (chapter 03).

With *explicit* symbols, ``logits(3)`` is the vector (z1, z2, z3), and softmax, log-sum-exp, the
Jacobian and cross-entropy are expressions in these. In the *general* form ``z[i]`` is the logit
of class i = 1, ..., n, sums run over ``k``, and neither n nor i is ever a number. `at` leads from
the general form to the explicit one, `numpy_function` from either of them to NumPy.

All of it belongs to chapter 03. The formulas are those of `softlib.core`, `softlib.calculus` and
`softlib.losses`, whose docstrings name the sources.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from sympy.core.relational import Relational

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["at", "collapse", "cross_entropy", "general_cross_entropy", "general_jacobian",
           "general_logsumexp", "general_softmax", "i", "in_probabilities", "j", "jacobian", "k",
           "logits", "logsumexp", "n", "numpy_function", "p", "softmax", "y", "z"]  # fmt: skip

n = sp.Symbol("n", integer=True, positive=True)
i, j, k = sp.symbols("i j k", integer=True, positive=True)
z, p, y = (sp.IndexedBase(name, real=True) for name in "zpy")


# ---------------------------------------------------------------- a few named logits


def logits(count: int, name: str = "z") -> Any:
    """Make a column of real symbols, ``z1`` to ``z3`` for ``logits(3)``.

    Parameters
    ----------
    count : int
        How many, at least 1.
    name : str, default "z"
        What they are called; ``logits(3, "y")`` makes the components of a target.

    Returns
    -------
    sympy.Matrix, shape (count, 1)
        The symbols.

    Raises
    ------
    ValueError
        If `count` is less than 1.

    Examples
    --------
    >>> list(logits(3))
    [z1, z2, z3]
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    return sp.Matrix(sp.symbols(f"{name}1:{count + 1}", real=True))


def softmax(z: Any, temperature: Any = 1) -> Any:
    r"""Softmax of explicit logits.

    .. math:: p_i = e^{z_i/T} / \textstyle\sum_j e^{z_j/T}

    Parameters
    ----------
    z : sequence of expressions
        The logits.
    temperature : expression, default 1
        The temperature T.

    Returns
    -------
    sympy.Matrix
        The column of probabilities.

    Examples
    --------
    >>> softmax([0, sp.log(3)]).T
    Matrix([[1/4, 3/4]])
    """
    powers = sp.Matrix(list(z)).applyfunc(lambda entry: sp.exp(entry / temperature))
    return powers / sum(powers)


def logsumexp(z: Any, temperature: Any = 1) -> Any:
    r"""Log-sum-exp of explicit logits.

    .. math:: \mathrm{LSE}_T(z) = T \log \textstyle\sum_i e^{z_i/T}

    Parameters
    ----------
    z : sequence of expressions
        The logits.
    temperature : expression, default 1
        The temperature T.

    Returns
    -------
    sympy.Expr
        One expression.

    Examples
    --------
    >>> logsumexp([0, sp.log(3)])
    log(4)
    """
    return temperature * sp.log(sum(sp.exp(sp.sympify(entry) / temperature) for entry in z))


def jacobian(z: Any, temperature: Any = 1) -> Any:
    r"""Jacobian of softmax for explicit logits, found by differentiating and left as it comes.

    .. math:: J_{ij} = \partial p_i / \partial z_j

    Parameters
    ----------
    z : sequence of symbols
        The logits; they must be symbols, since they are differentiated by.
    temperature : expression, default 1
        The temperature T.

    Returns
    -------
    sympy.Matrix
        The square matrix, not simplified.

    Examples
    --------
    >>> J = jacobian(logits(2))
    >>> J[0, 1]
    -exp(z1)*exp(z2)/(exp(z1) + exp(z2))**2
    """
    column = sp.Matrix(list(z))
    return softmax(column, temperature).jacobian(column)


def cross_entropy(z: Any, y: Any) -> Any:
    r"""Cross-entropy of explicit logits with a target.

    .. math:: \ell(z, y) = \mathrm{LSE}(z) - \textstyle\sum_i y_i z_i

    Parameters
    ----------
    z : sequence of expressions
        The logits.
    y : sequence of expressions
        The target, as many entries as `z`. They must sum to 1: then this is -Σ y_i log p_i.

    Returns
    -------
    sympy.Expr
        One expression.

    Raises
    ------
    ValueError
        If `y` and `z` differ in length.

    Examples
    --------
    >>> cross_entropy([0, sp.log(3)], [1, 0])
    log(4)
    """
    if len(y) != len(z):
        raise ValueError(f"y has {len(y)} entries, z has {len(z)}")
    return logsumexp(z) - sum(weight * entry for weight, entry in zip(y, z, strict=True))


# ---------------------------------------------------------------- any number of logits


def general_softmax(index: Any = i) -> Any:
    r"""One probability among n, with n left open.

    .. math:: p_i = e^{z_i} / \textstyle\sum_{k=1}^n e^{z_k}

    Parameters
    ----------
    index : symbol or int, default i
        Which one, from 1 to n; not `k`, which the sum uses.

    Returns
    -------
    sympy.Expr
        The expression, with a `sympy.Sum` in the denominator.

    Raises
    ------
    ValueError
        If `index` is less than 1 or contains `k`.

    Examples
    --------
    >>> general_softmax()
    exp(z[i])/Sum(exp(z[k]), (k, 1, n))
    """
    return sp.exp(z[_index("index", index)]) / _total()


def general_logsumexp() -> Any:
    r"""Log-sum-exp of n logits, with n left open.

    .. math:: \mathrm{LSE}(z) = \log \textstyle\sum_{k=1}^n e^{z_k}

    Returns
    -------
    sympy.Expr
        The expression.

    Examples
    --------
    >>> collapse(general_logsumexp().diff(z[i])) == general_softmax(i)
    True
    """
    return sp.log(_total())


def general_cross_entropy() -> Any:
    r"""Cross-entropy of n logits with a target y that sums to 1, with n left open.

    .. math:: \ell(z, y) = \log \textstyle\sum_{k=1}^n e^{z_k} - \sum_{k=1}^n y_k z_k

    Returns
    -------
    sympy.Expr
        The expression.

    Examples
    --------
    >>> in_probabilities(collapse(general_cross_entropy().diff(z[i])))
    p[i] - y[i]
    """
    return general_logsumexp() - sp.Sum(y[k] * z[k], (k, 1, n))


def general_jacobian(row: Any = i, column: Any = j) -> Any:
    r"""One entry of the Jacobian for n logits: differentiated, collapsed, and written in p.

    .. math:: \partial p_i / \partial z_j = p_i (\delta_{ij} - p_j)

    Parameters
    ----------
    row, column : symbol or int
        Which entry, each from 1 to n; not `k`, which the sums use.

    Returns
    -------
    sympy.Expr
        The entry.

    Raises
    ------
    ValueError
        If `row` or `column` is less than 1 or contains `k`.

    Examples
    --------
    >>> general_jacobian()
    (KroneckerDelta(i, j) - p[j])*p[i]
    >>> general_jacobian(1, 2)
    -p[1]*p[2]
    """
    row, column = _index("row", row), _index("column", column)
    return sp.factor(in_probabilities(collapse(general_softmax(row).diff(z[column]))))


def collapse(expression: Any) -> Any:
    r"""Carry out the sums against a Kronecker delta, for indices that lie between 1 and n.

    .. math:: \textstyle\sum_{k=1}^n a_k \delta_{jk} = a_j

    Parameters
    ----------
    expression : sympy.Expr
        An expression in the module's symbols.

    Returns
    -------
    sympy.Expr
        The same without these sums; sums without a delta stay.

    Examples
    --------
    >>> collapse(sp.Sum(z[k] * sp.KroneckerDelta(j, k), (k, 1, n)))
    z[j]
    """
    done = expression.doit()
    # SymPy asks each time whether j ≤ n. It is: the classes are 1 to n.
    return done.subs(dict.fromkeys(done.atoms(Relational), sp.true))


def in_probabilities(expression: Any) -> Any:
    r"""Write :math:`p_a` for each :math:`e^{z_a} / \sum_k e^{z_k}`.

    Parameters
    ----------
    expression : sympy.Expr
        An expression in the module's symbols, after `collapse`.

    Returns
    -------
    sympy.Expr
        The same in p; what cancels is cancelled, and nothing else is simplified.

    Examples
    --------
    >>> in_probabilities(general_softmax(i) * general_softmax(j))
    p[i]*p[j]
    """
    single = [a for a in expression.atoms(sp.Indexed) if a.base == z and a.indices[0] != k]
    return sp.expand(expression.subs({sp.exp(a): p[a.indices[0]] * _total() for a in single}))


def at(expression: Any, count: int) -> Any:
    """Put a number in the place of n, and explicit symbols in the place of z, y and p.

    Parameters
    ----------
    expression : sympy.Expr
        A general expression, with numbers from 1 to `count` for its free indices.
    count : int
        The number of classes.

    Returns
    -------
    sympy.Expr
        The same in ``logits(count)``, ``logits(count, "y")`` and ``logits(count, "p")``.

    Raises
    ------
    ValueError
        If an index is still a letter, or not between 1 and `count`.

    Examples
    --------
    >>> at(general_softmax(1), 2)
    exp(z1)/(exp(z1) + exp(z2))
    """
    written = expression.subs(n, count).doit()
    names = {
        base[index + 1]: symbol
        for base in (z, y, p)
        for index, symbol in enumerate(logits(count, str(base)))
    }
    explicit = written.subs(names)
    if strangers := explicit.atoms(sp.Indexed):
        raise ValueError(f"expression: indices must be numbers from 1 to {count}, not {strangers}")
    return explicit


def _index(name: str, index: Any) -> Any:
    index = sp.sympify(index)
    if index.has(k) or (index.is_Integer and index < 1):
        raise ValueError(f"{name} must be an index from 1 to n other than k, not {index}")
    return index


def _total() -> Any:
    return sp.Sum(sp.exp(z[k]), (k, 1, n))


# ---------------------------------------------------------------- back to numbers


def numpy_function(expression: Any, *columns: Any) -> Callable[..., NDArray[Any]]:
    """Turn explicit expressions into a NumPy function of vectors, or of stacks of vectors.

    Parameters
    ----------
    expression : sympy.Expr or sympy.Matrix
        What to compute. A matrix with a single column stands for a vector.
    *columns : sequences of symbols
        The vectors of symbols that it depends on, in the order of the arguments.

    Returns
    -------
    callable
        A function of as many arrays of shape (..., number of symbols), which gives an array of
        shape (...), (..., rows) or (..., rows, columns). It evaluates the expression as it
        stands and so overflows where the expression does: `softlib.softmax` does not.

    Examples
    --------
    >>> z = logits(2)
    >>> numpy_function(softmax(z), z)([0, np.log(3)]).round(4)
    array([0.25, 0.75])
    """
    is_matrix = isinstance(expression, sp.MatrixBase)
    entries = list(expression) if is_matrix else [expression]
    shape: tuple[int, ...] = tuple(expression.shape) if is_matrix else ()
    shape = shape[:1] if shape[1:] == (1,) else shape
    compiled = sp.lambdify([list(column) for column in columns], entries, "numpy", cse=True)

    def function(*vectors: Any) -> NDArray[Any]:
        parts = [np.moveaxis(np.asarray(v), -1, 0) for v in vectors]
        values = np.stack(np.broadcast_arrays(*compiled(*parts)), axis=-1)
        result: NDArray[Any] = values.reshape(values.shape[:-1] + shape)
        return result

    return function
