"""softlib.calculus against complex steps, mpmath, cumulants, eigh and what theory promises."""

# ruff: noqa: N803, N806 - J, K, T and Z are the field's letters

import inspect
import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from mpmath import mp
from numpy.testing import assert_allclose, assert_array_equal

import softlib
from softlib import calculus, softmax
from softlib.calculus import (
    jacobian,
    jacobian_eigenvalues,
    jacobian_pinv,
    jvp,
    logsumexp_hessian,
    second_derivatives,
    vjp,
)

EPS = np.finfo(float).eps
INF, NAN = np.inf, np.nan
MATRICES = [jacobian, jacobian_pinv, second_derivatives]
OF_LOGITS = [*MATRICES, jacobian_eigenvalues]

logits = hnp.arrays(
    float, st.integers(2, 7), elements=st.floats(-8, 8, width=16, allow_subnormal=False)
)
temperatures = st.floats(0.2, 5) | st.floats(-5, -0.2)


def names(functions):
    return [f.__name__ for f in functions]


of_logits = pytest.mark.parametrize("f", OF_LOGITS, ids=names(OF_LOGITS))
each = pytest.mark.parametrize(
    "f",
    [*OF_LOGITS, lambda z, **options: jvp(z, np.ones(np.shape(z)), **options)],
    ids=[*names(OF_LOGITS), "jvp"],
)


pytestmark = pytest.mark.usefixtures("no_warnings")


# --- Oracles ------------------------------------------------------------------------------------


def complex_step(z, temperature=1.0, h=1e-200):
    """Return all ∂p_i/∂z_j as imaginary parts, without a difference of two softmaxes."""
    z = np.asarray(z, float)
    with np.errstate(all="ignore"):
        e = np.exp((z[:, None] + 1j * h * np.eye(z.size)) / temperature)
        return (e / e.sum(axis=0)).imag / h


def exact(z, temperature=1.0, digits=60):
    """Return p and J from mpmath; call it inside mp.workdps."""
    t = mp.mpf(temperature)
    e = [mp.exp(mp.mpf(float(z_i)) / t) for z_i in z]
    p = [e_i / mp.fsum(e) for e_i in e]
    n = range(len(p))
    return p, mp.matrix([[p[i] * ((i == j) - p[j]) / t for j in n] for i in n])


def third_cumulants(p):
    """E[(X_i - p_i)(X_j - p_j)(X_k - p_k)] for a one-hot draw X, by listing all outcomes."""
    deviations = np.eye(p.size) - p
    return np.einsum("x,xi,xj,xk->ijk", p, deviations, deviations, deviations)


# --- The worked numbers of chapter 03 -----------------------------------------------------------

WORKED = [
    [0.081925, -0.022033, -0.059892],
    [-0.022033, 0.184836, -0.162803],
    [-0.059892, -0.162803, 0.222695],
]


def test_worked_jacobian():
    assert_allclose(jacobian([2, 3, 4]), WORKED, rtol=0, atol=5e-7)


def test_worked_eigenvalues():
    assert_allclose(jacobian_eigenvalues([2, 3, 4]), [0, 0.118553, 0.370904], rtol=0, atol=5e-7)


def test_two_classes():
    assert_allclose(jacobian([np.log(3), 0]), [[3 / 16, -3 / 16], [-3 / 16, 3 / 16]], rtol=4 * EPS)
    assert_allclose(jacobian_eigenvalues([np.log(3), 0]), [0, 3 / 8], rtol=4 * EPS)


# --- First derivatives --------------------------------------------------------------------------


@given(logits, temperatures)
def test_jacobian_is_the_complex_step(z, temperature):
    J, step = jacobian(z, temperature=temperature), complex_step(z, temperature)
    assert_allclose(J, step, rtol=0, atol=2 * EPS / abs(temperature))


@pytest.mark.parametrize("temperature", [1, 0.3, -2])
def test_jacobian_to_the_last_digits(temperature):
    z = np.random.default_rng(1).normal(scale=3, size=6)
    with mp.workdps(60):
        expected = np.array(exact(z, temperature)[1].tolist(), float)
    assert_allclose(jacobian(z, temperature=temperature), expected, rtol=8 * EPS)


def test_no_digits_are_lost_where_a_probability_is_close_to_1():
    # 1 - p is 0 in float64; mpmath says 4.2e-18.
    with mp.workdps(60):
        expected = np.array(exact([0, -40, -41])[1].tolist(), float)
    J = jacobian([0, -40, -41])
    assert_allclose(J, expected, rtol=8 * EPS)
    assert 0 < J[0, 0] < 1e-17
    v = [3.0, 1.0, -2.0]
    with np.errstate(all="ignore"):
        assert_allclose(jvp([0, -40, -41], v), expected @ v, rtol=16 * EPS)


