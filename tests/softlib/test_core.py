"""softlib.core, one test per rule: worked numbers, then each special case under its own name."""

import importlib
import inspect
import warnings
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import softlib
from softlib import hardmax, log_softmax, logsumexp, softargmax, softmax

INF, NAN = np.inf, np.nan
ENTRYWISE = [softmax, log_softmax, hardmax]
WITH_TEMPERATURE = [softmax, log_softmax, logsumexp]
ALL = [*ENTRYWISE, logsumexp]


def names(functions):
    return [f.__name__ for f in functions]


entrywise = pytest.mark.parametrize("f", ENTRYWISE, ids=names(ENTRYWISE))
with_temperature = pytest.mark.parametrize("f", WITH_TEMPERATURE, ids=names(WITH_TEMPERATURE))
every = pytest.mark.parametrize("f", ALL, ids=names(ALL))


pytestmark = pytest.mark.usefixtures("no_warnings")


# --- The worked numbers of chapters 01 and 02, computed with mpmath at 40 digits ---------------


@pytest.mark.parametrize(
    ("z", "p"),
    [
        ((3, 1, 0.2), (0.836019, 0.113143, 0.050838)),
        ((2, 3, 4), (0.090031, 0.244728, 0.665241)),
        ((3, 1, -3), (0.878878, 0.118943, 0.002179)),
    ],
)
def test_worked_probabilities(z, p):
    assert_allclose(softmax(z), p, rtol=0, atol=5e-7)


def test_worked_probabilities_of_1_2_8():
    assert_allclose(softmax([1, 2, 8]), (0.00091, 0.00247, 0.99662), rtol=0, atol=5e-6)


def test_worked_log_probabilities():
    expected = (-0.179104, -2.179104, -2.979104)
    assert_allclose(log_softmax([3, 1, 0.2]), expected, rtol=0, atol=5e-7)


def test_ten_actions_choose_the_tenth():
    scores = [0.2, 0.1, 0.05, 0.1, 0.2, 0.02, 0.08, 0.01, 0.01, 0.23]
    assert softmax(scores).argmax() == hardmax(scores).argmax() == 9


@pytest.mark.parametrize(
    ("temperature", "p", "digits"),
    [
        (0.1, (0.999999998, 2.06e-9, 6.9e-13), (5e-10, 5e-12, 5e-14)),
        (0.5, (0.978461, 0.017921, 0.003618), 5e-7),
        (1, (0.836019, 0.113143, 0.050838), 5e-7),
        (2, (0.619396, 0.227863, 0.152741), 5e-7),
        (5, (0.446124, 0.299046, 0.254830), 5e-7),
        (10, (0.388423, 0.318014, 0.293564), 5e-7),
        (100, (0.338686, 0.331980, 0.329334), 5e-7),
    ],
)
def test_temperature_demonstration(temperature, p, digits):
    error = np.abs(softmax([3, 1, 0.2], temperature=temperature) - p)
    assert (error <= digits).all()


def test_a_difference_of_10_at_temperatures_1_and_100():
    error = np.abs(softmax([0, 10]) - (4.5398e-5, 0.9999546))
    assert (error <= (5e-10, 5e-8)).all()
    assert_allclose(softmax([0, 10], temperature=100), (0.475021, 0.524979), rtol=0, atol=5e-7)


def test_ties_share():
    assert_array_equal(hardmax([1, 5, 10]), [0, 0, 1])
    assert_array_equal(hardmax([1, 5, 5]), [0, 0.5, 0.5])
    assert_array_equal(hardmax([2.0] * 5), [0.2] * 5)


def test_gap_bound_of_theorem_2_1():
    for temperature, expected in [(1, 0.163981), (0.5, 0.021539)]:
        p = softmax([3, 1, 0.2], temperature=temperature)
        assert abs(p[1:].sum() - expected) <= 5e-7
        q = softmax([3, 1, 1], temperature=temperature)
        assert p[1:].sum() <= q[1:].sum()  # equality when the rest are equal
    assert abs(softmax([3, 1, 1])[1:].sum() - 0.213014) <= 5e-7
    assert abs(softmax([3, 1, 1], temperature=0.5)[1:].sum() - 0.035337) <= 5e-7


def test_almost_equal_logits_need_a_large_beta():
    for beta, confidence in [(45951.2, 0.99), (138155.1, 1 - 1e-6)]:
        p = softmax([1, 1.0001], temperature=1 / beta)
        assert_allclose(1 - p[1], 1 - confidence, rtol=1e-4)


def test_pointwise_limits_on_both_sides_of_the_jump():
    assert_array_equal(softmax([1, 1.0001], temperature=1e-9), [0, 1])
    assert_array_equal(softmax([1, 0.9999], temperature=1e-9), [1, 0])
    for temperature in (1e9, 1, 1e-9, 0):
        assert_array_equal(softmax([1, 1], temperature=temperature), [0.5, 0.5])


