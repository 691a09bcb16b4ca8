"""softlib.core against exact values: mpmath at 60 digits, and SciPy where SciPy is right."""

import math

import numpy as np
import pytest
import scipy.special
from numpy.testing import assert_allclose, assert_array_equal

from softlib import log_softmax, logsumexp, softmax
from softlib.core import OnlineLogSumExp

FLOATS = [np.float32, np.float64]

# mpmath 1.3 with mp.dps = 400, printed to 30 digits, from the decimal strings:
#   e = [exp(mpf(x)) for x in z]; p = [x / fsum(e) for x in e]; [log(x) for x in p]; log(fsum(e))
PROVEN = [
    (
        ("3", "1", "0.2"),
        (
            "0.836018802781440716994803450563",
            "0.113142841465560125982329994891",
            "0.0508383557529991570228665545459",
        ),
        (
            "-0.179104174785002685255159948057",
            "-2.17910417478500268525515994806",
            "-2.97910417478500268525515994806",
        ),
        "3.17910417478500268525515994806",
    ),
    (
        ("2", "3", "4"),
        (
            "0.0900305731703804579980221014845",
            "0.244728471054797652472959618341",
            "0.665240955774821889529018280175",
        ),
        (
            "-2.40760596444438030448291990455",
            "-1.40760596444438030448291990455",
            "-0.407605964444380304482919904545",
        ),
        "4.40760596444438030448291990455",
    ),
    (
        ("0", "-40"),
        (
            "0.999999999999999995751645744708",
            "4.2483542552915889772807209044e-18",
        ),
        (
            "-4.24835425529158898630497784363e-18",
            "-40.0000000000000000042483542553",
        ),
        "4.24835425529158898630497784363e-18",
    ),
    (
        ("1000", "300"),
        (
            "1.0",
            "9.85967654375977085670537294785e-305",
        ),
        (
            "-9.85967654375977085670537294785e-305",
            "-700.0",
        ),
        "1000.0",
    ),
]


@pytest.mark.parametrize(
    ("z", "p", "log_p", "lse"), PROVEN, ids=["3, 1, 0.2", "2, 3, 4", "0, -40", "1000, 300"]
)
def test_stored_values(z, p, log_p, lse):
    z = [float(x) for x in z]
    assert_allclose(softmax(z), [float(x) for x in p], rtol=1e-15)
    assert_allclose(log_softmax(z), [float(x) for x in log_p], rtol=1e-15)
    assert_allclose(logsumexp(z), float(lse), rtol=4e-16)


def test_the_oracle_agrees_with_the_stored_values(accuracy):
    for z, p, log_p, lse in PROVEN:
        true = accuracy.exact(np.array([float(x) for x in z]))
        assert_allclose([float(x) for x in true.softmax], [float(x) for x in p], rtol=1e-15)
        assert_allclose([float(x) for x in true.log_softmax], [float(x) for x in log_p], rtol=1e-15)
        assert math.isclose(true.logsumexp, float(lse), rel_tol=4e-16)


def test_there_are_several_hundred_vectors(accuracy):
    assert len(accuracy.cases()) >= 300
    assert len({kind for kind, *_ in accuracy.cases()}) == 7


def test_softmax_stays_within_its_bound_on_every_component(accuracy):
    for kind, z, t, true in accuracy.cases():
        error = accuracy.softmax_error(softmax(z, temperature=t), z, t, true)
        assert error <= 1, (kind, z.dtype, len(z), t)


@pytest.mark.parametrize("dtype", FLOATS)
def test_log_softmax_is_within_5_ulps_for_999_of_1000_components(accuracy, dtype):
    errors = [
        error
        for _, z, t, true in accuracy.cases()
        if z.dtype == dtype
        for error in accuracy.log_softmax_ulps(log_softmax(z, temperature=t), true)
    ]
    assert len(errors) > 25_000
    assert np.quantile(errors, 0.999) <= 5
    # What remains is the rounding of the gap itself, which exp turns into a relative error.
    assert max(errors) <= (700 if dtype == np.float64 else 80)


def test_logsumexp_is_within_2_ulps_of_what_its_inputs_force_on_it(accuracy):
    for kind, z, t, true in accuracy.cases():
        error = accuracy.logsumexp_ulps(logsumexp(z, temperature=t), z, true)
        assert error <= 2, (kind, z.dtype, len(z), t)


@pytest.mark.parametrize("gap", [1, 20, 37, 40, 100, 600, 690, 708, 740])
def test_tiny_logarithms_keep_their_digits(accuracy, gap):
    for z in ([0.0, -gap], [0.0, -gap, -gap - 1.0]):
        true = accuracy.exact(np.array(z))
        assert accuracy.ulps(log_softmax(z)[0], true.log_softmax[0]) <= 2
        assert accuracy.ulps(logsumexp(z), true.logsumexp) <= 2


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", [1, 2, 10, 24, 25, 1000, 1025])
def test_agrees_with_scipy_where_scipy_is_right(n, dtype):
    z = np.random.default_rng(n).normal(scale=3, size=(20, n)).astype(dtype)
    u = float(np.finfo(dtype).eps)
    for axis in (0, 1, None):
        assert_allclose(softmax(z, axis), scipy.special.softmax(z, axis), rtol=60 * u)
        theirs = scipy.special.log_softmax(z.astype(np.float64), axis)
        assert_allclose(log_softmax(z, axis), theirs, rtol=8 * u, atol=16 * u)
        theirs = scipy.special.logsumexp(z.astype(np.float64), axis)
        assert_allclose(logsumexp(z, axis), theirs, rtol=8 * u, atol=8 * u)
    weights = np.random.default_rng(n).random(z.shape)
    theirs = scipy.special.logsumexp(z.astype(np.float64), 1, b=weights)
    assert_allclose(logsumexp(z, 1, weights=weights), theirs, rtol=16 * u, atol=16 * u)


