"""softlib.symbolic: both forms agree with each other, with NumPy, and with textbook formulas."""

# ruff: noqa: N806 - J and T are the field's letters

import inspect
import subprocess
import sys

import numpy as np
import pytest
import sympy as sp
from numpy.testing import assert_allclose
from sympy import KroneckerDelta as Delta

import softlib
from softlib import symbolic
from softlib.symbolic import at, collapse, i, in_probabilities, j, k, n, p, y, z

FUNCTIONS = [f for name in symbolic.__all__ if inspect.isfunction(f := getattr(symbolic, name))]


@pytest.fixture(scope="module")
def stack():
    return np.random.default_rng(5).normal(scale=2, size=(6, 4, 3))


def zero(expression):
    return sp.simplify(expression) == 0


# --- A few named logits -------------------------------------------------------------------------


def test_logits_are_real_symbols_with_names():
    assert [str(s) for s in symbolic.logits(3)] == ["z1", "z2", "z3"]
    assert [str(s) for s in symbolic.logits(2, "y")] == ["y1", "y2"]
    assert symbolic.logits(4).shape == (4, 1)
    assert all(s.is_real for s in symbolic.logits(2))
    with pytest.raises(ValueError, match="count"):
        symbolic.logits(0)


def test_softmax_of_logarithms_is_proportional():
    assert list(symbolic.softmax([0, sp.log(2), sp.log(3)])) == [
        sp.Rational(1, 6), sp.Rational(1, 3), sp.Rational(1, 2)]  # fmt: skip
    halves = symbolic.softmax([0, 2 * sp.log(2)], temperature=2)
    assert list(halves) == [sp.Rational(1, 3), sp.Rational(2, 3)]


def test_logsumexp_generates_softmax_and_jacobian():
    column, T = symbolic.logits(3), sp.Symbol("T", positive=True)
    lse = symbolic.logsumexp(column, T)
    gradient = sp.Matrix([lse]).jacobian(column).T
    assert all(zero(entry) for entry in gradient - symbolic.softmax(column, T))
    assert all(zero(entry) for entry in sp.hessian(lse, column) - symbolic.jacobian(column, T))


@pytest.mark.parametrize("count", [2, 3, 4])
def test_jacobian_is_the_one_line_formula(count):
    column = symbolic.logits(count)
    probabilities, J = symbolic.softmax(column), symbolic.jacobian(column)
    expected = sp.diag(*probabilities) - probabilities * probabilities.T
    assert all(zero(entry) for entry in J - expected)


def test_jacobian_is_left_as_differentiation_gives_it():
    z1, z2 = symbolic.logits(2)
    total = sp.exp(z1) + sp.exp(z2)
    assert symbolic.jacobian([z1, z2])[0, 0] == sp.exp(z1) / total - sp.exp(2 * z1) / total**2


def test_cross_entropy_is_minus_the_logarithm_for_a_one_hot_target():
    column = symbolic.logits(3)
    loss = symbolic.cross_entropy(column, [0, 1, 0])
    assert zero(sp.exp(-loss) - symbolic.softmax(column)[1])
    target = symbolic.logits(3, "y")
    gradient = sp.Matrix([symbolic.cross_entropy(column, target)]).jacobian(column).T
    assert all(zero(entry) for entry in gradient - (symbolic.softmax(column) - target))
    with pytest.raises(ValueError, match="y has 2"):
        symbolic.cross_entropy(column, [0, 1])


# --- Any number of logits -----------------------------------------------------------------------


def test_the_general_jacobian_is_the_one_line_formula():
    assert symbolic.general_jacobian() == p[i] * (Delta(i, j) - p[j])
    assert sp.expand(symbolic.general_jacobian(i, i)) == p[i] - p[i] ** 2
    assert symbolic.general_jacobian(1, 2) == -p[1] * p[2]


def test_the_general_derivative_has_kronecker_deltas():
    derivative = symbolic.general_softmax().diff(z[j])
    total = sp.Sum(sp.exp(z[k]), (k, 1, n))
    moved = sp.Sum(sp.exp(z[k]) * Delta(j, k), (k, 1, n))
    assert derivative == sp.exp(z[i]) * Delta(i, j) / total - sp.exp(z[i]) * moved / total**2
    assert collapse(derivative) == (
        sp.exp(z[i]) * Delta(i, j) / total - sp.exp(z[i]) * sp.exp(z[j]) / total**2
    )


def test_collapse_leaves_other_sums_alone():
    plain = sp.Sum(y[k] * z[k], (k, 1, n))
    assert collapse(plain) == plain
    assert collapse(sp.Sum(y[k] * Delta(j, k), (k, 1, n)) + plain) == y[j] + plain


def test_gradients_of_the_general_functions():
    assert in_probabilities(collapse(symbolic.general_logsumexp().diff(z[j]))) == p[j]
    assert in_probabilities(collapse(symbolic.general_cross_entropy().diff(z[j]))) == p[j] - y[j]