@given(logits, temperatures)
def test_jacobian_is_a_covariance_matrix(z, temperature):
    J = jacobian(z, temperature=temperature) * temperature
    p = softmax(z, temperature=temperature)
    draws = np.eye(p.size)  # every outcome of a one-hot draw, with its probability
    assert_allclose(J, np.cov(draws.T, aweights=p, ddof=0), rtol=0, atol=4 * EPS)
    assert_array_equal(J, J.T)
    assert_allclose(J.sum(axis=-1), 0, atol=4 * EPS)
    assert_allclose(np.trace(J), 1 - p @ p, rtol=0, atol=8 * EPS)
    assert np.linalg.eigvalsh(J)[0] >= -4 * EPS
    off = ~np.eye(p.size, dtype=bool)
    assert (J[off] <= 0).all()  # raising one logit takes from every other class


def test_jacobian_is_the_hessian_of_logsumexp():
    assert logsumexp_hessian is jacobian
    z, T = np.array([1.0, -2.0, 0.5, 3.0]), 1.7

    def lse_gradient(x):
        e = np.exp(x / T)
        return e / e.sum()

    with np.errstate(all="ignore"):
        steps = [lse_gradient(z + 1j * 1e-200 * unit).imag / 1e-200 for unit in np.eye(4)]
    assert_allclose(logsumexp_hessian(z, temperature=T), steps, rtol=1e-13)


# --- Products -----------------------------------------------------------------------------------


@given(logits, temperatures, st.integers(0, 99))
def test_jvp_is_the_product(z, temperature, seed):
    v = np.random.default_rng(seed).normal(size=z.size)
    product = jacobian(z, temperature=temperature) @ v
    got = jvp(z, v, temperature=temperature)
    assert_allclose(got, product, rtol=0, atol=8 * EPS / abs(temperature))
    assert_allclose(got.sum(), 0, atol=16 * EPS / abs(temperature))


def test_jvp_is_the_slope_along_a_line():
    z, v, h = np.array([3, 1, 0.2]), np.array([1, -2, 0.5]), 1e-6
    slope = (softmax(z + h * v, temperature=2) - softmax(z - h * v, temperature=2)) / (2 * h)
    assert_allclose(jvp(z, v, temperature=2), slope, atol=1e-9)


@pytest.mark.parametrize(
    ("z", "v", "expected"),
    [
        (np.float16([0, 0]), np.float16([60000, -60000]), [30000, -30000]),
        ([0.0, 0.0], np.float16([60000, -60000]), [30000, -30000]),
        (np.float32([0, 0]), np.float32([3e38, -3e38]), np.float32([1.5e38, -1.5e38])),
        ([0.0, 0.0], [1e308, -1e308], [5e307, -5e307]),
    ],
)
def test_jvp_of_long_directions_does_not_overflow(z, v, expected):
    assert_array_equal(jvp(z, v), expected)


@pytest.mark.parametrize("v", [np.float32([0.1, 0.7, 1e5]), np.float16([0.1, 0.7, 1000])])
def test_jvp_of_short_types_is_exact_in_the_long_one(v):
    z = [0.0, 1.0, 2.0]
    assert_allclose(jvp(z, v), jacobian(z) @ v.astype(float), rtol=1e-14)
    assert_array_equal(jvp(z, v), jvp(z, v.astype(float)))


def test_jvp_ignores_a_common_shift_of_the_direction():
    z = np.array([3, 1, 0.2])
    assert_array_equal(jvp(z, [7, 7, 7]), [0, 0, 0])
    assert_allclose(jvp(z, [1, 0, 2]), jvp(z, [1001, 1000, 1002]), rtol=1e-12)


def test_vjp_is_the_same_function_by_symmetry():
    assert vjp is jvp
    z, v = np.array([3, 1, 0.2]), np.array([1, -2, 0.5])
    assert_allclose(vjp(z, v), v @ jacobian(z), rtol=1e-14)


def test_jvp_broadcasts_over_leading_axes():
    rng = np.random.default_rng(2)
    Z, v = rng.normal(size=(4, 1, 5)), rng.normal(size=(3, 5))
    got = jvp(Z, v)
    assert got.shape == (4, 3, 5)
    for a, b in itertools.product(range(4), range(3)):
        assert_array_equal(got[a, b], jvp(Z[a, 0], v[b]))