def test_middle_probability_peaks_where_its_logit_is_the_mean():
    peak = 4.328085
    p = softmax([3, 2, 0], temperature=peak)
    assert abs(p[1] - 0.346035) <= 5e-7
    assert abs(p @ [3, 2, 0] - 2) <= 1e-6
    assert p[1] > softmax([3, 2, 0], temperature=peak * 1.1)[1]
    assert p[1] > softmax([3, 2, 0], temperature=peak / 1.1)[1]


def test_logarithm_of_1000_1001_1002():
    expected = (-2.407606, -1.407606, -0.407606)
    assert_allclose(log_softmax([1000, 1001, 1002]), expected, rtol=0, atol=5e-7)


def test_soft_maximum_of_3_1_02():
    assert abs(logsumexp([3, 1, 0.2]) - 3.179104) <= 5e-7


# --- Temperature --------------------------------------------------------------------------------


def test_temperature_zero_is_the_hardmax_limit():
    z = [[1, 5, 5], [3, 2, 1]]
    assert_array_equal(softmax(z, temperature=0), [[0, 0.5, 0.5], [1, 0, 0]])
    assert_array_equal(softmax(z, temperature=0), hardmax(z))


def test_temperature_zero_of_log_softmax_is_the_log_of_hardmax():
    expected = [-INF, -np.log(2), -np.log(2)]
    assert_array_equal(log_softmax([1, 5, 5], temperature=0), expected)
    assert_array_equal(log_softmax([7], temperature=0), [0])


def test_temperature_zero_of_logsumexp_is_the_maximum():
    assert logsumexp([1, 5, 5], temperature=0) == 5
    assert logsumexp([-3], temperature=0) == -3


def test_temperature_minus_zero_is_the_limit_from_below():
    assert_array_equal(softmax([1, 1, 5], temperature=-0.0), [0.5, 0.5, 0])
    assert_array_equal(log_softmax([1, 2], temperature=-0.0), [0, -INF])
    assert logsumexp([1, 1, 5], temperature=-0.0) == 1


def test_temperature_infinity_is_uniform():
    for temperature in (INF, -INF):
        assert_array_equal(softmax([3, 1, 0.2, -9], temperature=temperature), [0.25] * 4)
        assert_array_equal(log_softmax([3, 1], temperature=temperature), [-np.log(2)] * 2)


def test_temperature_infinity_leaves_impossible_entries_impossible():
    assert_array_equal(softmax([3, 1, -INF], temperature=INF), [0.5, 0.5, 0])
    assert_array_equal(softmax([3, INF, -INF], temperature=INF), [0, 1, 0])
    assert_array_equal(softmax([3, INF, 1], temperature=-INF), [0.5, 0, 0.5])
    assert_array_equal(log_softmax([3, -INF], temperature=INF), [0, -INF])


def test_temperature_infinity_of_logsumexp():
    assert logsumexp([3, 1], temperature=INF) == INF  # T log 2 + mean
    assert logsumexp([3, 1], temperature=-INF) == -INF
    assert logsumexp([3], temperature=INF) == logsumexp([3], temperature=-INF) == 3
    assert logsumexp([3, -INF], temperature=INF) == 3
    assert logsumexp([-INF, -INF], temperature=INF) == -INF
    assert logsumexp([INF, -INF], temperature=INF) == INF
    assert np.isnan(logsumexp([NAN, 1], temperature=INF))


def test_temperature_infinity_of_a_weighted_mean():
    # T log sum(w exp(z/T)) = T log W + sum(w z)/W + O(1/T) with W = sum(w).
    assert logsumexp([1, 2], weights=[0.25, 0.75], temperature=INF) == 1.75
    assert logsumexp([1, 2], weights=[0.25, 0.75], temperature=-INF) == 1.75
    assert logsumexp([1, 2], weights=[0.5, 1], temperature=INF) == INF
    assert logsumexp([1, 2], weights=[0.5, 0.25], temperature=INF) == -INF
    assert logsumexp([1, 2], weights=[0.5, 0.25], temperature=-INF) == INF
    assert logsumexp([1, 2, -INF], weights=[0.5, 0.5, 7], temperature=INF) == 1.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_weights_that_sum_to_one_but_for_rounding_give_a_mean(dtype):
    w = np.array([0.7, 0.2, 0.1]).astype(dtype)
    exact = w.astype(float)
    assert exact.sum() != 1 or exact[::-1].sum() != 1
    for weights, z in ((w, [0, 1, 2]), (w[::-1], [2, 1, 0])):
        value = logsumexp(np.array(z, dtype), weights=weights, temperature=INF)
        assert_allclose(value, 0.4, rtol=4 * max(np.finfo(dtype).eps, 2**-53))
    assert logsumexp([0, 1], weights=[0.5, 0.5 + 1e-12], temperature=INF) == INF