def test_general_second_derivatives_are_third_cumulants():
    m = sp.Symbol("m", integer=True, positive=True)
    second = in_probabilities(collapse(symbolic.general_softmax().diff(z[j], z[m])))
    expected = p[i] * ((Delta(i, j) - p[j]) * (Delta(i, m) - p[m]) - p[j] * (Delta(j, m) - p[m]))
    for row, column, layer in [(1, 2, 3), (1, 1, 2), (1, 2, 2), (2, 1, 2), (1, 1, 1)]:
        place = {i: row, j: column, m: layer}
        assert sp.expand((second - expected).subs(place)) == 0


@pytest.mark.parametrize("count", [2, 3])
def test_the_general_form_at_a_number_is_the_explicit_form(count):
    column, target = symbolic.logits(count), symbolic.logits(count, "y")
    assert at(symbolic.general_softmax(2), count) == symbolic.softmax(column)[1]
    assert zero(at(symbolic.general_logsumexp(), count) - symbolic.logsumexp(column))
    loss = at(symbolic.general_cross_entropy(), count)
    assert zero(loss - symbolic.cross_entropy(column, target))
    named = dict(zip(symbolic.logits(count, "p"), symbolic.softmax(column), strict=True))
    J = symbolic.jacobian(column)
    for row in range(count):
        for other in range(count):
            entry = at(symbolic.general_jacobian(row + 1, other + 1), count)
            assert zero(entry.subs(named) - J[row, other])


@pytest.mark.parametrize("index", [i, 4, 0])
def test_an_index_that_is_no_class_is_a_value_error(index):
    with pytest.raises(ValueError, match="indices"):
        at(z[index], 3)


# --- Back to NumPy ------------------------------------------------------------------------------


def test_softmax_and_logsumexp_come_back_as_softlibs(stack):
    column = symbolic.logits(3)
    f = symbolic.numpy_function(symbolic.softmax(column, 2), column)
    assert_allclose(f(stack), softlib.softmax(stack, temperature=2), rtol=1e-14)
    f = symbolic.numpy_function(symbolic.logsumexp(column), column)
    assert f(stack).shape == (6, 4)
    assert_allclose(f(stack), softlib.logsumexp(stack), rtol=1e-13)


def test_the_jacobian_comes_back_as_softlibs(stack):
    column = symbolic.logits(3)
    f = symbolic.numpy_function(symbolic.jacobian(column), column)
    assert_allclose(f(stack), softlib.jacobian(stack), rtol=0, atol=1e-15)
    assert f(stack[0, 0]).shape == (3, 3)


def test_the_general_jacobian_comes_back_as_softlibs(stack):
    matrix = sp.Matrix(3, 3, lambda a, b: at(symbolic.general_jacobian(a + 1, b + 1), 3))
    f = symbolic.numpy_function(matrix, symbolic.logits(3, "p"))
    assert_allclose(f(softlib.softmax(stack)), softlib.jacobian(stack), rtol=0, atol=1e-15)


def test_cross_entropy_comes_back_with_two_arguments(stack):
    column, target = symbolic.logits(3), symbolic.logits(3, "y")
    f = symbolic.numpy_function(symbolic.cross_entropy(column, target), column, target)
    y_numbers = softlib.softmax(stack[::-1])
    expected = -(y_numbers * softlib.log_softmax(stack)).sum(axis=-1)
    assert_allclose(f(stack, y_numbers), expected, rtol=1e-12)


def test_constant_entries_are_repeated_for_each_vector(stack):
    column = symbolic.logits(3)
    f = symbolic.numpy_function(sp.Matrix([[column[0], 7]]), column)
    assert f(stack).shape == (6, 4, 1, 2)
    assert (f(stack)[..., 1] == 7).all()
    assert symbolic.numpy_function(symbolic.softmax(column[:1]), column[:1])([5.0]).shape == (1,)


# --- The module ---------------------------------------------------------------------------------


def test_importing_softlib_leaves_sympy_alone():
    code = "import sys, softlib; assert 'sympy' not in sys.modules; softlib.symbolic.n"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_docstrings_have_every_section(f):
    text = inspect.getdoc(f)
    parameters = inspect.signature(f).parameters
    for section in ["Returns", "Examples", *(["Parameters"] if parameters else [])]:
        assert f"\n{section}\n{'-' * len(section)}\n" in text, section
    assert len(FUNCTIONS) == 13


def test_the_index_of_the_sums_is_no_index_of_an_entry():
    for bad in (k, k + 1, 0, -1):
        with pytest.raises(ValueError, match="row"):
            symbolic.general_jacobian(bad, j)
        with pytest.raises(ValueError, match="column"):
            symbolic.general_jacobian(i, bad)
        with pytest.raises(ValueError, match="index"):
            symbolic.general_softmax(bad)


def test_whole_numbers_stay_exact():
    assert symbolic.logsumexp([1, 2]) == sp.log(sp.E + sp.exp(2))
    assert symbolic.logsumexp([1, 0], 3) == 3 * sp.log(1 + sp.exp(sp.Rational(1, 3)))
