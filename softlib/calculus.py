"""The derivatives of softmax: its Jacobian, products with it, and its spectrum (chapter 03)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from softlib._arguments import _number, _real
from softlib.core import softmax

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["jacobian", "jacobian_eigenvalues", "jacobian_pinv", "jvp", "logsumexp_hessian",
           "second_derivatives", "vjp"]  # fmt: skip

# Each step halves the logarithm of a bracket, which is at most log(max/min) of the type:
# 80 steps bring it below the distance of neighbouring numbers even in extended precision.
_BISECTIONS = 80


def jacobian(z: ArrayLike, *, temperature: float = 1.0) -> NDArray[Any]:
    r"""All first derivatives of softmax.

    .. math::

        J_{ij} &= \frac{\partial p_i}{\partial z_j} = \frac{p_i (\delta_{ij} - p_j)}{T},

        J &= \frac{\operatorname{diag}(p) - p p^\top}{T}, \qquad p = \sigma_T(z)

    Parameters
    ----------
    z : array_like, shape (..., n)
        Logits, in the unit of `temperature`.
    temperature : float, default 1.0
        Any real number but 0. Negative temperatures belong to softmin; at infinity J is 0.

    Returns
    -------
    ndarray, shape (..., n, n)
        Symmetric matrices whose rows sum to 0, in one over the unit of `z`. Floating types are
        kept, integers become float64.

    Raises
    ------
    TypeError
        If `z` or `temperature` is not made of real numbers, or `z` has masked entries.
    ValueError
        If `temperature` is 0, where softmax becomes hardmax and has no derivative, or NaN; if `z`
        has no axis or no entry.

    See Also
    --------
    jvp : the product with a vector, without the matrix
    jacobian_eigenvalues, jacobian_pinv, second_derivatives

    Notes
    -----
    Introduced in chapter 03. Also the Hessian of :math:`\mathrm{LSE}_T`, under the name
    `logsumexp_hessian`. At infinite logits the formula is evaluated at the limit of p.

    References
    ----------
    Gao and Pavel (2017), doi:10.48550/arXiv.1704.00805, on softmax as the gradient of log-sum-exp.

    Examples
    --------
    >>> jacobian([2, 3, 4]).round(6)
    array([[ 0.081925, -0.022033, -0.059892],
           [-0.022033,  0.184836, -0.162803],
           [-0.059892, -0.162803,  0.222695]])
    """
    p, t, dtype = _probabilities(z, temperature)
    with np.errstate(all="ignore"):
        off_diagonal = -p[..., :, None] * p[..., None, :]
        return _rounded(_with_zero_sums(off_diagonal) / t, dtype)


logsumexp_hessian = jacobian  # softmax is the gradient of log-sum-exp


def jvp(z: ArrayLike, v: ArrayLike, *, temperature: float = 1.0) -> NDArray[Any]:
    r"""Directional derivative of softmax: the product of its Jacobian with a vector.

    .. math:: J v = \frac{p \circ (v - \langle v \rangle_p)}{T}, \qquad
        \langle v \rangle_p = \sum_j p_j v_j

    Parameters
    ----------
    z : array_like, shape (..., n)
        Logits, in the unit of `temperature`.
    v : array_like, shape (..., n)
        Directions. The leading axes of `z` and `v` broadcast against each other.
    temperature : float, default 1.0
        Any real number but 0.

    Returns
    -------
    ndarray, shape (..., n)
        The products, each with sum 0, computed in O(n) time and memory; the larger type of `z`
        and `v`, integers counting as float64.

    Raises
    ------
    TypeError
        If an argument is not made of real numbers, or has masked entries.
    ValueError
        If `temperature` is 0 or NaN; if `z` has no axis or no entry; if the shape of `v` does not
        fit that of `z`.

    See Also
    --------
    jacobian : the matrix itself

    Notes
    -----
    Introduced in chapter 03. J is symmetric, so that the product from the left is the same
    vector: `vjp` is another name of this function.

    References
    ----------
    Pearlmutter (1994), doi:10.1162/neco.1994.6.1.147, on products that form no matrix.

    Examples
    --------
    >>> jvp([2, 3, 4], [0, 1, 0]).round(6)
    array([-0.022033,  0.184836, -0.162803])
    """
    directions = _real(v, "v")
    if directions.dtype.kind != "f":
        directions = directions.astype(np.float64)
    p, t, dtype = _probabilities(z, temperature)
    misfit = f"v of shape {directions.shape} does not fit z of shape {p.shape}"
    if directions.shape[-1:] != p.shape[-1:]:
        raise ValueError(misfit)
    try:
        shape = np.broadcast_shapes(p.shape, directions.shape)
    except ValueError as error:
        raise ValueError(misfit) from error
    dtype = np.promote_types(dtype, directions.dtype)
    with np.errstate(all="ignore"):
        # In p's type, and halved, as differences of entries of v may overflow where J v does not.
        halves = directions.astype(np.promote_types(dtype, p.dtype)) * 0.5
        # One layout for all callers: a sum must not depend on the strides of its argument.
        p, u = (np.array(np.broadcast_to(a, shape), order="C") for a in (p, halves))
        # J forgets a common shift of v. Measured from its entry at the largest p, v loses no
        # digits to 1 - p when that p is close to 1.
        top = p.argmax(axis=-1)[..., None]
        u = u - np.take_along_axis(u, top, axis=-1)
        mean = (p * u).sum(axis=-1, keepdims=True)
        return _rounded(p * (u - mean) / t * 2, dtype)


vjp = jvp  # the Jacobian is symmetric


def jacobian_eigenvalues(z: ArrayLike, *, temperature: float = 1.0) -> NDArray[Any]:
    r"""Eigenvalues of the Jacobian of softmax, in ascending order.

    One is 0. The others are the roots of the secular equation, one between each pair of
    neighbours in the sorted p, and each value that occurs k times in p itself, k - 1 times:

    .. math:: \sum_i \frac{p_i^2}{p_i - \lambda} = 1

    Parameters
    ----------
    z : array_like, shape (..., n)
        Logits, in the unit of `temperature`.
    temperature : float, default 1.0
        Any real number but 0; the eigenvalues for T = 1 at the same p are divided by it.

    Returns
    -------
    ndarray, shape (..., n)
        The eigenvalues, in one over the unit of `z`; the small ones too lie within a few units in
        the last place of those of the computed p, whose own rounding errors grow with the distance
        of a logit to the maximum. Floating types are kept, integers become float64.

    Raises
    ------
    TypeError, ValueError
        As `jacobian`.

    See Also
    --------
    jacobian : the matrix

    Notes
    -----
    Introduced in chapter 03. Since the p sum to 1, the secular equation is
    :math:`\lambda \sum_i p_i / (p_i - \lambda) = 0`. The sum without the factor in front increases
    from minus to plus infinity between neighbours in p, so that bisection cannot miss.

    References
    ----------
    Golub (1973), doi:10.1137/1015032.

    Examples
    --------
    >>> jacobian_eigenvalues([2, 3, 4]).round(6)
    array([0.      , 0.118553, 0.370904])
    """
    p, t, dtype = _probabilities(z, temperature)
    p = np.sort(p, axis=-1)
    low, high = p[..., :-1], p[..., 1:]
    with np.errstate(all="ignore"):
        for _ in range(_BISECTIONS):
            middle = np.sqrt(low) * np.sqrt(high)
            balance = (p[..., None, :] / (p[..., None, :] - middle[..., None])).sum(axis=-1)
            low, high = np.where(balance < 0, middle, low), np.where(balance < 0, high, middle)
        repeated = p[..., :-1] == p[..., 1:]
        roots = np.where(repeated, p[..., 1:], high)
        zero = 0 * p[..., :1]  # NaN where p is
        eigenvalues = np.concatenate([zero, roots], axis=-1) / t
        return _rounded(np.sort(eigenvalues, axis=-1), dtype)


def jacobian_pinv(z: ArrayLike, *, temperature: float = 1.0) -> NDArray[Any]:
    r"""Moore-Penrose inverse of the Jacobian of softmax, in closed form.

    .. math:: J^+ = T \, P \operatorname{diag}(1/p) \, P, \qquad
        P = I - \tfrac1n \mathbf 1 \mathbf 1^\top

    Parameters
    ----------
    z : array_like, shape (..., n)
        Logits, in the unit of `temperature`.
    temperature : float, default 1.0
        Any real number but 0. At infinity J is 0, and so is its inverse in this sense.

    Returns
    -------
    ndarray, shape (..., n, n)
        Symmetric matrices whose rows sum to 0, in the unit of `z`. Given a small change dp of
        the probabilities, J⁺ dp is the change of the logits with sum 0 that causes it. Where 1/p
        overflows, entries are infinite or NaN. Floating types are kept, integers become float64.

    Raises
    ------
    TypeError, ValueError
        As `jacobian`.

    See Also
    --------
    jacobian : the matrix

    Notes
    -----
    Introduced in chapter 03.

    References
    ----------
    Penrose (1955), doi:10.1017/S0305004100030401.

    Examples
    --------
    >>> jacobian_pinv([0, 0])
    array([[ 1., -1.],
           [-1.,  1.]])
    """
    p, t, dtype = _probabilities(z, temperature)
    n = p.shape[-1]
    if math.isinf(t):
        return _rounded(0 * p[..., :, None] * p[..., None, :], dtype)  # NaN where p is
    with np.errstate(all="ignore"):
        inverse = 1 / p
        share = inverse / n  # divided first, as sums of 1/p may overflow where their mean does not
        mean = (share.sum(axis=-1) / n)[..., None, None]
        off_diagonal = mean - (share[..., :, None] + share[..., None, :])
        diagonal = off_diagonal + inverse[..., None]
        return _rounded(np.where(np.eye(n, dtype=bool), diagonal, off_diagonal) * t, dtype)


def second_derivatives(z: ArrayLike, *, temperature: float = 1.0) -> NDArray[Any]:
    r"""All second derivatives of softmax: the third cumulants of a one-hot draw.

    .. math::

        T^2 \frac{\partial^2 p_i}{\partial z_j \partial z_k}
        &= p_i (\delta_{ij} - p_j)(\delta_{ik} - p_k) \\
        &\quad - p_i p_j (\delta_{jk} - p_k)

    Parameters
    ----------
    z : array_like, shape (..., n)
        Logits, in the unit of `temperature`.
    temperature : float, default 1.0
        Any real number but 0.

    Returns
    -------
    ndarray, shape (..., n, n, n)
        Symmetric in all three indices, with sum 0 over each, up to rounding errors relative to
        the largest :math:`p_i (1 - p_i)/T^2`; in one over the unit of `z` squared. Floating types
        are kept, integers become float64.

    Raises
    ------
    TypeError, ValueError
        As `jacobian`.

    See Also
    --------
    jacobian : the first derivatives, the second cumulants

    Notes
    -----
    Introduced in chapter 03. Also the third derivatives of :math:`\mathrm{LSE}_T`.

    References
    ----------
    McCullagh and Nelder (1989), doi:10.1007/978-1-4899-3242-6, on cumulants.

    Examples
    --------
    >>> second_derivatives([np.log(3), 0])[0]
    array([[-0.09375,  0.09375],
           [ 0.09375, -0.09375]])
    """
    p, t, dtype = _probabilities(z, temperature)
    with np.errstate(all="ignore"):
        cov = _with_zero_sums(-p[..., :, None] * p[..., None, :])
        apart = np.eye(p.shape[-1], dtype=p.dtype) - p[..., None, :]  # δ_ij - p_j
        first = cov[..., :, :, None] * apart[..., :, None, :]
        second = p[..., :, None, None] * cov[..., None, :, :]
        return _rounded((first - second) / t / t, dtype)


def _probabilities(z: Any, temperature: Any) -> tuple[NDArray[Any], float, np.dtype[Any]]:
    """Softmax of z in at least double precision, the temperature, and the type of the result."""
    logits, t = _real(z, "z"), _number(temperature)
    if logits.ndim == 0:
        raise ValueError("z must have at least one axis")
    if t == 0:
        raise ValueError("temperature must not be 0: hardmax has no derivative there")
    dtype = logits.dtype if logits.dtype.kind == "f" else np.dtype(np.float64)
    # In one layout, as what follows adds up in an order that depends on it.
    p = softmax(logits.astype(np.promote_types(dtype, np.float64), order="C"), temperature=t)
    return p, t, dtype.newbyteorder("=")


def _rounded(result: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Round to the type of the result; 0 has no sign."""
    rounded: NDArray[Any] = (result + 0.0).astype(dtype)
    return rounded


def _with_zero_sums(off_diagonal: NDArray[Any]) -> NDArray[Any]:
    """Fill the diagonal with minus the sum of the rest of its row.

    That is p_i (1 - p_i) without the subtraction, which is all noise when p_i is close to 1.
    """
    n = off_diagonal.shape[-1]
    rest = off_diagonal * (1 - np.eye(n, dtype=off_diagonal.dtype))
    filled: NDArray[Any] = rest - rest.sum(axis=-1)[..., None] * np.eye(n, dtype=rest.dtype)
    return filled