@every
def test_the_order_in_which_axes_are_named_changes_nothing(f):
    z = np.random.default_rng(4).normal(size=(3, 4, 5))
    assert_array_equal(f(z, axis=(2, 0)), f(z, axis=(0, 2)))
    assert_array_equal(f(z, axis=(-1, 0)), f(z, axis=(0, 2)))


def test_negative_temperature_is_softmin():
    z = np.array([3, 1, 0.2])
    assert_array_equal(softmax(z, temperature=-2), softmax(-z, temperature=2))
    assert_array_equal(log_softmax(z, temperature=-2), log_softmax(-z, temperature=2))
    assert logsumexp(z, temperature=-2) == -logsumexp(-z, temperature=2)
    assert softmax(z, temperature=-1).argmax() == z.argmin()


def test_negative_temperature_turns_the_infinities_round():
    assert_array_equal(softmax([1, -INF, INF], temperature=-1), [0, 1, 0])
    assert np.isnan(softmax([INF, INF], temperature=-1)).all()
    assert logsumexp([INF, INF], temperature=-1) == INF
    assert logsumexp([-INF, 1], temperature=-1) == -INF
    assert logsumexp([INF, 1], temperature=-1) == 1


@with_temperature
def test_temperature_nan_is_a_value_error(f):
    for bad in (NAN, np.float32(NAN), -NAN):
        with pytest.raises(ValueError, match="temperature"):
            f([1, 2], temperature=bad)


@with_temperature
@pytest.mark.parametrize(
    "bad",
    ["1", b"1", 1j, np.complex64(1), None, [1.0], np.array([1.0, 2.0]), np.array(1j), "nan"],
    ids=repr,
)
def test_temperature_of_another_kind_is_a_type_error(f, bad):
    with pytest.raises(TypeError, match="temperature"):
        f([1, 2], temperature=bad)


@with_temperature
def test_temperature_may_be_any_real_number(f):
    expected = f([1.0, 2.0], temperature=2.0)
    for two in (2, np.float32(2), np.int8(2), Fraction(2), np.array(2), np.array(2.0)):
        assert_array_equal(f([1.0, 2.0], temperature=two), expected)
    assert_array_equal(f([1.0, 2.0], temperature=True), f([1.0, 2.0]))
    assert_array_equal(f([1.0, 2.0], temperature=np.True_), f([1.0, 2.0]))


@with_temperature
def test_temperature_too_large_for_a_float_is_a_value_error(f):
    with pytest.raises(ValueError, match="temperature"):
        f([1, 2], temperature=10**400)


def test_shift_before_dividing_by_temperature():
    assert_array_equal(softmax([1e308, 1], temperature=0.5), [1, 0])
    assert_array_equal(log_softmax([1e308, 1], temperature=0.5), [0, -INF])
    assert logsumexp([1e308, 1], temperature=0.5) == 1e308


def test_a_gap_that_overflows_at_a_temperature_that_brings_it_back():
    e = np.exp(-2)
    z = [1e308, -1e308]
    assert_allclose(softmax(z, temperature=1e308), [1 / (1 + e), e / (1 + e)], rtol=4e-16)
    tail = np.log1p(e)
    assert_allclose(log_softmax(z, temperature=1e308), [-tail, -2 - tail], rtol=4e-16)
    expected = 1e308 + 1e307 * np.log1p(np.exp(-20))
    assert_allclose(logsumexp(z, temperature=1e307), expected, rtol=4e-16)
    assert_allclose(log_softmax(z, temperature=1.5), [0, -1e308 / 0.75], rtol=4e-16)


def test_a_gap_that_overflows_at_temperature_1():
    assert_array_equal(softmax([1e308, -1e308]), [1, 0])
    assert_array_equal(log_softmax([1e308, -1e308]), [0, -INF])  # -2e308 is out of range
    assert logsumexp([1e308, -1e308]) == 1e308
    assert_array_equal(softmax(np.float32([3e38, -3e38])), [1, 0])


def test_subnormal_temperature():
    tiny = 5e-324
    assert_array_equal(softmax([1, 1, 0], temperature=tiny), [0.5, 0.5, 0])
    assert_allclose(softmax([0, 5 * tiny], temperature=tiny), softmax([0, 5]), rtol=1e-15)
    assert logsumexp([1, 1], temperature=tiny) == 1


def test_temperature_beyond_float32_for_float32_logits():
    z = np.array([3e38, 0], dtype=np.float32)
    for temperature, gap in [(1e38, 3.0), (1e39, 0.3), (1e300, 0)]:
        p = softmax(z, temperature=temperature)
        assert p.dtype == np.float32
        assert_allclose(p, softmax([gap, 0]), rtol=3e-7)
    assert_array_equal(softmax(z, temperature=1e-50), [1, 0])
    small = np.array([3e-45, 0], dtype=np.float32)
    ratio = float(small[0]) / 1e-45
    assert_allclose(softmax(small, temperature=1e-45), softmax([ratio, 0]), rtol=3e-7)
    assert logsumexp(z, temperature=1e300) == INF
    assert logsumexp(small, temperature=1e-50) == small[0]


