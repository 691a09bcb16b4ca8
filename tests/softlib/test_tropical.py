"""softlib.tropical: axioms of semirings, and matrices against paths counted one by one."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from functools import reduce
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from mpmath import mp
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csgraph

import softlib
from softlib import MAX_PLUS, MIN_PLUS, PLUS_TIMES, log_semiring

INF, NAN = np.inf, np.nan
TEMPERATURES = (0.05, 1.0, 7.0, -0.5)
SEMIRINGS = [PLUS_TIMES, MAX_PLUS, MIN_PLUS, *map(log_semiring, TEMPERATURES)]
EXACT = [MAX_PLUS, MIN_PLUS]

each = pytest.mark.parametrize("semiring", SEMIRINGS, ids=repr)
each_exact = pytest.mark.parametrize("semiring", EXACT, ids=repr)
each_temperature = pytest.mark.parametrize("t", TEMPERATURES)


pytestmark = pytest.mark.usefixtures("no_warnings")


def close(semiring, x, y):
    """Compare with room for rounding: relative to the operands, whose size is below 20."""
    assert_allclose(x, y, rtol=1e-12, atol=0 if semiring is PLUS_TIMES else 1e-12)


def elements(semiring):
    low = 0 if semiring is PLUS_TIMES else -20
    return st.one_of(st.floats(low, 20).map(lambda x: round(x, 6)), st.just(semiring.zero))


def random_matrix(semiring, shape, seed=0, missing=0.2):
    rng = np.random.default_rng(seed)
    a = rng.uniform(0.05 if semiring is PLUS_TIMES else -3, 3, size=shape)
    return np.where(rng.random(shape) < missing, semiring.zero, a)


def mp_add(t, values):
    """Sum in the log-semiring with 40 digits."""
    with mp.workdps(40):
        zero = -INF if t > 0 else INF
        finite = [mp.mpf(float(v)) for v in values if v != zero]
        return float(t * mp.log(mp.fsum(mp.exp(v / t) for v in finite))) if finite else zero


def generic_sum(semiring, values):
    """Add by what the semiring is, and not by softlib."""
    values = list(values)
    if isinstance(semiring, softlib.LogSemiring):
        return mp_add(semiring.temperature, values)
    return (
        {MAX_PLUS: max, MIN_PLUS: min, PLUS_TIMES: sum}[semiring](values)
        if values
        else semiring.zero
    )


def weight(semiring, values):
    """Multiply by what the semiring is; the zero absorbs."""
    if semiring.zero in values:
        return semiring.zero
    return float(np.prod(values)) if semiring is PLUS_TIMES else float(np.sum(values))


def paths(semiring, a, i, j, steps):
    """Add up the weights of all walks from i to j with the given number of steps."""
    walks = product(range(len(a)), repeat=steps - 1)
    nodes = ((i, *middle, j) for middle in walks)
    return generic_sum(semiring, [weight(semiring, [a[e] for e in pairwise(w)]) for w in nodes])


# --- The two operations ------------------------------------------------------------------------


@pytest.mark.parametrize(("semiring", "zero", "one"), [
    (PLUS_TIMES, 0, 1), (MAX_PLUS, -INF, 0), (MIN_PLUS, INF, 0),
    (log_semiring(2.0), -INF, 0), (log_semiring(-2.0), INF, 0),
])  # fmt: skip
def test_neutral_elements(semiring, zero, one):
    assert (semiring.zero, semiring.one) == (zero, one)
    assert_array_equal(semiring.identity(2), [[one, zero], [zero, one]])


@each
@given(data=st.data())
def test_axioms(semiring, data):
    a, b, c = (data.draw(elements(semiring)) for _ in range(3))
    assert semiring.add(a, b) == semiring.add(b, a)
    assert semiring.times(a, b) == semiring.times(b, a)
    close(semiring, semiring.add(semiring.add(a, b), c), semiring.add(a, semiring.add(b, c)))
    close(
        semiring, semiring.times(semiring.times(a, b), c), semiring.times(a, semiring.times(b, c))
    )
    close(
        semiring,
        semiring.times(a, semiring.add(b, c)),
        semiring.add(semiring.times(a, b), semiring.times(a, c)),
    )
    assert semiring.add(a, semiring.zero) == a
    assert semiring.times(a, semiring.one) == a
    assert semiring.times(a, semiring.zero) == semiring.times(semiring.zero, a) == semiring.zero


@each
def test_idempotent_or_not(semiring):
    assert (semiring.add(3.0, 3.0) == 3.0) == (semiring in EXACT)


@each_temperature
@given(a=st.floats(-1e3, 1e3), b=st.floats(-1e3, 1e3))
def test_log_addition_against_mpmath(t, a, b):
    assert_allclose(log_semiring(t).add(a, b), mp_add(t, [a, b]), rtol=1e-14, atol=1e-14)


@each_temperature
def test_log_addition_lies_within_t_log_2_of_the_extremum(t):
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 1000))
    excess = (log_semiring(t).add(a, b) - (np.maximum if t > 0 else np.minimum)(a, b)) / t
    assert excess.min() >= 0
    assert excess.max() <= np.log(2) + 1e-12
    assert_allclose((log_semiring(t).add(1.0, 1.0) - 1) / t, np.log(2), rtol=1e-12)


@each
@pytest.mark.parametrize("infinity", [INF, -INF])
def test_the_zero_absorbs_both_infinities(semiring, infinity):
    assert semiring.times(infinity, semiring.zero) == semiring.zero
    assert semiring.matmul([[infinity]], [[semiring.zero]]) == [[semiring.zero]]


@each
def test_nan_stays_in_the_sums_that_it_enters(semiring):
    a, b = np.ones((3, 3)), np.ones((3, 3))
    a[1, 2] = NAN
    assert_array_equal(
        np.isnan(semiring.matmul(a, b)), np.isnan(a).any(axis=1)[:, None] & [[True] * 3]
    )
    assert np.isnan(semiring.times(NAN, semiring.zero))
    assert np.isnan(semiring.add(NAN, semiring.zero))


@each
def test_sum_is_repeated_addition(semiring):
    a = random_matrix(semiring, (4, 5, 6))
    for axis in (0, 1, -1):
        expected = reduce(semiring.add, np.moveaxis(a, axis, 0))
        assert_allclose(semiring.sum(a, axis), expected, rtol=1e-12, atol=1e-12)


@each
def test_the_empty_sum_is_the_zero(semiring):
    assert semiring.sum([]) == semiring.zero
    assert_array_equal(
        semiring.sum(np.ones((2, 0), np.float32)), np.full(2, semiring.zero, np.float32)
    )
    assert_array_equal(
        semiring.matmul(np.ones((2, 0)), np.ones((0, 3))), np.full((2, 3), semiring.zero)
    )
    assert semiring.matmul(np.ones((0, 3)), np.ones((3, 2))).shape == (0, 2)


def test_limits_of_the_temperature_are_the_tropical_semirings():
    assert log_semiring(0.0) is MAX_PLUS
    assert log_semiring(-0.0) is MIN_PLUS
    assert log_semiring(2) == log_semiring(2.0) != log_semiring(1.0)
    a = random_matrix(MAX_PLUS, (3, 3), missing=0)
    for semiring, t in ((MAX_PLUS, 1e-6), (MIN_PLUS, -1e-6)):
        assert_allclose(log_semiring(t).matmul(a, a), semiring.matmul(a, a), atol=2e-6)


@each_temperature
def test_t_log_is_an_isomorphism(t):
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0.1, 5, size=(2, 4, 4))
    semiring = log_semiring(t)
    image = semiring.matmul(t * np.log(x), t * np.log(y))
    assert_allclose(image, t * np.log(PLUS_TIMES.matmul(x, y)), rtol=1e-12, atol=1e-13)


# --- Matrices ----------------------------------------------------------------------------------


@each
@given(data=st.data())
@settings(max_examples=30)
def test_matrix_product_by_definition(semiring, data):
    n, m, p = (data.draw(st.integers(1, 4)) for _ in range(3))
    a = data.draw(hnp.arrays(float, (n, m), elements=elements(semiring)))
    b = data.draw(hnp.arrays(float, (m, p), elements=elements(semiring)))
    expected = [[generic_sum(semiring, [weight(semiring, [a[i, k], b[k, j]]) for k in range(m)])
                 for j in range(p)] for i in range(n)]  # fmt: skip
    assert_allclose(semiring.matmul(a, b), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shapes", [
    ((3,), (3,)), ((3,), (3, 2)), ((4, 3), (3,)), ((5, 4, 3), (3, 2)), ((4, 3), (5, 3, 2)),
    ((2, 1, 4, 3), (5, 3, 2)), ((3,), (5, 3, 2)), ((5, 4, 3), (3,)), ((0, 4, 3), (3, 2)),
])  # fmt: skip
def test_shapes_follow_numpy(shapes):
    rng = np.random.default_rng(5)
    a, b = (rng.random(shape) for shape in shapes)
    expected = np.matmul(a, b)
    result = PLUS_TIMES.matmul(a, b)
    assert np.shape(result) == expected.shape
    assert_allclose(result, expected, rtol=1e-13)
    assert np.shape(MAX_PLUS.matmul(a, b)) == expected.shape


@each
def test_blocks_change_nothing(semiring, monkeypatch):
    a, b = random_matrix(semiring, (7, 5, 11), 1), random_matrix(semiring, (7, 11, 6), 2)
    whole = semiring.matmul(a, b)
    for small in (1, 2, 3, 13, 60, 200):
        monkeypatch.setattr("softlib.tropical._SMALL", small)
        assert_allclose(semiring.matmul(a, b), whole, rtol=1e-12, atol=1e-12)


@each
def test_a_long_sum_in_parts_is_the_whole_sum(semiring, monkeypatch):
    a, b = random_matrix(semiring, (2, 90), 1), random_matrix(semiring, (90, 3), 2)
    whole = semiring.matmul(a, b)
    monkeypatch.setattr("softlib.tropical._SMALL", 7)
    assert_allclose(semiring.matmul(a, b), whole, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("semiring", [PLUS_TIMES, MAX_PLUS, log_semiring(0.5)], ids=repr)
@pytest.mark.parametrize("shapes", [
    ((320, 320), (320, 320)), ((300, 400), (400, 350)), ((40_000, 2, 2), (40_000, 2, 2)),
    ((3000, 3), (3, 40)), ((2000, 1), (1, 300)),
])  # fmt: skip
def test_memory_stays_below_four_times_the_result(semiring, shapes):
    result, peak = traced(semiring, *(np.ones(shape) for shape in shapes))
    assert peak < 4 * result.nbytes


@pytest.mark.parametrize("semiring", [PLUS_TIMES, MAX_PLUS, log_semiring(0.5)], ids=repr)
def test_a_long_sum_takes_no_memory_of_its_own(semiring):
    _, peak = traced(semiring, np.ones((2, 400_000)), np.ones((400_000, 2)))
    assert peak < 12 * 8 * softlib.tropical._SMALL


def traced(semiring, a, b):
    """Multiply, and return the result with the largest memory on the way."""
    tracemalloc.start()
    result = semiring.matmul(a, b)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return result, peak


@each
@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_power_adds_up_all_walks(semiring, steps):
    a = random_matrix(semiring, (3, 3), seed=steps)
    expected = [[paths(semiring, a, i, j, steps) for j in range(3)] for i in range(3)]
    assert_allclose(semiring.power(a, steps), expected, rtol=1e-11, atol=1e-11)


@each
def test_powers(semiring):
    a = random_matrix(semiring, (2, 4, 4))
    assert_array_equal(semiring.power(a, 0), np.broadcast_to(semiring.identity(4), (2, 4, 4)))
    assert_array_equal(semiring.power(a, 1), a)
    assert semiring.power(a, 1) is not a
    one_by_one = reduce(semiring.matmul, [a] * 13)
    assert_allclose(semiring.power(a, 13), one_by_one, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("seed", range(8))
def test_shortest_paths_against_scipy(seed):
    rng = np.random.default_rng(seed)
    n = 12
    lengths = np.where(rng.random((n, n)) < 0.75, INF, rng.integers(1, 30, size=(n, n)))
    expected = csgraph.floyd_warshall(csgraph.csgraph_from_dense(lengths, null_value=INF))
    assert_array_equal(MIN_PLUS.closure(lengths), expected)
    best = MIN_PLUS.power(np.minimum(lengths, MIN_PLUS.identity(n)), n - 1)
    assert_array_equal(best, expected)
    assert_array_equal(-MAX_PLUS.closure(-lengths), expected)


def test_negative_lengths_against_scipy():
    rng = np.random.default_rng(9)
    lengths = np.triu(rng.integers(-9, 30, size=(9, 9)).astype(float), 1)  # no cycle
    lengths[np.tril_indices(9)] = INF
    graph = csgraph.csgraph_from_dense(lengths, null_value=INF)
    assert_array_equal(MIN_PLUS.closure(lengths), csgraph.bellman_ford(graph))


def test_a_cycle_of_negative_length_is_reported_where_it_matters():
    a = np.full((4, 4), INF)
    a[0, 1], a[1, 2], a[2, 1], a[2, 3] = 1, -2, 1, 5
    expected = np.full((4, 4), INF)
    expected[:3, 1:] = -INF
    expected[0, 0] = expected[3, 3] = 0
    assert_array_equal(MIN_PLUS.closure(a), expected)
    assert_array_equal(MAX_PLUS.closure(-a), -expected)


@pytest.mark.parametrize("t", [0.3, 1.0, -0.7])
def test_closure_of_the_log_semiring_is_a_resolvent(t):
    """Over (+, ×) the sum of all powers is the inverse of 1 - A."""
    x = np.random.default_rng(4).uniform(0, 0.2, size=(4, 4))
    inverse = np.linalg.inv(np.eye(4) - x)
    semiring = log_semiring(t)
    assert_allclose(PLUS_TIMES.closure(x), inverse, rtol=1e-13)
    assert_allclose(semiring.closure(t * np.log(x)), t * np.log(inverse), rtol=1e-12, atol=1e-13)
    some = reduce(semiring.add, [semiring.power(t * np.log(x), k) for k in range(60)])
    assert_allclose(semiring.closure(t * np.log(x)), some, rtol=1e-10, atol=1e-10)


@each
def test_divergent_sums(semiring):
    diverges = {PLUS_TIMES: INF}.get(semiring, -semiring.zero)
    loop = 1.0 if semiring is PLUS_TIMES else 1.0 if diverges > 0 else -1.0
    assert_array_equal(semiring.closure([[loop]]), [[diverges]])
    assert_array_equal(semiring.closure([[semiring.zero]]), [[semiring.one]])


def test_a_loop_of_length_zero_costs_nothing_but_counts_without_end():
    assert MAX_PLUS.closure([[0.0]]) == [[0.0]]
    assert log_semiring(1.0).closure([[0.0]]) == [[INF]]


@each
def test_closure_satisfies_its_equation(semiring):
    """Both sides of A* = 1 ⊕ A ⊗ A*, in a batch."""
    a = random_matrix(semiring, (3, 5, 5), seed=6)
    a = a / 20 if semiring is PLUS_TIMES else a - 30 if semiring.zero < 0 else a + 30
    star = semiring.closure(a)
    assert np.isfinite(star).any()
    assert_allclose(
        star, semiring.add(semiring.identity(5), semiring.matmul(a, star)), rtol=1e-11, atol=1e-11
    )
    assert_allclose(star[1], semiring.closure(a[1]), rtol=1e-13, atol=1e-13)


# --- Numbers and types -------------------------------------------------------------------------


@each_exact
def test_exact_on_integers(semiring):
    big = 2**60
    a = np.array([[big + 1, big], [3, -big]])
    product_ = semiring.matmul(a, a)
    assert product_.dtype == np.int64
    best = max if semiring is MAX_PLUS else min
    expected = [[best(int(a[i, k]) + int(a[k, j]) for k in (0, 1)) for j in (0, 1)] for i in (0, 1)]
    assert product_.tolist() == expected
    assert semiring.power(a, 3).tolist() == semiring.matmul(product_, a).tolist()
    assert (
        semiring.sum(a, 0).dtype
        == semiring.add(a, a).dtype
        == semiring.times(a, 1).dtype
        == np.int64
    )
    assert int(semiring.sum([2**53 + 1, 2**53 + 1])) == 2**53 + 1


@each_exact
@pytest.mark.parametrize("sign", [1, -1])
def test_integers_never_wrap(semiring, sign):
    a = np.array([[sign * 2**62]])
    for action in (
        lambda: semiring.matmul(a, a - 1 if sign < 0 else a),
        lambda: semiring.power(a, 3),
    ):
        with pytest.raises(OverflowError, match="a and b"):
            action()
    with pytest.raises(OverflowError, match="a:"):
        semiring.sum(np.array([2**63], np.uint64))
    assert (
        semiring.power(np.array([[2**61]]), 2) == 2**62
    )  # no square beyond the one that is needed


@each
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floating_types_are_kept(semiring, dtype):
    a = np.full((2, 2), 0.25, dtype)
    entrywise = semiring.add(a, a), semiring.times(a, a), semiring.sum(a)
    powers = semiring.matmul(a, a), semiring.power(a, 0), semiring.power(a, 3)
    for result in (*entrywise, *powers, semiring.closure(a)):
        assert result.dtype == dtype


@each
def test_arguments_are_not_modified(semiring):
    a = random_matrix(semiring, (3, 3))
    copy = a.copy()
    a.flags.writeable = False
    for f in (
        semiring.sum,
        semiring.closure,
        lambda x: semiring.power(x, 5),
        lambda x: semiring.matmul(x, x),
    ):
        f(a)
    assert_array_equal(a, copy)


@pytest.mark.parametrize(("action", "error", "words"), [
    (lambda semiring: semiring.matmul([[1, 2]], [[1, 2]]), ValueError, r"\(1, 2\)"),
    (lambda semiring: semiring.matmul(np.ones((2, 1, 1)), np.ones((3, 1, 1))), ValueError,
     "a of shape"),
    (lambda semiring: semiring.matmul(1, [1]), ValueError, "scalars"),
    (lambda semiring: semiring.add([1, 2], [1, 2, 3]), ValueError, "broadcast"),
    (lambda semiring: semiring.times("x", 1), TypeError, "a must hold real numbers"),
    (lambda semiring: semiring.add(1, 1j), TypeError, "b must hold real numbers"),
    (lambda semiring: semiring.sum([1, 2], axis=1), ValueError, "axis"),
    (lambda semiring: semiring.power([[1, 2]], 2), ValueError, "a: must be a square"),
    (lambda semiring: semiring.power([[1]], -1), ValueError, "exponent"),
    (lambda semiring: semiring.power([[1]], "2"), TypeError, "exponent"),
    (lambda semiring: semiring.power([[1]], 2.0), TypeError, "exponent"),
    (lambda semiring: semiring.closure([1, 2]), ValueError, "a: must be a square"),
])  # fmt: skip
@each
def test_refusals(semiring, action, error, words):
    with pytest.raises(error, match=words):
        action(semiring)


def test_refused_temperatures():
    for bad in (INF, -INF, NAN):
        with pytest.raises(ValueError, match="temperature"):
            log_semiring(bad)
    with pytest.raises(TypeError, match="temperature"):
        log_semiring("cold")
    with pytest.raises(ValueError, match="temperature"):
        softlib.LogSemiring(0.0)
    with pytest.raises(ValueError, match="a: the closure"):
        PLUS_TIMES.closure([[-0.5]])


def test_any_real_temperature_becomes_a_float():
    half = softlib.LogSemiring(Fraction(1, 2))
    assert half == softlib.LogSemiring(0.5)
    assert hash(half) == hash(softlib.LogSemiring(np.array(0.5)))
    assert_allclose(half.closure([[-1.0]]), [[-0.5 * np.log(1 - np.exp(-2))]], rtol=1e-15)


def test_temperatures_beyond_float32_for_float32_entries():
    assert log_semiring(1e50).closure(np.float32([[-np.inf]])) == 0
    assert log_semiring(1e-50).closure(np.float32([[0]])) == np.inf


def test_names():
    assert [repr(semiring) for semiring in SEMIRINGS[:3]] == ["PLUS_TIMES", "MAX_PLUS", "MIN_PLUS"]
    assert repr(log_semiring(2)) == "LogSemiring(temperature=2.0)"
    assert len(set(SEMIRINGS)) == len(SEMIRINGS)


# --- One line each -----------------------------------------------------------------------------


def test_forward_and_viterbi_against_every_sequence_of_states():
    rng = np.random.default_rng(12)
    start, move, emit = rng.dirichlet([1] * 3), rng.dirichlet([1] * 3, 3), rng.dirichlet([1] * 4, 3)
    seen = [2, 0, 3, 3, 1]
    weights = [
        np.prod([start[s[0]], *(move[e] for e in pairwise(s))])
        * np.prod([emit[i, y] for i, y in zip(s, seen, strict=True)])
        for s in product(range(3), repeat=5)
    ]

    def run(semiring):
        a, b = np.log(move), np.log(emit)
        alpha = semiring.times(np.log(start), b[:, seen[0]])
        return semiring.sum(
            reduce(lambda r, y: semiring.times(semiring.matmul(r, a), b[:, y]), seen[1:], alpha)
        )

    assert_allclose(run(log_semiring(1.0)), np.log(sum(weights)), rtol=1e-13)
    assert_allclose(run(MAX_PLUS), np.log(max(weights)), rtol=1e-13)
    assert_allclose(run(MIN_PLUS), np.log(min(weights)), rtol=1e-13)


def test_sums_and_products_do_not_depend_on_the_layout():
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(6, 20, 300)) ** 2, rng.normal(size=(300, 15)) ** 2
    for x in (a, a.astype(np.float32)):
        assert_array_equal(PLUS_TIMES.matmul(np.asfortranarray(x), b), PLUS_TIMES.matmul(x, b))
        assert_array_equal(PLUS_TIMES.sum(np.asfortranarray(x)), PLUS_TIMES.sum(x))
        assert_array_equal(PLUS_TIMES.sum(np.moveaxis(x, -1, 0).copy(), 0), PLUS_TIMES.sum(x))


@pytest.mark.parametrize(
    ("t", "x"), [(1e305, -1e-20), (4.0, -5e-324), (1e300, -1e-20), (1e3, -1e-310), (-1e305, 1e-20)]
)
def test_closure_of_a_number_whose_quotient_underflows(t, x):
    with mp.workdps(60):
        exact = -mp.mpf(t) * mp.log(-mp.expm1(mp.mpf(x) / mp.mpf(t)))
    assert_allclose(log_semiring(t).closure([[x]]), [[float(exact)]], rtol=1e-13)


@pytest.mark.parametrize("axis", [None, (0, 1), "a", 0.5])
def test_an_axis_must_be_one_integer(axis):
    with pytest.raises(TypeError, match="axis"):
        MAX_PLUS.sum([[1, 2]], axis)