def test_jvp_never_forms_the_matrix():
    n = 20_000  # the matrix would take 3.2 GB
    z, v = np.zeros(n), np.arange(n, dtype=float)
    tracemalloc.start()
    got = jvp(z, v)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * z.nbytes
    assert_allclose(got, (v - v.mean()) / n, atol=1e-12)


@pytest.mark.parametrize("shape", [(), (2,), (1,), (4,), (2, 2), (3, 1)], ids=str)
def test_a_direction_of_the_wrong_shape_is_a_value_error_that_names_v(shape):
    with pytest.raises(ValueError, match=r"^v of shape"):
        jvp([1, 2, 3], np.ones(shape))
    with pytest.raises(ValueError, match=r"^v of shape"):
        jvp(np.ones((4, 3)), np.ones((5, 3)))


@pytest.mark.parametrize("bad", ["abc", [1j, 1, 1], [None, 1, 2]], ids=repr)
def test_a_direction_of_another_kind_is_a_type_error_that_names_v(bad):
    with pytest.raises(TypeError, match=r"\bv\b"):
        jvp([1, 2, 3], bad)


# --- Spectrum -----------------------------------------------------------------------------------


@given(logits, temperatures)
def test_eigenvalues_are_those_of_eigh(z, temperature):
    J = jacobian(z, temperature=temperature)
    got = jacobian_eigenvalues(z, temperature=temperature)
    assert_allclose(got, np.linalg.eigvalsh(J), rtol=0, atol=20 * EPS / abs(temperature))


SPECTRA = {
    "three": [2, 3, 4],
    "all equal": [1, 1, 1, 1],
    "two values, repeated": [1, 1, 0, 0, 0],
    "one repeated in the middle": [2, 1, 1, 0],
    "almost equal": [0, 1e-14, 5],
    "neighbours in float64": [1, 1 + EPS, 1 + 2 * EPS],
    "one class dominates": [0, -40, -41],
    "very different": [0, -100, -200],
}


@pytest.mark.parametrize("z", SPECTRA.values(), ids=SPECTRA)
def test_small_eigenvalues_have_all_their_digits(z):
    with mp.workdps(250):
        expected = [float(x) for x in mp.eigsy(exact(z)[1], eigvals_only=True)]
    expected = sorted(expected)[1:]
    got = jacobian_eigenvalues(z)
    assert got[0] == 0
    assert_allclose(got[1:], expected, rtol=8 * EPS)


@given(logits)
def test_eigenvalues_interlace_p(z):
    p, eigenvalues = np.sort(softmax(z)), jacobian_eigenvalues(z)
    assert (eigenvalues[1:] <= p[1:] * (1 + 4 * EPS)).all()
    assert (p[:-1] * (1 - 4 * EPS) <= eigenvalues[1:]).all()


@given(logits)
def test_norm_is_at_most_one_half(z):
    p = softmax(z)
    largest = jacobian_eigenvalues(z)[-1]
    assert largest <= 2 * (p * (1 - p)).max() + 4 * EPS
    assert largest <= 0.5 + 4 * EPS


def test_norm_one_half_is_attained_for_two_classes_and_approached_for_more():
    assert_allclose(jacobian_eigenvalues([7, 7]), [0, 0.5], rtol=2 * EPS)
    norms = [jacobian_eigenvalues([0, 0, -gap])[-1] for gap in (1, 5, 10, 20)]
    assert (np.diff(norms) > 0).all()
    assert 0 < 0.5 - norms[-1] < 2e-9


@given(logits)
def test_product_of_the_nonzero_eigenvalues(z):
    assert_allclose(jacobian_eigenvalues(z)[1:].prod(), z.size * softmax(z).prod(), rtol=1e-13)


def test_an_impossible_class_adds_a_zero():
    with_it, without = jacobian_eigenvalues([1, -INF, 2, 3]), jacobian_eigenvalues([1, 2, 3])
    assert_allclose(with_it, [0, *without], rtol=4 * EPS)


# --- Pseudo-inverse -----------------------------------------------------------------------------


@given(
    hnp.arrays(
        float, st.integers(2, 6), elements=st.floats(-3, 3, width=16, allow_subnormal=False)
    ),
    temperatures,
)
def test_pinv_meets_penroses_four_conditions(z, temperature):
    J, X = jacobian(z, temperature=temperature), jacobian_pinv(z, temperature=temperature)
    size = abs(X).max() / abs(temperature)
    assert_allclose(J @ X @ J, J, rtol=0, atol=40 * EPS * size)
    assert_allclose(X @ J @ X, X, rtol=0, atol=40 * EPS * size * abs(X).max())
    assert_array_equal(X, X.T)
    assert_allclose(J @ X, np.eye(z.size) - 1 / z.size, rtol=0, atol=40 * EPS * size)