def test_two_logits_are_the_logistic_function():
    gaps = np.linspace(-700, 700, 999)
    z = np.stack([gaps, np.zeros_like(gaps)], axis=1)
    assert_allclose(softmax(z)[:, 0], scipy.special.expit(gaps), rtol=4e-16)
    moderate = np.abs(gaps) < 15
    tanh = (1 + np.tanh(gaps[moderate] / 2)) / 2
    assert_allclose(softmax(z)[moderate, 0], tanh, rtol=0, atol=3e-16)


def test_where_float64_softmax_is_exactly_1_and_exactly_0():
    assert softmax([0, -36])[0] < 1
    assert softmax([0, -37])[0] == 1
    assert softmax([0, -745])[1] > 0
    assert softmax([0, -746])[1] == 0


# --- Streams of chunks --------------------------------------------------------------------------


def stream(chunks):
    seen = OnlineLogSumExp()
    for chunk in chunks:
        seen = seen.add(chunk)
    return seen


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_stream_gives_the_logsumexp_of_the_whole(dtype):
    random = np.random.default_rng(7)
    z = random.normal(scale=30, size=5000).astype(dtype)
    for cuts in ([], [1], [1, 2, 3], [2500], random.integers(0, 5000, 40)):
        seen = stream(np.split(z, np.sort(cuts)))
        assert seen.value.dtype == dtype
        assert_allclose(seen.value, logsumexp(z), rtol=4 * np.finfo(dtype).eps)


def test_a_stream_of_rows_has_one_value_per_slice():
    z = np.random.default_rng(8).normal(size=(4, 6, 30))
    seen = OnlineLogSumExp()
    for chunk in np.split(z, [3, 3, 17], axis=2):
        seen = seen.add(chunk)
    assert_allclose(seen.value, logsumexp(z), rtol=1e-15)
    seen = OnlineLogSumExp.of(z[:2], axis=(0, 2)).add(z[2:], axis=(0, 2))
    assert_allclose(seen.value, logsumexp(z, axis=(0, 2)), rtol=1e-15)


def test_the_stream_is_a_commutative_monoid(accuracy):
    random = np.random.default_rng(9)
    parts = [
        OnlineLogSumExp.of(random.normal(scale=s, size=n)) for s, n in [(1, 3), (50, 9), (9, 1)]
    ]
    parts += [OnlineLogSumExp.of([2.0, 2.0]), OnlineLogSumExp.of([2.0]), OnlineLogSumExp()]
    for a in parts:
        assert a.merge(OnlineLogSumExp()) == OnlineLogSumExp().merge(a) == a
        for b in parts:
            assert a.merge(b) == b.merge(a)
            for c in parts:
                left, right = a.merge(b).merge(c), a.merge(b.merge(c))
                assert left.top == right.top
                assert_allclose(left.rest, right.rest, rtol=1e-15)


def test_merging_commutes_to_the_last_bit_for_both_zeros():
    a, b = OnlineLogSumExp(0.0, 0.5), OnlineLogSumExp(-0.0, 0.25)
    tops = [a.merge(b).top, b.merge(a).top]
    assert np.signbit(tops[0]) == np.signbit(tops[1])


def test_a_stream_keeps_the_digits_of_a_tiny_result():
    assert stream([[0], [-40]]).value == stream([[-40], [0]]).value == 4.248354255291589e-18


def test_a_stream_at_the_infinities():
    inf = np.inf
    assert OnlineLogSumExp().value == -inf
    assert stream([[], [-inf], []]).value == -inf
    assert stream([[-inf], [1.0, -inf]]).value == 1
    assert stream([[inf], [1.0], [inf, 2.0]]).value == inf
    assert stream([[1000.0], [1000.0]]).value == 1000 + np.log(2)
    assert np.isnan(stream([[1.0], [np.nan], [2.0]]).value)
    assert np.isnan(stream([[np.nan], [np.inf]]).value)
    for nothing in ([], [-inf], [-inf, -inf], [-inf] * 30):
        assert OnlineLogSumExp.of(nothing) == OnlineLogSumExp()
        assert stream([nothing, [1.0], nothing]).value == 1


@pytest.mark.usefixtures("no_warnings")
def test_a_stream_never_warns():
    for chunks in ([[0.0], [-1000.0]], [[np.inf], [-np.inf]], [[1e308], [-1e308]], [[], []]):
        _ = stream(chunks).value
    _ = OnlineLogSumExp.of(np.float32([[3e38, -3e38]])).value


def test_a_stream_of_float16_adds_up_in_float32():
    seen = OnlineLogSumExp.of(np.zeros(70_000, np.float16))
    assert seen.rest == 69_999
    assert_array_equal(seen.value, np.log1p(np.float32(69_999)))