def test_a_sum_within_range_does_not_overflow_on_the_way():
    z = np.full(10, -1.7e308)  # T log 10 alone is beyond the largest float
    expected = 2 * (-0.85e308 + 0.5e308 * np.log(10))
    for arguments in ({}, {"weights": 1.0}, {"weights": np.ones(10)}):
        assert_allclose(logsumexp(z, temperature=1e308, **arguments), expected, rtol=1e-15)
    assert_allclose(logsumexp(-z, temperature=-1e308), -expected, rtol=1e-15)
    assert logsumexp(-z, temperature=1e308) == INF
    assert logsumexp([5e-324, -INF], temperature=1e300) == 5e-324


def test_a_temperature_that_no_float_holds_is_refused():
    extreme = [10**400, Fraction(1, 10**400), -Fraction(1, 10**400)]
    if np.finfo(np.longdouble).maxexp > 1024:
        extreme += [np.longdouble("1e4000"), np.longdouble("1e-4000")]
    for temperature in extreme:
        with pytest.raises(ValueError, match="temperature is beyond the range"):
            softmax([0, 1], temperature=temperature)
    assert_array_equal(softmax([0, 1], temperature=np.float32(INF)), [0.5, 0.5])


# --- Infinite and undefined logits --------------------------------------------------------------


def test_plus_infinite_logits_take_equal_shares():
    assert_array_equal(softmax([INF, 0]), [1, 0])
    assert_array_equal(softmax([INF, 3, INF]), [0.5, 0, 0.5])
    assert_array_equal(softmax([INF, -INF, INF], temperature=3), [0.5, 0, 0.5])
    assert_array_equal(log_softmax([INF, 3, INF]), [-np.log(2), -INF, -np.log(2)])
    assert_array_equal(hardmax([INF, 3, INF]), [0.5, 0, 0.5])
    assert logsumexp([INF, 3]) == INF
    assert logsumexp([INF, INF], temperature=0) == INF


def test_a_batch_of_nothing_but_plus_infinite_maxima():
    for z in ([[INF, 0], [INF, INF]], [[INF] + [0] * 39, [INF] * 2 + [-INF] * 38]):
        share = np.isinf(z) & (np.array(z) > 0)
        expected = share / share.sum(axis=1, keepdims=True)
        assert_array_equal(softmax(z), expected)
        assert_array_equal(softmax(np.transpose(z), axis=0), expected.T)
        assert_allclose(np.exp(log_softmax(z)), expected, rtol=1e-15)


def test_minus_infinite_logits_have_no_share():
    assert_array_equal(softmax([-INF, 1, 1]), [0, 0.5, 0.5])
    assert_array_equal(log_softmax([-INF, 1]), [-INF, 0])
    assert_array_equal(hardmax([-INF, 1, 1]), [0, 0.5, 0.5])
    assert logsumexp([-INF, 1]) == 1


@pytest.mark.parametrize("temperature", [1, 0, 2, 0.5, INF])
def test_a_slice_of_minus_infinities(temperature):
    z = [-INF, -INF, -INF]
    assert np.isnan(softmax(z, temperature=temperature)).all()
    assert np.isnan(log_softmax(z, temperature=temperature)).all()
    assert np.isnan(hardmax(z)).all()
    assert logsumexp(z, temperature=temperature) == -INF
    assert logsumexp([-INF], temperature=temperature) == -INF


@pytest.mark.parametrize("temperature", [1, 0, 2, 0.5, INF, -1])
def test_nan_stays_in_its_own_slice(temperature):
    z = np.array([[1, 2, 3], [1, NAN, 3], [INF, NAN, -INF], [3, 2, 1]])
    for f in (softmax, log_softmax):
        result = f(z, temperature=temperature)
        assert_array_equal(np.isnan(result).all(axis=1), [False, True, True, False])
        assert_array_equal(result[[0, 3]], f(z[[0, 3]], temperature=temperature))
    assert_array_equal(np.isnan(logsumexp(z, temperature=temperature)), [False, True, True, False])
    assert_array_equal(np.isnan(hardmax(z)).any(axis=1), [False, True, True, False])


def test_infinite_slices_leave_their_neighbours_alone():
    z = np.array([[INF, 0, 1], [1, 2, 3], [-INF, -INF, -INF], [0.5, -INF, 2]])
    for f in (*WITH_TEMPERATURE, hardmax):
        for temperature in [None] if f is hardmax else [1, 2, 0.5, 0, INF, -1]:
            options = {} if temperature is None else {"temperature": temperature}
            for turned in (z, z[::-1], np.asfortranarray(z)):
                each = [f(row, **options) for row in turned]
                assert_array_equal(f(turned, **options), each)


