"""softlib.losses against mpmath, SymPy, complex steps and PyTorch, and each rule by its name."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose, assert_array_equal

import softlib
from softlib import (
    cross_entropy,
    cross_entropy_gradient,
    entropy,
    kl_divergence,
    log_softmax,
    softmax,
)

INF, NAN = np.inf, np.nan
BOTH = pytest.mark.parametrize("f", [cross_entropy, cross_entropy_gradient])


pytestmark = pytest.mark.usefixtures("no_warnings")


@st.composite
def problems(draw):
    """Logits and a soft target of 2 to 6 classes; half of the targets are one-hot."""
    n = draw(st.integers(2, 6))
    z = draw(st.lists(st.floats(-40, 40), min_size=n, max_size=n))
    if draw(st.booleans()):
        return np.array(z), np.eye(n)[draw(st.integers(0, n - 1))]
    shares = np.array(draw(st.lists(st.integers(0, 9), min_size=n, max_size=n))) + 1e-3
    return np.array(z), shares / shares.sum()


def exact(z, y):
    """Loss and gradient in 60 digits, by the definitions."""
    with mp.workdps(60):
        e = [mp.exp(mp.mpf(float(a))) for a in z]
        p = [a / mp.fsum(e) for a in e]
        loss = -mp.fsum(mp.mpf(float(b)) * mp.log(a) for a, b in zip(p, y, strict=True) if b)
        return float(loss), [float(a - mp.mpf(float(b))) for a, b in zip(p, y, strict=True)]


# --- The worked numbers of chapter 06 ----------------------------------------------------------


def test_2_3_4_with_the_second_class_right():
    assert_allclose(cross_entropy([2, 3, 4], 1), 1.407606, rtol=0, atol=5e-7)
    gradient = cross_entropy_gradient([2, 3, 4], 1)
    assert_allclose(gradient, (0.090031, -0.755272, 0.665241), rtol=0, atol=5e-7)
    assert abs(gradient.sum()) < 1e-15


def test_the_three_output_network():
    weights = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]])
    o = np.array([1.0, 2.0, 3.0])
    gradient = np.outer(cross_entropy_gradient(weights @ o, 0), o)
    assert_allclose(gradient[0], (-0.977089, -1.954179, -2.931268), rtol=0, atol=5e-7)


def test_a_certain_and_wrong_answer_keeps_its_gradient():
    gradient = cross_entropy_gradient([10, 0, 0], 1)
    assert_allclose(gradient, (0.99991, -0.99995, 0.00005), rtol=0, atol=5e-6)


def test_initial_loss_is_log_n():
    for n in (2, 3, 10, 1000):
        assert_allclose(cross_entropy(np.zeros(n), 0), np.log(n), rtol=1e-15)


def test_least_loss_of_a_smoothed_target():
    smoothed = np.full(3, 0.1 / 3) + 0.9 * np.eye(3)[0]
    assert_allclose(entropy(smoothed), 0.291140, rtol=0, atol=5e-7)
    least = cross_entropy(np.log(smoothed), 0, label_smoothing=0.1)
    assert_allclose(least, entropy(smoothed), rtol=1e-14)


# --- Against other routes ----------------------------------------------------------------------


@given(problems())
def test_loss_and_gradient_against_mpmath(problem):
    z, y = problem
    loss, gradient = exact(z, y)
    assert_allclose(cross_entropy(z, y), loss, rtol=1e-13, atol=0)
    one_hot = y.max() == 1
    # A soft target that p comes close to has already lost the digits of p - y.
    relative, absolute = (1e-12, 0) if one_hot else (0, 1e-14)
    assert_allclose(cross_entropy_gradient(z, y), gradient, rtol=relative, atol=absolute)


@given(problems())
def test_gradient_against_complex_step(problem):
    z, y = problem
    with np.errstate(under="ignore"):  # a quarter of a tiny number is subnormal
        z = z / 4
    step = 1e-30

    def loss(w):
        return np.log(np.exp(w).sum()) - y @ w

    with np.errstate(under="ignore"):
        directions = 1j * step * np.eye(len(z))
        derivative = np.array([loss(z + direction).imag / step for direction in directions])
    assert_allclose(cross_entropy_gradient(z, y), derivative, rtol=1e-14, atol=1e-15)


def test_gradient_against_sympy():
    z = sp.symbols("z1:5", real=True)
    point = dict(zip(z, (sp.Rational(3, 2), -2, sp.Rational(1, 3), 0), strict=True))
    numbers = [float(v) for v in point.values()]
    for j in range(4):
        loss = sp.log(sum(map(sp.exp, z))) - z[j]
        expected = [float(sp.diff(loss, z_i).subs(point).evalf(30)) for z_i in z]
        assert_allclose(cross_entropy(numbers, j), float(loss.subs(point)), rtol=1e-15)
        assert_allclose(cross_entropy_gradient(numbers, j), expected, rtol=1e-14)


def test_loss_and_gradient_against_pytorch(torch):
    rng = np.random.default_rng(6)
    z, classes = rng.normal(scale=3, size=(50, 7)), rng.integers(0, 7, size=50)
    soft = rng.dirichlet(np.ones(7), size=50)
    for target, smoothing in itertools.product((classes, soft), (0.0, 0.1)):
        logits = torch.tensor(z, requires_grad=True)
        losses = torch.nn.functional.cross_entropy(
            logits, torch.tensor(target), reduction="none", label_smoothing=smoothing
        )
        losses.sum().backward()
        ours = cross_entropy(z, target, label_smoothing=smoothing)
        assert_allclose(ours, losses.detach().numpy(), rtol=1e-13)
        gradient = cross_entropy_gradient(z, target, label_smoothing=smoothing)
        assert_allclose(gradient, logits.grad.numpy(), rtol=0, atol=1e-14)


# --- What must hold for every input ------------------------------------------------------------


@given(problems())
def test_gradient_sums_to_zero_and_is_bounded(problem):
    z, y = problem
    gradient = cross_entropy_gradient(z, y)
    assert abs(gradient.sum()) < 1e-15 * len(z)
    assert np.abs(gradient).sum() <= 2 + 1e-15
    assert np.linalg.norm(gradient) <= np.sqrt(2) * (1 + 1e-15)


@given(problems())
def test_loss_is_entropy_plus_divergence(problem):
    z, y = problem
    parts = entropy(y) + kl_divergence(y, softmax(z))
    assert_allclose(cross_entropy(z, y), parts, rtol=1e-13, atol=1e-15)


@given(problems(), st.floats(-100, 100))
def test_a_common_shift_changes_nothing(problem, shift):
    z, y = problem
    assert_allclose(cross_entropy(z + shift, y), cross_entropy(z, y), rtol=1e-12, atol=1e-12)


@given(problems(), st.permutations(range(6)))
def test_names_of_the_classes_do_not_matter(problem, order):
    z, y = problem
    order = [i for i in order if i < len(z)]
    assert_allclose(cross_entropy(z[order], y[order]), cross_entropy(z, y), rtol=1e-13)
    permuted = cross_entropy_gradient(z[order], y[order])
    assert_allclose(permuted, cross_entropy_gradient(z, y)[order], rtol=1e-12, atol=1e-15)


@given(problems())
def test_entropy_and_divergence_are_not_negative(problem):
    z, y = problem
    p = softmax(z)
    assert 0 <= entropy(y) <= np.log(len(y)) + 1e-15
    assert kl_divergence(y, p) >= 0
    assert kl_divergence(p, p) == 0


# --- Both ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [30, 40, 100, 700, 744])
def test_confident_and_right(gap):
    with mp.workdps(400):
        true = float(mp.log1p(mp.exp(-gap)))
    loss, gradient = cross_entropy([gap, 0], 0), cross_entropy_gradient([gap, 0], 0)
    assert true > 0
    with np.errstate(under="ignore"):
        assert_allclose([loss, *gradient], [true, -true, true], rtol=1e-12)


def test_confident_and_right_to_the_digit():
    assert f"{cross_entropy([40, 0], 0):.0e}" == "4e-18"
    assert cross_entropy([800, 0], 0) == 0
    assert np.copysign(1, cross_entropy([800, 0], 0)) == 1


@pytest.mark.parametrize("gap", [50, 746, 1e6, 1e300])
def test_hopeless_and_finite(gap):
    assert_allclose(cross_entropy([0, gap], 0), gap, rtol=1e-15)
    assert_array_equal(cross_entropy_gradient([0, gap], 0), [-1, softmax([0, gap])[1]])


# --- Targets -----------------------------------------------------------------------------------


@BOTH
def test_a_class_a_one_hot_and_a_boolean_target_are_the_same(f):
    z = np.random.default_rng(0).normal(size=(5, 3))
    classes = np.array([0, 2, 1, 1, 0])
    for target in (
        np.eye(3)[classes],
        np.eye(3, dtype=int)[classes],
        np.eye(3, dtype=bool)[classes],
    ):
        assert_array_equal(f(z, classes), f(z, target))


@BOTH
def test_one_class_for_all_samples(f):
    z = np.random.default_rng(1).normal(size=(5, 3))
    assert_array_equal(f(z, 2), f(z, np.full(5, 2)))


@BOTH
def test_as_many_samples_as_classes(f):
    z = np.random.default_rng(2).normal(size=(3, 3))
    classes = np.array([2, 0, 0])
    expected = [f(row, j) for row, j in zip(z, classes, strict=True)]
    assert_array_equal(f(z, classes), expected)


@BOTH
def test_classes_along_another_axis(f):
    z = np.random.default_rng(3).normal(size=(4, 3, 5))
    classes = np.random.default_rng(4).integers(0, 3, size=(4, 5))
    moved = f(np.moveaxis(z, 1, -1), classes)
    back = moved if f is cross_entropy else np.moveaxis(moved, -1, 1)
    assert_array_equal(f(z, classes, axis=1), back)
    assert_array_equal(f(z, classes, axis=-2), back)
    first = f(np.moveaxis(z, 1, 0), classes, axis=0)
    assert_array_equal(first, moved if f is cross_entropy else np.moveaxis(moved, -1, 0))


def test_classes_over_several_axes():
    z = np.random.default_rng(5).normal(size=(2, 3, 4))
    flat = z.transpose(1, 0, 2).reshape(3, 8)
    for axis in ((0, 2), (2, 0)):
        assert_array_equal(cross_entropy(z, [0, 5, 7], axis=axis), cross_entropy(flat, [0, 5, 7]))
    assert cross_entropy(z, 23, axis=None) == cross_entropy(z.ravel(), 23)
    hits = np.argwhere(cross_entropy_gradient(z, [0, 5, 7], axis=(0, 2)) < 0)
    assert_array_equal(hits, [[0, 0, 0], [1, 1, 1], [1, 2, 3]])


@BOTH
@pytest.mark.parametrize("smoothing", [0, 0.1, 0.5, 1])
def test_label_smoothing_mixes_in_the_uniform_target(f, smoothing):
    z = np.random.default_rng(6).normal(size=(4, 5))
    classes = np.array([0, 4, 2, 2])
    mixed = (1 - smoothing) * np.eye(5)[classes] + smoothing / 5
    assert_allclose(f(z, classes, label_smoothing=smoothing), f(z, mixed), rtol=1e-14, atol=1e-16)
    soft = f(z, mixed, label_smoothing=smoothing)
    assert_allclose(soft, f(z, (1 - smoothing) * mixed + smoothing / 5), rtol=1e-14, atol=1e-16)


def test_a_ruled_out_class_has_no_say_unless_it_is_right():
    assert_allclose(cross_entropy([-INF, 0, 0], [0, 0.5, 0.5]), np.log(2), rtol=1e-15)
    assert cross_entropy([-INF, 0, 0], 0) == INF
    assert_array_equal(cross_entropy_gradient([-INF, 0, 0], 0), [-1, 0.5, 0.5])


def test_nan_stays_in_its_own_sample():
    z = [[NAN, 0], [2, 0], [-INF, -INF]]
    assert_array_equal(np.isnan(cross_entropy(z, 0)), [True, False, True])
    assert_array_equal(np.isnan(cross_entropy_gradient(z, 0)).all(axis=1), [True, False, True])


# --- Entropy and divergence --------------------------------------------------------------------


def test_entropy_of_known_vectors():
    assert entropy([1, 0, 0]) == 0
    assert_allclose(entropy(np.full((2, 8), 1 / 8)), np.log(8), rtol=1e-15)
    assert_allclose(entropy([[0.5, 0.25], [0.5, 0.75]], axis=0)[0], np.log(2), rtol=1e-15)
    assert_allclose(entropy(np.full((2, 4), 1 / 8), axis=None), np.log(8), rtol=1e-15)


def test_divergence_of_known_vectors():
    expected = 0.5 * np.log(2) + 0.5 * np.log(2 / 3)
    assert_allclose(kl_divergence([0.5, 0.5], [0.25, 0.75]), expected, rtol=1e-14)
    assert kl_divergence([0.5, 0.5], [1, 0]) == INF
    assert_allclose(kl_divergence([1, 0], [0.5, 0.5]), np.log(2), rtol=1e-15)
    assert_allclose(kl_divergence([5e-324, 1], [0.5, 0.5]), np.log(2), rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("h", [0.2, 0.05, 0.04, 0.01, 2.0**-10, 2.0**-20])
def test_divergence_of_close_vectors_keeps_its_digits(h, dtype):
    p = np.array([0.25, 0.75], dtype)
    q = (p + np.array([h, -h])).astype(dtype)
    with mp.workdps(60):
        pairs = [(mp.mpf(float(a)), mp.mpf(float(b))) for a, b in zip(p, q, strict=True)]
        true = sum(a * mp.log(a / b) + b - a for a, b in pairs)
    assert_allclose(kl_divergence(p, q), float(true), rtol=30 * np.finfo(dtype).eps)


def test_divergence_of_two_types_is_that_of_the_wider_one():
    p, q = np.array([0.2, 0.8]), np.array([0.75, 0.25], np.float32)
    assert kl_divergence(p, q) == kl_divergence(p, q.astype(float))
    assert kl_divergence(q, p) == kl_divergence(q.astype(float), p)


@pytest.mark.parametrize(
    ("n", "first", "dtype"),
    [(1000, 2.73, np.float32), (1023, 1.2855643, np.float32), (256_000, 0, np.float16)],
)
def test_results_of_softmax_are_probability_vectors(n, first, dtype):
    z = np.zeros(n, dtype)
    z[0] = first
    p = softmax(z)
    assert_allclose(entropy(p), np.log(n), rtol=0.02)
    assert kl_divergence(p, p) == 0
    assert_allclose(cross_entropy(z, p), np.log(n), rtol=0.02)
    with pytest.raises(ValueError, match="p must be probability vectors"):
        entropy(2 * p)


def test_no_axes_leave_single_classes():
    assert entropy(1.0, axis=None) == entropy(1.0, axis=()) == 0
    assert_array_equal(cross_entropy([1.0, 2.0, 3.0], [0, 0, 0], axis=()), np.zeros(3))
    assert_array_equal(cross_entropy([1.0, 2.0], [1.0, 1.0], axis=()), np.zeros(2))


def test_smoothing_is_exact_in_the_type_of_the_logits():
    share, tenth = np.array(0.1), np.longdouble(0.1)
    z = np.array([0, 1, 2], np.longdouble)
    target = np.array([1 - 2 * tenth / 3, tenth / 3, tenth / 3])
    expected = cross_entropy(z, target)
    loss = cross_entropy(z, 0, label_smoothing=share)
    assert abs(loss - expected) <= 4 * np.finfo(np.longdouble).eps * expected
    with pytest.raises(ValueError, match="label_smoothing"):
        cross_entropy([1, 2], 0, label_smoothing=10**400)


# --- Types, layout, manners --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_type_of_the_logits_is_kept(dtype):
    z = np.array([[2, 3, 4], [1, 0, 2]], dtype=dtype)
    assert cross_entropy(z, [1, 0]).dtype == dtype
    assert cross_entropy(z, np.eye(3)[[1, 0]]).dtype == dtype
    assert cross_entropy_gradient(z, [1, 0]).dtype == dtype
    p = np.array([0.25, 0.75], dtype=dtype)
    assert entropy(p).dtype == kl_divergence(p, p).dtype == dtype
    assert cross_entropy(np.array([2, 3, 4]), 1).dtype == np.float64
    tolerance = 2 * float(np.finfo(dtype).eps)
    assert_allclose(cross_entropy(z, [1, 0]), [1.407606, 1.407606], rtol=max(tolerance, 1e-6))


def test_float16_is_rounded_once():
    z = np.random.default_rng(7).normal(size=2000).astype(np.float16)
    y = np.full(2000, 1 / 2000)
    exact_loss = cross_entropy(z.astype(np.float64), y)
    assert cross_entropy(z, y) == np.float16(exact_loss)


@BOTH
def test_a_sample_does_not_depend_on_the_others(f):
    rng = np.random.default_rng(8)
    z, y = rng.normal(size=(7, 300)), rng.dirichlet(np.ones(300), size=7)
    expected = [f(a, b) for a, b in zip(z, y, strict=True)]
    assert_array_equal(f(z, y), expected)
    assert_array_equal(f(np.asfortranarray(z), y), expected)
    columns = f(z.T, y.T, axis=0)
    assert_array_equal(columns if f is cross_entropy else columns.T, expected)


@BOTH
def test_arguments_are_not_modified(f):
    z, y = np.array([[2.0, 3.0, 4.0]]), np.array([[0.0, 1.0, 0.0]])
    before = z.copy(), y.copy()
    f(z, y, label_smoothing=0.1)
    assert_array_equal((z, y), before)


@BOTH
def test_no_samples_no_losses(f):
    assert f(np.zeros((0, 3)), np.zeros(0, dtype=int)).size == 0
    assert f(np.zeros((0, 3)), np.zeros((0, 3))).size == 0


def test_loss_is_minus_log_softmax():
    z = np.random.default_rng(9).normal(size=(6, 4))
    assert_array_equal(cross_entropy(z, 3), -log_softmax(z)[:, 3])


@BOTH
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([1, 2], 2), ValueError, "target names class 2, but the classes are 0 to 1"),
        (([[1, 2], [1, 2]], [0, -1]), ValueError, "target names class -1"),
        (([1, 2], 0.5), TypeError, "target must hold integer classes, not float64"),
        (([1, 2], [1, 1]), ValueError, "target must be probability vectors"),
        (([1, 2], [1.5, -0.5]), ValueError, "target must be probability vectors"),
        (([1, 2], [NAN, 1]), ValueError, "target must be probability vectors"),
        (([1, 2], [0, 1, 0]), ValueError, r"target of shape \(3,\) is neither"),
        (([[1, 2], [3, 4], [5, 6]], [0, 1]), ValueError, r"target of shape \(2,\) is neither"),
        (([1, 2], "b"), TypeError, "target must hold real numbers"),
        ((["a", "b"], 0), TypeError, "z must hold real numbers"),
        (([1, 2j], 0), TypeError, "z must hold real numbers"),
        (([], 0), ValueError, r"z of shape \(0,\) has no entry"),
        (([1, 2], 0, 1), ValueError, "axis 1 is out of bounds"),
    ],
)
def test_refused(f, arguments, error, message):
    with pytest.raises(error, match=message):
        f(*arguments)


@BOTH
@pytest.mark.parametrize("smoothing", [-0.1, 1.1, NAN, INF])
def test_smoothing_is_a_share(f, smoothing):
    with pytest.raises(ValueError, match="label_smoothing must be between 0 and 1"):
        f([1, 2], 0, label_smoothing=smoothing)
    with pytest.raises(TypeError, match="label_smoothing must be a real number"):
        f([1, 2], 0, label_smoothing="much")


@pytest.mark.parametrize("p", [[0.5, 0.6], [-0.5, 1.5], [NAN, 1], []])
def test_no_probability_vector(p):
    with pytest.raises(ValueError, match="p must be probability vectors"):
        entropy(p)
    with pytest.raises(ValueError, match="p must be probability vectors"):
        kl_divergence(p, [0.5, 0.5])
    with pytest.raises(ValueError, match="q must be probability vectors"):
        kl_divergence([0.5, 0.5], p)


def test_divergence_needs_two_vectors_of_one_shape():
    with pytest.raises(ValueError, match=r"q of shape \(3,\) does not fit p of shape \(2,\)"):
        kl_divergence([0.5, 0.5], [0.5, 0.25, 0.25])


def test_softlib_exports_them_all():
    for f in (cross_entropy, cross_entropy_gradient, entropy, kl_divergence):
        assert getattr(softlib, f.__name__) is f
        assert f.__name__ in softlib.__all__