def test_pinv_is_numpys():
    z = np.array([2.0, 3.0, 4.0])
    assert_allclose(jacobian_pinv(z), np.linalg.pinv(jacobian(z), rcond=1e-10), rtol=1e-12)


def test_pinv_overflows_only_where_its_entries_do():
    z = [0.0, -709.0, -709.0, -709.0]
    with mp.workdps(40):
        p = [mp.exp(x) / (1 + 3 * mp.exp(-709)) for x in z]
        mean = sum(1 / x for x in p) / 4
        exact = [
            [float((1 / p[i]) * (i == j) - (1 / p[i] + 1 / p[j] - mean) / 4) for j in range(4)]
            for i in range(4)
        ]
    assert_allclose(jacobian_pinv(z), exact, rtol=1e-12)
    assert_array_equal(jacobian_pinv([0, -np.inf], temperature=np.inf), np.zeros((2, 2)))


def test_pinv_of_infinite_temperature_is_zero():
    assert_array_equal(jacobian_pinv([1, 2], temperature=INF), np.zeros((2, 2)))


# --- Second derivatives -------------------------------------------------------------------------


@given(logits, temperatures)
def test_second_derivatives_are_third_cumulants(z, temperature):
    K = second_derivatives(z, temperature=temperature)
    expected = third_cumulants(softmax(z, temperature=temperature)) / temperature**2
    assert_allclose(K, expected, rtol=0, atol=8 * EPS / temperature**2)


def test_second_derivatives_are_slopes_of_the_jacobian():
    z, h, T = np.array([2, 3, 4.0, 1]), 1e-5, 0.8
    K = second_derivatives(z, temperature=T)
    for direction, unit in enumerate(np.eye(4)):
        slope = (jacobian(z + h * unit, temperature=T) - jacobian(z - h * unit, temperature=T)) / (
            2 * h
        )
        assert_allclose(K[:, :, direction], slope, atol=1e-9)


def test_second_derivatives_are_symmetric_and_sum_to_zero():
    K = second_derivatives([2, 3, 4, 1])
    for order in itertools.permutations(range(3)):
        assert_allclose(K, K.transpose(order), rtol=0, atol=EPS)
    assert_allclose(K.sum(axis=0), 0, atol=2 * EPS)


# --- Temperature, types, shapes -----------------------------------------------------------------


@given(logits, temperatures)
def test_temperature_divides_the_logits_and_the_derivatives(z, T):
    assert_allclose(jacobian(z, temperature=T), jacobian(z / T) / T, rtol=1e-12)
    assert_allclose(jacobian_pinv(z, temperature=T), jacobian_pinv(z / T) * T, rtol=1e-12)
    expected = second_derivatives(z / T) / T**2
    assert_allclose(second_derivatives(z, temperature=T), expected, rtol=0, atol=1e-13)
    expected = np.sort(jacobian_eigenvalues(z / T) / T)
    assert_allclose(jacobian_eigenvalues(z, temperature=T), expected, rtol=1e-12)


@each
def test_temperature_zero_is_a_value_error(f):
    for zero in (0, 0.0, -0.0):
        with pytest.raises(ValueError, match="temperature must not be 0"):
            f([1.0, 2.0], temperature=zero)


@each
def test_bad_temperatures_are_refused_as_by_softmax(f):
    with pytest.raises(ValueError, match="temperature"):
        f([1.0, 2.0], temperature=NAN)
    with pytest.raises(TypeError, match="temperature"):
        f([1.0, 2.0], temperature="1")


@pytest.mark.parametrize("f", [jacobian, second_derivatives, jacobian_eigenvalues])
def test_infinite_temperature_has_derivative_zero(f):
    result = f([1.0, 2.0, 3.0], temperature=INF)
    assert_array_equal(result, np.zeros_like(result))
    assert not np.signbit(result).any()


@each
@pytest.mark.parametrize("bad", ["ab", [1j, 2], [None, 1]], ids=repr)
def test_logits_of_another_kind_are_a_type_error_that_names_z(f, bad):
    with pytest.raises(TypeError, match=r"\bz\b"):
        f(bad)


@each
@pytest.mark.parametrize("bad", [1.0, [], np.ones((2, 0))], ids=repr)
def test_logits_without_an_axis_or_entry_are_a_value_error_that_names_z(f, bad):
    with pytest.raises(ValueError, match=r"\bz\b"):
        f(bad)