# --- Empty slices, empty batches, scalars -------------------------------------------------------


@entrywise
@pytest.mark.parametrize(("shape", "axis"), [((0,), -1), ((3, 0), 1), ((0, 3), 0), ((2, 0), None)])
def test_an_empty_slice_is_a_value_error_that_names_z(f, shape, axis):
    with pytest.raises(ValueError, match="z"):
        f(np.zeros(shape), axis)


@entrywise
def test_no_slices_at_all_are_no_error_whatever_their_length(f):
    assert f(np.zeros((0, 0))).shape == (0, 0)
    assert f(np.zeros((0, 3))).shape == (0, 3)


def test_logsumexp_of_an_empty_slice_is_the_zero_of_the_semiring():
    assert logsumexp([]) == -INF
    assert logsumexp([], temperature=-1) == INF
    assert logsumexp([], temperature=0) == logsumexp([], temperature=INF) == -INF
    assert logsumexp([], weights=[]) == -INF
    assert_array_equal(logsumexp(np.zeros((0, 3)), axis=0), [-INF] * 3)
    assert_array_equal(logsumexp(np.zeros((2, 0, 3)), axis=(1, 2)), [-INF] * 2)
    assert logsumexp(np.zeros((0, 3)), axis=0, keepdims=True).shape == (1, 3)


@entrywise
def test_an_empty_batch_of_slices_is_an_empty_result(f):
    assert f(np.zeros((0, 3))).shape == (0, 3)
    assert f(np.zeros((3, 0)), axis=0).shape == (3, 0)
    assert f(np.zeros((2, 0, 3), np.float32)).dtype == np.float32


def test_logsumexp_of_an_empty_batch_is_an_empty_result():
    assert logsumexp(np.zeros((0, 3))).shape == (0,)
    assert logsumexp(np.zeros((2, 0, 3)), keepdims=True).shape == (2, 0, 1)


@every
def test_a_number_has_no_axis_but_is_one_slice_for_axis_none(f):
    with pytest.raises(ValueError, match="axis"):
        f(3.0)
    expected = {"softmax": 1, "hardmax": 1, "log_softmax": 0, "logsumexp": 3}[f.__name__]
    result = f(3.0, axis=None)
    assert result == expected
    assert np.ndim(result) == 0
    assert f(np.float32(3), axis=()) == expected


def test_a_single_logit():
    assert_array_equal(softmax([[5], [-2]]), [[1], [1]])
    assert_array_equal(log_softmax([[5], [-2]]), [[0], [0]])
    assert_array_equal(logsumexp([[5], [-2]]), [5, -2])
    assert not np.signbit(log_softmax([5.0]))[0]


def test_axis_of_no_axes_makes_each_entry_its_own_slice():
    z = np.array([[1.0, 2.0], [3.0, -INF]])
    assert_array_equal(softmax(z, axis=()), [[1, 1], [1, NAN]])
    assert_array_equal(logsumexp(z, axis=()), z)
    assert not np.shares_memory(logsumexp(z, axis=()), z)


def test_a_scalar_result_is_a_numpy_scalar():
    assert type(logsumexp([1.0, 2.0])) is np.float64
    assert type(logsumexp(np.float32([1, 2]))) is np.float32
    assert type(logsumexp([[1.0, 2.0]], axis=None)) is np.float64
    assert type(logsumexp([1.0, 2.0], keepdims=True)) is np.ndarray


# --- Axes ---------------------------------------------------------------------------------------


@every
def test_axis_may_be_an_int_a_tuple_or_none(f):
    z = np.random.default_rng(1).normal(size=(2, 3, 4))
    assert_array_equal(f(z, axis=2), f(z))
    assert_array_equal(f(z, axis=(2,)), f(z))
    assert_array_equal(f(z, np.int64(-1)), f(z))
    assert_array_equal(f(z, axis=(1, -1)), f(z, axis=(2, 1)))
    assert_array_equal(np.ravel(f(z, axis=None)), np.ravel(f(z.ravel())))
    assert_array_equal(np.ravel(f(z, axis=(1, 2))), np.ravel(f(z.reshape(2, 12))))


@every
@pytest.mark.parametrize("bad", [3, -4, (0, 3)], ids=str)
def test_axis_out_of_bounds_is_a_value_error(f, bad):
    with pytest.raises(ValueError, match="axis"):
        f(np.zeros((2, 3, 4)), bad)


@every
def test_axis_named_twice_is_a_value_error(f):
    for bad in [(0, 0), (1, -2)]:
        with pytest.raises(ValueError, match="axis"):
            f(np.zeros((2, 3, 4)), bad)


