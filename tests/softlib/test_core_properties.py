"""softlib.core, what must hold for all logits: properties searched by Hypothesis."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

from softlib import hardmax, log_softmax, logsumexp, softmax
from softlib.core import OnlineLogSumExp

FLOATS = [np.float32, np.float64]
INF = np.inf


def logits(low=-1000, high=1000, dtypes=FLOATS, **shape):
    """Arrays of finite logits; by default one to three axes, none of them empty."""
    shape = shape or {"max_dims": 3, "max_side": 40}
    return st.sampled_from(dtypes).flatmap(
        lambda dtype: hnp.arrays(
            dtype,
            hnp.array_shapes(**shape),
            elements=st.floats(low, high, width=8 * np.dtype(dtype).itemsize),
        )
    )


any_logits = st.sampled_from([np.float16, *FLOATS]).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(max_dims=3, max_side=30))
)
temperatures = st.floats(1e-3, 1e3) | st.just(1.0)
any_temperature = st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.0, -1.0, INF, -INF])


def u(z):
    """Unit roundoff of the type of z."""
    return float(np.finfo(z.dtype).eps) / 2


def bits(a):
    """Make arrays comparable bit by bit, signs of zeros and all; every NaN is alike."""
    a = np.asarray(a)
    return np.where(np.isnan(a), np.array(np.nan, a.dtype), a).view(f"u{a.dtype.itemsize}")


def assert_same_bits(a, b):
    assert_array_equal(bits(a), bits(b), strict=True)


# --- The simplex --------------------------------------------------------------------------------


@given(logits(), temperatures)
def test_a_slice_is_a_probability_vector(z, temperature):
    p = softmax(z, temperature=temperature)
    assert (p >= 0).all()
    assert (p <= 1).all()
    n = z.shape[-1]
    assert_allclose(p.sum(axis=-1, dtype=np.float64), 1, rtol=0, atol=(n + 2) * u(z))


@given(logits(), temperatures)
def test_order_is_kept(z, temperature):
    p = softmax(z, temperature=temperature)
    order = z.argsort(axis=-1)
    sorted_p = np.take_along_axis(p, order, axis=-1)
    # exp itself may dip by an ulp or two between neighbouring floats.
    assert (sorted_p[..., 1:] >= sorted_p[..., :-1] * (1 - 8 * u(z))).all()


@given(logits(), temperatures)
def test_negative_temperature_is_the_softmax_of_minus_z(z, temperature):
    assert_same_bits(softmax(z, temperature=-temperature), softmax(-z, temperature=temperature))
    assert_same_bits(
        log_softmax(z, temperature=-temperature), log_softmax(-z, temperature=temperature)
    )
    assert_same_bits(
        logsumexp(z, temperature=-temperature), -logsumexp(-z, temperature=temperature)
    )


# --- Shift, scale, permutation, grouping --------------------------------------------------------


@given(hnp.arrays(np.int32, hnp.array_shapes(), elements=st.integers(-1000, 1000)), st.integers())
def test_an_exact_shift_changes_nothing(z, shift):
    shift %= 2**40  # z + shift is exact in float64
    assert_same_bits(softmax(z + float(shift)), softmax(z))
    assert_same_bits(log_softmax(z + float(shift)), log_softmax(z))


@given(logits(), st.floats(-100, 100))
def test_logsumexp_moves_with_a_shift(z, shift):
    moved = logsumexp(z.astype(np.float64) + shift)
    assert_allclose(moved, logsumexp(z.astype(np.float64)) + shift, rtol=1e-15, atol=5e-13)


@given(logits(), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_scaling_the_logits_is_scaling_the_temperature(z, a):
    z = np.round(z * 64) / 64  # so that nothing underflows and a power of two scales exactly
    expected = softmax(z * z.dtype.type(a), temperature=a)
    assert_allclose(expected, softmax(z), rtol=0, atol=4 * u(z))
    scaled = logsumexp(z * z.dtype.type(a), temperature=a)
    assert_allclose(scaled, logsumexp(z) * a, rtol=8 * u(z), atol=8 * a * u(z))


@given(logits(max_dims=1, max_side=60), st.randoms(use_true_random=False))
def test_permuted_logits_give_permuted_probabilities(z, random):
    order = list(range(len(z)))
    random.shuffle(order)
    tolerance = {"rtol": 2 * (len(z) + 2) * u(z), "atol": 0}
    assert_allclose(softmax(z[order]), softmax(z)[order], **tolerance)
    assert_allclose(log_softmax(z[order]), log_softmax(z)[order], **tolerance)
    assert_allclose(hardmax(z[order]), hardmax(z)[order], rtol=0, atol=0)
    assert logsumexp(z[order], temperature=0) == logsumexp(z, temperature=0)


@given(logits(-50, 50, [np.float64], max_dims=1, max_side=60), st.data())
def test_logsumexp_of_groups_is_logsumexp_of_all(z, data):
    cut = data.draw(st.integers(0, len(z)))
    grouped = logsumexp([logsumexp(z[:cut]), logsumexp(z[cut:])])
    assert_allclose(grouped, logsumexp(z), rtol=1e-14, atol=1e-13)


@given(logits(-50, 50, [np.float64], min_dims=1, max_dims=1, min_side=2, max_side=60), st.data())
def test_conditioning_on_a_subset_is_the_softmax_of_the_subset(z, data):
    kept = data.draw(st.lists(st.integers(0, len(z) - 1), min_size=1, unique=True))
    p = softmax(z)[kept]
    assume(p.sum() > 1e-200)
    assert_allclose(p / p.sum(), softmax(z[kept]), rtol=1e-12)


@given(logits(-50, 50, [np.float64]))
def test_log_ratios_are_logit_gaps(z):
    log_p = log_softmax(z)
    assert_allclose(log_p - log_p[..., :1], z - z[..., :1], rtol=0, atol=1e-13)


# --- The functions among themselves -------------------------------------------------------------


@given(logits(), temperatures)
def test_log_softmax_is_the_gap_to_logsumexp(z, temperature):
    z = z.astype(np.float64)
    lse = logsumexp(z, keepdims=True, temperature=temperature)
    scale = np.abs(z).max() / temperature + 10
    gaps = (z - lse) / temperature
    assert_allclose(log_softmax(z, temperature=temperature), gaps, rtol=0, atol=2e-15 * scale)


@given(logits(-600, 0), temperatures)
def test_exp_of_log_softmax_is_softmax(z, temperature):
    z = z.astype(np.float64)
    log_p = log_softmax(z, temperature=temperature)
    with np.errstate(all="ignore"):
        p = np.exp(log_p)
    distance = np.maximum(1, -np.maximum(log_p, -750))
    error = np.abs(softmax(z, temperature=temperature) - p)
    assert (error <= 4e-16 * (distance + 50) * p + 1e-322).all()


@given(logits(), temperatures)
def test_logsumexp_lies_between_max_and_max_plus_t_log_n(z, temperature):
    z = z.astype(np.float64)
    lse = logsumexp(z, temperature=temperature)
    top = z.max(axis=-1)
    slack = 1e-15 * (np.abs(top) + temperature)
    assert (lse >= top).all()
    assert (lse <= top + temperature * np.log(z.shape[-1]) + slack).all()


@given(hnp.arrays(np.int64, hnp.array_shapes(max_side=40), elements=st.integers(-9, 9)))
def test_a_small_temperature_reaches_the_hardmax(z):
    for temperature in (0, -0.0, 1e-3, 1e-300, 5e-324):
        sign = -1 if np.signbit(temperature) else 1
        assert_same_bits(softmax(z, temperature=temperature), hardmax(sign * z))
    assert_same_bits(logsumexp(z, temperature=0), z.max(axis=-1).astype(float))


@given(hnp.arrays(np.int64, hnp.array_shapes(max_side=40), elements=st.integers(-9, 9)))
def test_a_large_temperature_reaches_the_uniform_distribution(z):
    for temperature in (INF, -INF, 1e300, -1e300):
        p = softmax(z, temperature=temperature)
        assert_same_bits(p, np.full(z.shape, 1 / z.shape[-1]))


@given(logits(-50, 50, [np.float64], max_dims=2, max_side=30), st.data())
def test_integer_weights_count_repetitions(z, data):
    n = z.shape[-1]
    counts = data.draw(hnp.arrays(np.int64, n, elements=st.integers(0, 3)))
    repeated = np.repeat(z, counts, axis=-1)
    weighted = logsumexp(z, weights=counts)
    assert_allclose(weighted, logsumexp(repeated), rtol=1e-14, atol=1e-13)
    ones = logsumexp(z, weights=np.ones(n), temperature=2)
    assert_allclose(ones, logsumexp(z, temperature=2), rtol=1e-14, atol=1e-13)


# --- Axes and types -----------------------------------------------------------------------------


@given(logits(max_dims=4, max_side=12), st.data())
def test_any_axes_are_the_last_axis_of_the_rearranged_array(z, data):
    count = data.draw(st.integers(1, z.ndim))
    axes = tuple(sorted(data.draw(st.permutations(range(z.ndim)))[:count]))
    kept = [i for i in range(z.ndim) if i not in axes]
    rows = z.transpose([*kept, *axes]).reshape([*(z.shape[i] for i in kept), -1])
    signed = tuple(data.draw(st.sampled_from([i, i - z.ndim])) for i in axes)
    for f in (softmax, log_softmax, hardmax):
        back = f(z, axis=signed).transpose([*kept, *axes]).reshape(rows.shape)
        assert_same_bits(back, f(rows))
    assert_same_bits(logsumexp(z, axis=signed), logsumexp(rows))
    summed = logsumexp(z, axis=signed, keepdims=True)
    assert_same_bits(np.squeeze(summed, axis=axes), logsumexp(rows))


@given(any_logits, any_temperature)
def test_types_and_shapes_are_kept(z, temperature):
    for f in (softmax, log_softmax):
        result = f(z, temperature=temperature)
        assert (result.dtype, result.shape) == (z.dtype, z.shape)
    summed = logsumexp(z, temperature=temperature)
    assert (summed.dtype, np.shape(summed)) == (z.dtype, z.shape[:-1])


@given(any_logits, any_temperature, st.integers(-1, 0))
def test_nothing_is_modified_and_nothing_warns(z, temperature, axis):
    before = z.copy()
    z.setflags(write=False)
    with np.errstate(all="raise"):  # and pytest makes every warning an error
        softmax(z, axis, temperature=temperature)
        log_softmax(z, axis, temperature=temperature)
        logsumexp(z, axis, temperature=temperature)
        logsumexp(z, axis, temperature=temperature, weights=np.abs(np.nan_to_num(z)))
        hardmax(z, axis)
    assert_same_bits(z, before)


@given(any_logits, any_temperature)
def test_only_nan_and_impossible_slices_give_nan(z, temperature):
    sign = np.copysign(1, temperature)
    impossible = (z * sign == -INF).all(axis=-1) | np.isnan(z).any(axis=-1)
    p = softmax(z, temperature=temperature)
    assert_array_equal(np.isnan(p).any(axis=-1), impossible)
    assert_array_equal(np.isnan(p).all(axis=-1), impossible)
    log_p = log_softmax(z, temperature=temperature)
    assert_array_equal(np.isnan(log_p).all(axis=-1), impossible)
    lse = logsumexp(z, temperature=temperature)
    assert_array_equal(np.isnan(lse), np.isnan(z).any(axis=-1))


# --- Batch invariance: to the last bit, whatever else is in the batch ---------------------------


def assert_batch_invariant(z, axis, **options):
    """Compare each slice of the batch with the same slice alone, contiguous and freshly laid."""
    functions = [softmax, log_softmax, logsumexp, *([] if options else [hardmax])]
    for f in functions:
        together = f(z, axis, **options)
        moved = np.moveaxis(z, axis, -1)
        together = together if f is logsumexp else np.moveaxis(together, axis, -1)
        for index in np.ndindex(moved.shape[:-1]):
            alone = f(moved[index].copy(), **options)
            assert_same_bits(together[index], alone)


@given(any_logits, any_temperature, st.data())
def test_batch_invariance_of_any_logits(z, temperature, data):
    axis = data.draw(st.integers(0, z.ndim - 1))
    layout = data.draw(st.sampled_from(["C", "F", "reversed", "strided", "unaligned", "broadcast"]))
    if layout == "F":
        z = np.asfortranarray(z)
    elif layout == "reversed":
        z = z[..., ::-1]
    elif layout == "strided":
        z = np.repeat(z, 2, axis=-1)[..., ::2]
    elif layout == "unaligned":
        raw = np.frombuffer(b"x" + z.tobytes(), np.uint8)[1:]
        z = raw.view(z.dtype).reshape(z.shape)
    elif layout == "broadcast":
        z = np.broadcast_to(z[:1], z.shape)
    assert_batch_invariant(z[:4, ...], axis, temperature=temperature)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", [2, 10, 24, 25, 100, 1000, 1025, 8193])
def test_batch_invariance_of_one_row_seen_many_times(n, dtype):
    """A broadcast row has the stride 0, and arrays made like it would lie in columns."""
    for seed in range(10):
        row = np.random.default_rng(seed).normal(size=n).astype(dtype)
        batch = np.broadcast_to(row, (3, n))
        assert_batch_invariant(batch, -1)
        assert_batch_invariant(batch.T, 0)
        together, alone = OnlineLogSumExp.of(batch), OnlineLogSumExp.of(row)
        for many, one in zip(together, alone, strict=True):
            assert_same_bits(many, np.full(3, one))
        weights = np.abs(row)
        assert_same_bits(logsumexp(batch, weights=weights)[1], logsumexp(row, weights=weights))


@pytest.mark.parametrize("temperature", [1.0, np.inf])
@pytest.mark.parametrize("n", [3, 30, 1025])
def test_batch_invariance_with_weights(n, temperature):
    """At T = ∞ weights of sum 1 ask for a mean, a sum of its own."""
    for seed in range(5):
        random = np.random.default_rng(seed)
        z, w = random.normal(size=(4, n)), random.random((4, n))
        w /= w.sum(axis=1, keepdims=True)
        for logits in (z, np.asfortranarray(z), np.broadcast_to(z[0], z.shape)):
            for weights in (w, np.asfortranarray(w), np.broadcast_to(w[0], w.shape)):
                together = logsumexp(logits, weights=weights, temperature=temperature)
                assert np.isfinite(together).all()
                for x, share, result in zip(logits, weights, together, strict=True):
                    alone = logsumexp(x.copy(), weights=share.copy(), temperature=temperature)
                    assert_same_bits(result, alone)


@pytest.mark.parametrize("n", [3, 30, 1025])
@pytest.mark.parametrize("temperature", [0.0, 1.0, np.inf])
def test_maxima_of_both_zeros_give_one_zero_in_any_batch(n, temperature):
    batch = np.full((2, n), -1.0)
    batch[0, :2], batch[1, :2] = (-0.0, 0.0), (0.0, -0.0)
    for z in (batch, np.asfortranarray(batch), np.full((2, n), -0.0)):
        for weights in (None, 0.5):
            options = {"weights": weights, "temperature": temperature}
            together = logsumexp(z, **options)
            for row, result in zip(z, together, strict=True):
                assert_same_bits(result, logsumexp(row.copy(), **options))
        seen = OnlineLogSumExp.of(z)
        assert_same_bits(seen.top, np.zeros(2))
        for merged, whole in zip(seen.merge(OnlineLogSumExp()), seen, strict=True):
            assert_same_bits(merged, whole)


LENGTHS = [1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 23, 24, 25, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129]
LENGTHS += [130, 255, 256, 257, 511, 512, 513, 1000, 1023, 1024, 1025, 2000, 4097, 8193, 20000]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", LENGTHS)
def test_batch_invariance_at_every_length(n, dtype):
    """Every layout, block size and remainder; only some slices are computed alone."""
    random = np.random.default_rng(n)
    for count in {1, 2, 3, 5, 130, 1 + 70000 // n, 200000 // n}:
        if count * n > 300000:
            continue
        z = random.normal(scale=5, size=(count, n)).astype(dtype)
        z[random.random(size=count) < 0.2] = 1  # ties
        some = sorted({0, count // 2, count - 1, *random.integers(count, size=6)})
        for f in (softmax, log_softmax, logsumexp):
            for temperature in (1, 3):
                alone = np.array([f(z[i], temperature=temperature) for i in some])
                rows = f(z, temperature=temperature)[some]
                assert_same_bits(rows, alone)
                columns = f(np.ascontiguousarray(z.T), axis=0, temperature=temperature)
                assert_same_bits(columns.T[some], alone)


@pytest.mark.parametrize("n", [5, 10, 24])
def test_batch_invariance_of_a_slice_that_is_left_over_from_the_blocks(n):
    # NumPy adds up a single column in another order than several columns.
    step = 3 * 2**15 // (8 * n) + 1
    for seed in range(20):  # since both orders give the same bits more often than not
        z = np.random.default_rng(seed).normal(size=(step + 1, n))
        for f in (softmax, log_softmax, logsumexp):
            assert_same_bits(f(z)[-1], f(z[-1]))
            assert_same_bits(f(z)[-1], f(z[-2:])[-1])


@pytest.mark.parametrize("n", [3, 10, 24, 25, 64, 1000])
def test_batch_invariance_at_every_position(n):
    z = np.random.default_rng(n).normal(size=n).astype(np.float32)
    batch = np.tile(z, (2_000_000 // (n * 10), 1))
    for f in (softmax, log_softmax, logsumexp):
        result = f(batch)
        assert_same_bits(result, np.broadcast_to(f(z), result.shape))


@pytest.mark.parametrize("n", [2, 3, 10, 24])
def test_batch_invariance_of_lines_that_are_taken_class_by_class(n):
    # As many slices, laid class-major, as make a line of a block too long to be taken at once.
    z = np.random.default_rng(n).normal(size=(n, 2_000_000 // n)).astype(np.float32)
    z[-1, ::3] = z[:, ::3].max(axis=0)  # ties
    for f in (log_softmax, logsumexp):
        columns = f(z, axis=0)
        assert_same_bits(columns.T, f(np.ascontiguousarray(z.T)))
        assert_same_bits(columns.T[:30], np.array([f(column) for column in z.T[:30]]))


@pytest.mark.parametrize("temperature", [1, 0.7, 3, 1e300])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", [2, 3, 7, 24, 25])
def test_batch_invariance_of_maxima_that_are_zeros_of_both_signs(n, dtype, temperature):
    random = np.random.default_rng(n)
    z = -random.random(size=(200, n)) * random.choice([1e-30, 1e-9, 1, 30], size=(200, n))
    z[random.random(size=z.shape) < 0.3] = 0.0
    z[random.random(size=z.shape) < 0.2] = -0.0
    z = z.astype(dtype)
    for f in (softmax, log_softmax, logsumexp):
        alone = np.array([f(row, temperature=temperature) for row in z])
        assert_same_bits(f(z, temperature=temperature), alone)
        assert_same_bits(f(z.T.copy(), axis=0, temperature=temperature).T, alone)


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("dtype", FLOATS)
def test_a_maximum_of_either_zero_is_left_out_of_the_sum(zero, dtype):
    z = np.array([zero, -40, -50], dtype)
    for batch in (z, np.array([z, z + 1])):
        assert_allclose(log_softmax(batch)[..., 0], -np.exp(-40), rtol=1e-4)
        assert_allclose(logsumexp(batch[..., None, :]).ravel()[0], np.exp(-40), rtol=1e-4)


@pytest.mark.parametrize("n", [1, 3, 24, 25])
def test_longdouble_keeps_its_digits_and_its_batch_invariance(n):
    z = np.random.default_rng(n).normal(size=(7, n)).astype(np.longdouble)
    z[::2, -1] = z[::2].max(axis=1)  # ties
    e = np.exp(z - z.max(axis=1, keepdims=True))
    total = e.sum(axis=1, keepdims=True)
    u = np.finfo(np.longdouble).eps
    for f, wanted in (
        (softmax, e / total),
        (log_softmax, z - z.max(axis=1, keepdims=True) - np.log(total)),
        (logsumexp, (z.max(axis=1, keepdims=True) + np.log(total))[:, 0]),
    ):
        found = f(z)
        assert found.dtype == np.longdouble
        assert_allclose(found, wanted, rtol=4 * n * u, atol=4 * n * u)
        assert_array_equal(found, np.array([f(row) for row in z]), strict=True)
        assert_array_equal(found.T, f(z.T, axis=0), strict=True)


def test_float32_computes_in_float32_at_ordinary_temperatures():
    z = np.random.default_rng(11).normal(size=(50, 10)).astype(np.float32)
    for f in (softmax, log_softmax):
        for scale in (0.25, 0.5, 2, 4):  # a power of two, so that nothing is rounded
            assert_same_bits(f(z, temperature=scale), f(z / np.float32(scale)))


@pytest.mark.parametrize(
    "shape", [(70, 1000), (1, 1000), (1, 1030), (3, 2000), (2, 9000), (900, 10)]
)
def test_results_do_not_depend_on_the_callers_buffer_size(shape):
    # NumPy 2.0 sums a row longer than its buffer in pieces of that length.
    z = np.random.default_rng(5).normal(size=shape).astype(np.float32)
    expected = [f(z) for f in (softmax, log_softmax, logsumexp)]
    before = np.getbufsize()
    try:
        for size in (16, 512, 2**16):
            np.setbufsize(size)
            for f, value in zip((softmax, log_softmax, logsumexp), expected, strict=True):
                assert_same_bits(f(z), value)
                assert np.getbufsize() == size
    finally:
        np.setbufsize(before)


def test_callers_error_state_and_buffer_size_are_restored():
    z = np.random.default_rng(6).normal(size=(70, 1000))
    with np.errstate(over="raise", under="print"):
        state, size = np.geterr(), np.getbufsize()
        softmax(z)
        with pytest.raises(ValueError, match="temperature"):
            logsumexp(z, temperature=np.nan)
        assert (np.geterr(), np.getbufsize()) == (state, size)