@each
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_floating_types_are_kept(f, dtype):
    z = np.array([[2, 3, 4], [0, 1, 0]], dtype)
    options = [z] if f in OF_LOGITS else []
    result = f(z) if options else jvp(z, np.ones(3, dtype))
    assert result.dtype == dtype
    if dtype in (np.float16, np.float32):
        double = f(z.astype(float)) if options else jvp(z.astype(float), np.ones(3))
        assert_array_equal(result, double.astype(dtype))


def test_integers_and_booleans_become_float64():
    for f in OF_LOGITS:
        for z in ([2, 3, 4], np.array([1, 0, 1], bool), np.array([2, 3, 4], np.uint8)):
            assert f(z).dtype == np.float64
            assert_array_equal(f(z), f(np.array(z, float)))
    assert jvp([1, 2], [1, 0]).dtype == np.float64
    assert jvp(np.float32([1, 2]), [1, 0]).dtype == np.float64
    assert jvp(np.float32([1, 2]), np.float32([1, 0])).dtype == np.float32


def test_longdouble_has_its_own_precision():
    with mp.workdps(60):
        eigenvalues = sorted(mp.eigsy(exact([2, 3, 4])[1], eigvals_only=True))
        expected = [np.longdouble(mp.nstr(x, 30)) for x in eigenvalues[1:]]
    got = jacobian_eigenvalues(np.array([2, 3, 4], np.longdouble))[1:]
    assert_allclose(got, np.array(expected), rtol=8 * np.finfo(np.longdouble).eps)


@of_logits
def test_a_stack_is_its_slices_to_the_last_bit(f):
    Z = np.random.default_rng(3).normal(scale=4, size=(2, 3, 17))
    odd = np.random.default_rng(4).normal(size=(30, 3, 2)).T
    repeated = np.broadcast_to(odd[0, 0], (2, 3, 30))
    for whole in (Z, np.asfortranarray(Z), Z[:, :, ::-1], odd, np.asfortranarray(odd), repeated):
        stacked = f(whole, temperature=0.7)
        for a, b in itertools.product(range(2), range(3)):
            assert_array_equal(stacked[a, b], f(whole[a, b], temperature=0.7))
    assert f(np.ones((0, 3))).shape[0] == 0


def test_products_in_a_stack_are_single_products_to_the_last_bit():
    rng = np.random.default_rng(4)
    Z, V = np.asfortranarray(rng.normal(size=(5, 300))), rng.normal(size=(300, 5)).T
    stacked = jvp(Z, V)
    for row in range(5):
        assert_array_equal(stacked[row], jvp(Z[row], V[row]))


@each
def test_one_class_never_changes(f):
    assert_array_equal(f([5.0]), np.zeros_like(f([5.0])))


@each
def test_nan_stays_in_its_own_slice(f):
    result = f(np.array([[1.0, 2.0], [NAN, 1.0], [-INF, -INF]])).reshape(3, -1)
    assert np.isfinite(result[0]).all()
    assert np.isnan(result[1:]).all()


@each
def test_arguments_are_not_modified(f):
    z = np.array([3.0, 1.0, 0.2])
    z.setflags(write=False)
    f(z)
    assert_array_equal(z, [3, 1, 0.2])


def test_a_direction_is_not_modified():
    v = np.array([3.0, 1.0, 0.2])
    jvp([1, 2, 3], v)
    assert_array_equal(v, [3, 1, 0.2])


# --- Another library ----------------------------------------------------------------------------


def test_pytorch_differentiates_to_the_same(torch):
    z = torch.tensor([2.0, 3.0, 4.0, -1.0], dtype=torch.float64)

    def soft(x):
        return torch.softmax(x / 1.3, dim=0)

    J = torch.autograd.functional.jacobian(soft, z)
    assert_allclose(jacobian(z.numpy(), temperature=1.3), J.numpy(), rtol=0, atol=4 * EPS)


# --- Names and docstrings -----------------------------------------------------------------------


def test_public_names():
    for name in calculus.__all__:
        assert getattr(softlib, name) is getattr(calculus, name)
        assert name in softlib.__all__


@pytest.mark.parametrize("f", [*OF_LOGITS, jvp], ids=names([*OF_LOGITS, jvp]))
def test_docstrings_have_every_section(f):
    text = inspect.getdoc(f)
    for section in (
        "Parameters",
        "Returns",
        "Raises",
        "See Also",
        "Notes",
        "References",
        "Examples",
    ):
        assert f"\n{section}\n{'-' * len(section)}\n" in text, section
    assert "chapter 03" in text
    assert "doi:" in text
    assert ".. math::" in text
    for parameter in inspect.signature(f).parameters:
        assert f"\n{parameter} : " in text