@every
@pytest.mark.parametrize("bad", [1.0, "0", (0, 1.5), 1j], ids=repr)
def test_axis_of_another_kind_is_a_type_error(f, bad):
    with pytest.raises(TypeError, match="axis"):
        f(np.zeros((2, 3, 4)), bad)


def test_keepdims():
    z = np.zeros((2, 3, 4))
    assert logsumexp(z, axis=1, keepdims=True).shape == (2, 1, 4)
    assert logsumexp(z, axis=(0, -1), keepdims=True).shape == (1, 3, 1)
    assert logsumexp(z, axis=None, keepdims=True).shape == (1, 1, 1)
    assert logsumexp(z, axis=(), keepdims=True).shape == (2, 3, 4)
    broadcast = z - logsumexp(z, axis=1, keepdims=True)
    assert_allclose(broadcast, log_softmax(z, axis=1), rtol=1e-15)


# --- Types of the logits ------------------------------------------------------------------------


@every
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_floating_types_are_kept(f, dtype):
    assert f(np.array([[3, 1, 0.2]], dtype)).dtype == dtype


@every
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, bool])
def test_integers_and_booleans_become_float64(f, dtype):
    z = np.array([[1, 0, 1]], dtype)
    result = f(z)
    assert result.dtype == np.float64
    assert_array_equal(result, f(z.astype(np.float64)))


def test_booleans_count_as_0_and_1():
    assert_array_equal(softmax([True, False]), softmax([1.0, 0.0]))


def test_unsigned_integers_survive_a_negative_temperature():
    z = np.array([1, 200], np.uint8)
    assert_array_equal(softmax(z, temperature=-100), softmax([-1, -200], temperature=100))


@every
def test_float16_computes_in_float32_and_rounds_once(f):
    z = np.random.default_rng(2).normal(scale=4, size=(50, 37)).astype(np.float16)
    with np.errstate(under="ignore"):
        assert_array_equal(f(z), f(z.astype(np.float32)).astype(np.float16))


def test_float16_where_its_own_exponential_would_overflow():
    z = np.array([60000, 60000, -60000], np.float16)
    assert_array_equal(softmax(z), np.float16([0.5, 0.5, 0]))
    assert_array_equal(softmax(z, temperature=1e-3), np.float16([0.5, 0.5, 0]))
    assert_array_equal(softmax(np.zeros(70000, np.float16)), np.full(70000, np.float16(1 / 70000)))


def test_longdouble_has_its_own_precision():
    z = np.array([1, 2, 3], np.longdouble)
    p = softmax(z)
    exact = np.exp(z) / np.exp(z).sum()
    assert (abs(p - exact) <= 4 * np.finfo(np.longdouble).eps * exact).all()


@every
@pytest.mark.parametrize(
    "bad",
    [
        ["a", "b"],
        "softmax",
        np.array([b"1"]),
        [1, 2j],
        np.ones(3, complex),
        [None, 1],
        None,
        [Fraction(1, 2), 1],
        np.array([1, 2], dtype=object),
        [10**400, 1],
        np.array(["2026-01-01"], dtype="M8[D]"),
        np.array([1], dtype="m8[s]"),
        np.zeros(2, dtype=[("a", float)]),
        {"a": 1},
    ],
    ids=repr,
)
def test_logits_of_another_kind_are_a_type_error_that_names_z(f, bad):
    with pytest.raises(TypeError, match=r"\bz\b"):
        f(bad)


@every
def test_ragged_logits_are_a_value_error_that_names_z(f):
    with pytest.raises(ValueError, match=r"\bz\b"):
        f([[1, 2], [3]])


@every
def test_masked_entries_are_a_type_error_that_names_z(f):
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    for bad in (masked, [masked, masked], [1.0, np.ma.masked], (np.ma.array([1, 2], mask=True),)):
        with pytest.raises(TypeError, match=r"\bz\b.*masked"):
            f(bad)


@every
def test_a_masked_array_with_nothing_masked_is_an_array(f):
    result = f(np.ma.array([1.0, 2.0]))
    assert_array_equal(result, f([1.0, 2.0]))
    assert not isinstance(result, np.ma.MaskedArray)


@entrywise
def test_subclasses_and_other_array_likes_give_plain_arrays(f):
    expected = f([[1.0, 2.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matrix = np.matrix([[1.0, 2.0]])

    class ArrayLike:
        def __array__(self, dtype=None, copy=None):
            return np.array([[1.0, 2.0]], dtype)

    for z in (
        matrix,
        ((1.0, 2.0),),
        ArrayLike(),
        memoryview(np.array([[1.0, 2.0]])),
        [range(1, 3)],
    ):
        result = f(z)
        assert type(result) is np.ndarray
        assert_array_equal(result, expected)


@every
def test_foreign_byte_order_gives_native_results(f):
    z = np.array([[3, 1, 0.2], [1, 2, 3]])
    result = f(z.astype(z.dtype.newbyteorder()))
    assert result.dtype.isnative
    assert_array_equal(result, f(z))


@every
def test_read_only_and_strided_logits(f):
    whole = np.random.default_rng(3).normal(size=(6, 9, 10))
    whole.setflags(write=False)
    before = whole.copy()
    for z in (whole[::2], whole[:, ::-1], whole[..., 1::3], whole.T, whole[:, :, ::-2]):
        assert_array_equal(f(z), f(z.copy()))
        assert_array_equal(f(z, axis=0), f(z.copy(), axis=0))
    unaligned = np.frombuffer(b"x" + whole.tobytes(), np.uint8)[1:].view(whole.dtype)
    assert not unaligned.flags.aligned
    assert_array_equal(f(unaligned.reshape(whole.shape)), f(whole))
    assert_array_equal(f(np.broadcast_to(whole[0], (4, 9, 10)))[3], f(whole[0]))
    assert_array_equal(whole, before)


@every
def test_arguments_are_not_modified_and_not_returned(f):
    for z in (np.array([[1.0, INF, NAN]]), np.array([[5.0]]), np.array([[-INF, 2]], np.float32)):
        before = z.copy()
        result = f(z)
        assert_array_equal(z, before)
        assert not np.shares_memory(result, z)


def test_results_can_be_written_to():
    for f in ENTRYWISE:
        f([1.0, 2.0])[0] = 7
    logsumexp([[1.0, 2.0]])[0] = 7


# --- Exactness at single points (mpmath at 60 digits) -------------------------------------------


def test_log_softmax_splits_the_maximum_off():
    assert log_softmax([0, -40])[0] == -4.248354255291589e-18
    assert log_softmax([-40, 0])[1] == -4.248354255291589e-18
    assert log_softmax([1000, 300])[0] == pytest.approx(-9.85967654375977e-305, rel=4e-16)
    assert log_softmax([100, 60, 60])[0] == pytest.approx(-8.496708510583178e-18, rel=4e-16)


def test_log_softmax_leaves_out_only_one_of_several_maxima():
    assert_allclose(log_softmax([0, 0, -40]), [-np.log(2), -np.log(2), -40 - np.log(2)], rtol=4e-16)
    assert_allclose(log_softmax([2, 2, 2]), [-np.log(3)] * 3, rtol=4e-16)


def test_logsumexp_near_zero():
    assert logsumexp([0, -40]) == 4.248354255291589e-18
    assert logsumexp([-np.log(2), -np.log(2)]) == 0
    assert logsumexp([0, -40], temperature=-1) == -40
    assert logsumexp([0, 40], temperature=-1) == -4.248354255291589e-18


# --- Weights ------------------------------------------------------------------------------------


def test_weights_count_entries_several_times():
    assert_allclose(logsumexp([1, 2], weights=[3, 1]), logsumexp([1, 1, 1, 2]), rtol=1e-15)
    assert_allclose(logsumexp([[1, 2], [3, 4]], weights=[[3], [1]]), [
        np.log(3 * np.exp(1) + 3 * np.exp(2)),
        np.log(np.exp(3) + np.exp(4)),
    ])  # fmt: skip
    for temperature in (0.5, 2, -1):
        expected = logsumexp([1, 1, 1, 2], temperature=temperature)
        result = logsumexp([1, 2], weights=[3, 1], temperature=temperature)
        assert_allclose(result, expected, rtol=1e-15)


def test_weights_of_one_change_nothing():
    z = np.random.default_rng(4).normal(size=(5, 60))
    assert_array_equal(logsumexp(z, weights=np.ones(60)), logsumexp(z))
    assert_array_equal(logsumexp(z, axis=0, weights=1), logsumexp(z, axis=0))


def test_a_weighted_log_mean():
    z = [1.0, 2.0, 4.0]
    expected = np.log(np.mean(np.exp(z)))
    assert logsumexp(z, weights=np.full(3, 1 / 3)) == pytest.approx(expected, rel=1e-15)


def test_weight_zero_means_absent():
    assert logsumexp([1, 2], weights=[1, 0]) == 1
    assert logsumexp([1, NAN], weights=[1, 0]) == logsumexp([1, INF], weights=[1, 0]) == 1
    assert logsumexp([1, -INF], weights=[1, 0], temperature=-1) == 1
    assert logsumexp([1, 2], weights=[0, 0]) == -INF
    assert logsumexp([1, 2], weights=[0, 0], temperature=-1) == INF
    assert logsumexp([1, 2], weights=[1, 0], temperature=0) == 1
    assert logsumexp([1, 2, 3], weights=[False, True, False]) == 2


def test_weights_far_beyond_the_exponentials():
    # 1e-320 + 1e300 exp(-1000): the second term is the larger, yet exp(-1000) is 0 in float64.
    result = logsumexp([0, -1000], weights=[1e-320, 1e300])
    assert result == pytest.approx(300 * np.log(10) - 1000, rel=1e-15)
    single = np.array([0, 0], np.float32)
    result = logsumexp(single, weights=[1e-300, 0])
    assert result.dtype == np.float32
    assert result == np.float32(-300 * np.log(10))


def test_weights_at_the_infinities():
    assert logsumexp([INF, 1], weights=[0.5, 0.5]) == INF
    assert logsumexp([-INF, 1], weights=[5, 0.5]) == 1 + np.log(0.5)
    assert np.isnan(logsumexp([NAN, 1], weights=[0.5, 0.5]))


def test_weights_that_sum_to_1_in_their_own_type_give_a_mean():
    thirds = np.array([0.7, 0.2, 0.1], np.float32)  # they sum to 1 + 4e-9 in float64
    assert logsumexp([0.0, 1, 2], weights=thirds, temperature=INF) == pytest.approx(0.4, rel=1e-7)
    beyond = np.full(1000, 1.0001 / 1000)  # of float64: these do not
    assert logsumexp(np.ones(1000, np.float32), weights=beyond, temperature=INF) == INF
    assert logsumexp(np.ones(2, np.float32), weights=[0.5, 0.5 + 1e-12], temperature=INF) == INF
    assert logsumexp([1.0, 2], weights=[True, False], temperature=INF) == 1
    assert logsumexp([1.0, 2], weights=[True, True], temperature=INF) == INF
    whole = logsumexp([3.0, 3.0], weights=[0.5, 0.5 + 2**-52], temperature=INF)
    assert whole == 3  # a mean is never beyond the logits


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_a_weighted_maximum_of_either_zero_is_0(zero):
    assert not np.signbit(logsumexp([zero, zero], weights=[0.5, 0.25], temperature=0))
    assert not np.signbit(logsumexp([zero, zero], temperature=0))


def test_an_infinite_maximum_wins_over_light_weights():
    assert logsumexp([INF, 0], weights=[0.25, 0.25], temperature=INF) == INF
    assert logsumexp([-INF, 0], weights=[0.25, 0.25], temperature=-INF) == -INF


@pytest.mark.parametrize("bad", [[1, -1], [1, NAN], [INF, 1], -1.0], ids=str)
def test_weights_must_be_finite_and_not_negative(bad):
    with pytest.raises(ValueError, match="weights"):
        logsumexp([1, 2], weights=bad)


@pytest.mark.parametrize("bad", ["ab", [1j, 1], [None, 1]], ids=str)
def test_weights_of_another_kind_are_a_type_error(bad):
    with pytest.raises(TypeError, match="weights"):
        logsumexp([1, 2], weights=bad)
    with pytest.raises(TypeError, match="weights"):
        logsumexp([1, 2], weights=np.ma.array([1, 2], mask=[True, False]))


@pytest.mark.parametrize("shape", [(3,), (2, 2), (1, 1, 2)], ids=str)
def test_weights_that_do_not_fit_the_logits_are_a_value_error(shape):
    with pytest.raises(ValueError, match="weights"):
        logsumexp([1, 2], weights=np.ones(shape))


def test_weights_are_not_modified():
    weights = np.array([0.0, 2.0])
    weights.setflags(write=False)
    logsumexp([1, 2], weights=weights)
    assert_array_equal(weights, [0, 2])


# --- Names and signatures -----------------------------------------------------------------------


def test_softargmax_is_the_exact_synonym():
    assert softargmax is softmax


def test_signatures_are_those_of_the_design():
    def shape(f):
        return [(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()]

    z = ("z", inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty)
    axis = ("axis", inspect.Parameter.POSITIONAL_OR_KEYWORD, -1)
    temperature = ("temperature", inspect.Parameter.KEYWORD_ONLY, 1.0)
    weights = ("weights", inspect.Parameter.KEYWORD_ONLY, None)
    keepdims = ("keepdims", inspect.Parameter.KEYWORD_ONLY, False)
    assert shape(softmax) == shape(log_softmax) == [z, axis, temperature]
    assert shape(logsumexp) == [z, axis, weights, keepdims, temperature]
    assert shape(hardmax) == [z, axis]


def test_public_names():
    assert softlib.__version__ == "0.1.0"
    for name in softlib.__all__:
        module = importlib.import_module(getattr(softlib, name).__module__)
        assert module.__name__.startswith("softlib.")
        assert name in module.__all__
    assert {"figures", "check"} <= set(dir(softlib))
    with pytest.raises(AttributeError, match="sofmax"):
        softlib.sofmax  # noqa: B018


@every
def test_docstrings_have_every_section(f):
    text = inspect.getdoc(f)
    for section in ("Parameters", "Returns", "Raises", "Notes", "References", "Examples"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text, section
    assert "hapter" in text
    assert "doi:" in text
    assert ".. math::" in text
    for parameter in inspect.signature(f).parameters:
        assert f"\n{parameter} : " in text
