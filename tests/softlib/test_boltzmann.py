"""softlib.boltzmann against mpmath, complex steps, limits taken by hand and exact kernels."""

import itertools
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp
from numpy.testing import assert_allclose, assert_array_equal

from softlib import canonical, heat_bath, metropolis, sample
from softlib.boltzmann import PATIENCE, Canonical, _draw

INF, NAN = np.inf, np.nan
SAMPLERS = [metropolis, heat_bath]
DIGITS = 40

sampler = pytest.mark.parametrize("run", SAMPLERS, ids=lambda f: f.__name__)


@pytest.fixture(autouse=True)
def _underflow_is_no_error(no_warnings):
    with np.errstate(under="ignore"):
        yield


def exact(energies, temperature, degeneracies=None, k=1.0):
    """Every quantity from its definition, with forty digits and a room for cancellation."""
    with mp.workdps(DIGITS + 320):
        energies = [mp.mpf(float(e)) for e in energies]
        g = [mp.mpf(float(x)) for x in (degeneracies or [1] * len(energies))]
        theta = mp.mpf(float(k)) * mp.mpf(float(temperature))
        w = [g_i * mp.exp(-e / theta) for g_i, e in zip(g, energies, strict=True)]
        z = mp.fsum(w)
        p = [w_i / z for w_i in w]
        mean = mp.fsum(p_i * e for p_i, e in zip(p, energies, strict=True))
        variance = mp.fsum(p_i * (e - mean) ** 2 for p_i, e in zip(p, energies, strict=True))
        entropy = -mp.fsum(p_i * mp.log(p_i / g_i) for p_i, g_i in zip(p, g, strict=True) if p_i)
        return Canonical(
            np.array([float(x) for x in p]),
            float(mp.log(z)),
            float(-theta * mp.log(z)),
            float(mean),
            float(k * entropy),
            float(k * variance / theta**2),
        )


# --- The worked numbers of chapter 08 ----------------------------------------------------------


@pytest.mark.parametrize(
    ("energies", "temperature", "field", "expected"),
    [
        ((0, 1), 0.5, "probabilities", (0.880797, 0.119203)),
        ((0, 1), 0.5, "mean_energy", 0.119203),
        ((0, 1), 0.5, "free_energy", -0.063464),
        ((0, 1), 0.5, "entropy", 0.365334),
        ((0, 1), 0.5, "heat_capacity", 0.419974),
        ((0, 1, 1, 3), 1, "mean_energy", 0.495714),
        ((0, 1, 1, 3), 1, "free_energy", -0.579724),
        ((0, 1, 1, 3), 1, "entropy", 1.075438),
        ((0, 1, 1, 3), 1, "heat_capacity", 0.417282),
        ((0, 10), 1, "probabilities", (0.9999546, 4.54e-5)),
    ],
)
def test_worked_numbers(energies, temperature, field, expected):
    found = getattr(canonical(energies, temperature=temperature), field)
    assert_allclose(found, expected, rtol=0, atol=5.1e-7)


@pytest.mark.parametrize(
    ("energies", "temperature", "z"), [((0, 1), 0.5, 1.135335), ((0, 1, 1, 3), 1, 1.785546)]
)
def test_worked_partition_functions(energies, temperature, z):
    log_z = canonical(energies, temperature=temperature).log_partition
    assert_allclose(np.exp(log_z), z, rtol=0, atol=5e-7)


def test_schottky_peak():
    t = np.linspace(0.41, 0.42, 2001)
    c = canonical([0, 1], temperature=t).heat_capacity
    assert abs(t[c.argmax()] - 0.4167783) < 5e-6
    assert abs(c.max() - 0.4392288) < 5e-8


# --- Against mpmath ----------------------------------------------------------------------------

systems = st.lists(
    st.tuples(st.integers(-400, 400).map(lambda i: i / 8), st.integers(0, 4)),
    min_size=1,
    max_size=7,
).filter(lambda pairs: any(g for _, g in pairs))
temperatures = st.tuples(st.floats(0.05, 200), st.sampled_from([1, -1])).map(np.prod)


@given(systems, temperatures, st.sampled_from([1.0, 1.380649e-23, 8.3]))
def test_agrees_with_mpmath(pairs, temperature, k):
    energies, degeneracies = (list(x) for x in zip(*pairs, strict=True))
    found = canonical(
        np.array(energies) * k, temperature=temperature, degeneracies=degeneracies, k=k
    )
    wanted = exact([e * k for e in energies], temperature, degeneracies, k)
    scale = max(map(abs, energies), default=0) + abs(temperature)
    x = scale / abs(temperature)
    assert_allclose(found.probabilities, wanted.probabilities, rtol=1e-15 * (10 + x), atol=1e-300)
    assert_allclose(found.log_partition, wanted.log_partition, rtol=0, atol=2e-15 * x)
    assert_allclose(found.free_energy, wanted.free_energy, rtol=0, atol=2e-15 * scale * k)
    assert_allclose(found.mean_energy, wanted.mean_energy, rtol=0, atol=4e-15 * scale * k)
    assert_allclose(found.entropy, wanted.entropy, rtol=2e-15 * (10 + x), atol=2e-15 * k)
    assert_allclose(
        found.heat_capacity, wanted.heat_capacity, rtol=4e-15 * (10 + x), atol=1e-28 * k
    )


@pytest.mark.parametrize("power", [-300, -150, -20, 0, 20, 150, 300])
@pytest.mark.parametrize("temperature", [0.3, -0.7, 4.0])
def test_energies_of_every_size(power, temperature):
    size = 10.0**power
    energies = np.array([-3.0, 1.0, 1.5, 4.0])
    found = canonical(energies * size, temperature=temperature * size)
    wanted = exact(energies, temperature)
    assert_allclose(found.probabilities, wanted.probabilities, rtol=1e-13)
    assert_allclose(found.log_partition, wanted.log_partition, rtol=1e-14)
    assert_allclose(found.free_energy / size, wanted.free_energy, rtol=1e-14)
    assert_allclose(found.mean_energy / size, wanted.mean_energy, rtol=1e-14)
    assert_allclose(found.entropy, wanted.entropy, rtol=1e-14)
    assert_allclose(found.heat_capacity, wanted.heat_capacity, rtol=1e-13)


@pytest.mark.parametrize("beta", [50, 300, 600])
def test_a_cold_system_keeps_the_digits_of_its_small_numbers(beta):
    found, wanted = canonical([0, 1], temperature=1 / beta), exact([0, 1], 1 / beta)
    for field in ("probabilities", "free_energy", "mean_energy", "entropy", "heat_capacity"):
        rtol = 4e-16 * (10 + beta)
        assert_allclose(getattr(found, field), getattr(wanted, field), rtol=rtol, err_msg=field)


def test_energies_of_all_sizes_at_once():
    found = canonical([1e-300, 2e-300, 1.0, 1e300], temperature=1e-300)
    tail = np.exp(-1.0)
    assert_allclose(found.probabilities, np.array([1, tail, 0, 0]) / (1 + tail), rtol=1e-14)
    assert_allclose(found.mean_energy, (1 + 2 * tail) / (1 + tail) * 1e-300, rtol=1e-14)
    found = canonical([1e-300, 2e-300, 1.0, 1e300], temperature=1e300)
    assert_allclose(found.probabilities, np.array([1, 1, 1, tail]) / (3 + tail), rtol=1e-14)


@pytest.mark.parametrize("temperature", [1.0, -1.0, 0.25, INF])
def test_levels_whose_gap_overflows(temperature):
    # In a unit of 1e308 the same system has levels ±1; the second slice needs no such unit.
    wanted = canonical([-1, 1], temperature=temperature)
    tiny = canonical([0, 5e-324], temperature=5e-324)
    found = canonical([[-1e308, 1e308], [0, 5e-324]], temperature=[1e308 * temperature, 5e-324])
    for field in ("probabilities", "log_partition", "entropy", "heat_capacity"):
        both = np.array([getattr(wanted, field), getattr(tiny, field)])
        assert_allclose(getattr(found, field), both, rtol=1e-15, err_msg=field)
    for field in ("free_energy", "mean_energy"):
        far = getattr(found, field)[0] / 1e308
        assert_allclose(far, getattr(wanted, field), rtol=1e-15, atol=1e-15, err_msg=field)
        assert getattr(found, field)[1] == getattr(tiny, field)


# --- Derivatives by complex step, from the definition of Z -------------------------------------


@pytest.mark.parametrize("temperature", [0.4, 1.0, 7.0, -0.8])
def test_derivatives_of_the_free_energy(temperature):
    energies, g, h = np.array([-1.0, 0.5, 0.75, 3.0]), np.array([1, 2, 1, 3]), 1e-30

    def log_z(t):
        return np.log((g * np.exp(-energies / t)).sum())

    def mean(t):
        w = g * np.exp(-energies / t)
        return (w * energies).sum() / w.sum()

    t = temperature + 1j * h
    found = canonical(energies, temperature=temperature, degeneracies=g)
    assert_allclose(found.entropy, (t * log_z(t)).imag / h, rtol=1e-13)
    assert_allclose(found.heat_capacity, mean(t).imag / h, rtol=1e-13)
    b = 1 / temperature + 1j * h
    assert_allclose(found.mean_energy, -log_z(1 / b).imag / h, rtol=1e-13)
    ts = temperature * found.entropy
    assert_allclose(found.free_energy, found.mean_energy - ts, rtol=1e-14)


# --- Limits ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cold", [0.0, 0, 5e-324, 1e-300])
def test_limit_of_temperature_0(cold):
    found = canonical([2.0, 1.0, 1.0, 5.0], temperature=cold)
    assert_array_equal(found.probabilities, [0, 0.5, 0.5, 0])
    assert_allclose(found.entropy, np.log(2), rtol=1e-15)
    assert (found.mean_energy, found.free_energy, found.heat_capacity) == (1, 1, 0)
    assert found.log_partition == -INF or found.log_partition < -1e299
    assert canonical([-1.0, 0.0], temperature=0).log_partition == INF
    assert_allclose(canonical([0, 0, 1], temperature=0).log_partition, np.log(2), rtol=1e-15)


def test_limit_of_temperature_0_from_below():
    found = canonical([2.0, 1.0, 5.0, 5.0], temperature=-0.0)
    assert_array_equal(found.probabilities, [0, 0, 0.5, 0.5])
    assert (found.mean_energy, found.free_energy, found.heat_capacity) == (5, 5, 0)
    assert found.log_partition == INF


@pytest.mark.parametrize("hot", [INF, -INF])
def test_limit_of_infinite_temperature(hot):
    found = canonical([0, 1, 1, 3], temperature=hot)
    assert_array_equal(found.probabilities, [0.25] * 4)
    assert_allclose(found.entropy, np.log(4), rtol=1e-15)
    assert_allclose(found.log_partition, np.log(4), rtol=1e-15)
    assert_allclose(found.mean_energy, 1.25, rtol=1e-15)
    assert (found.heat_capacity, found.free_energy) == (0, -hot)


@pytest.mark.parametrize("hot", [INF, -INF])
def test_infinite_temperature_with_one_microstate_in_all(hot):
    assert canonical([7.0], temperature=hot).free_energy == 7
    weighted = canonical([0, 1], temperature=hot, degeneracies=[0.75, 0.25])
    assert_allclose([weighted.free_energy, weighted.mean_energy], 0.25, rtol=1e-15)


@given(systems, temperatures)
@settings(max_examples=40)
def test_negative_temperature_is_the_mirror(pairs, temperature):
    energies, g = (np.array(x) for x in zip(*pairs, strict=True))
    here = canonical(energies, temperature=temperature, degeneracies=g)
    there = canonical(-energies, temperature=-temperature, degeneracies=g)
    for field, sign in zip(Canonical._fields, (1, 1, -1, -1, 1, 1), strict=True):
        assert_array_equal(getattr(here, field), sign * getattr(there, field), err_msg=field)


def test_population_inversion():
    p = canonical([0, 1, 2], temperature=-1).probabilities
    assert (np.diff(p) > 0).all()


# --- Invariances -------------------------------------------------------------------------------


def test_a_shift_of_all_energies():
    energies = np.array([0.0, 1.0, 1.0, 3.0])
    here, there = canonical(energies, temperature=0.5), canonical(energies + 8, temperature=0.5)
    for field, shift in zip(Canonical._fields, (0, -16, 8, 8, 0, 0), strict=True):
        assert_allclose(getattr(there, field), getattr(here, field) + shift, rtol=1e-14)


def test_a_degenerate_level_is_a_repeated_one():
    apart = canonical([0, 1, 1, 3, 3, 3], temperature=0.7)
    together = canonical([0, 1, 3, 9], temperature=0.7, degeneracies=[1, 2, 3, 0])
    p = apart.probabilities
    assert_allclose(together.probabilities, [p[0], p[1] * 2, p[3] * 3, 0], rtol=1e-14)
    for one, other in zip(apart[1:], together[1:], strict=True):
        assert_allclose(one, other, rtol=1e-14)


def test_a_level_with_no_microstate_is_not_the_ground_state():
    found = canonical([-1e6, 0, 1], temperature=0.5, degeneracies=[0, 1, 1])
    assert_allclose(found.probabilities, [0, 0.880797, 0.119203], atol=5e-7)
    assert canonical([-1, 0], temperature=0, degeneracies=[0, 1]).mean_energy == 0
    assert canonical([0, 9], temperature=-1, degeneracies=[1, 0]).mean_energy == 0


def test_si_units_are_the_callers():
    k = 1.380649e-23
    si = canonical(np.array([0, 1, 4]) * k * 300, temperature=450, k=k)
    plain = canonical([0, 1, 4], temperature=1.5)
    for field, unit in zip(Canonical._fields, (1, 1, k * 300, k * 300, k, k), strict=True):
        assert_allclose(getattr(si, field), getattr(plain, field) * unit, rtol=1e-13)


# --- Batches -----------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [-1, 0, 1, (0, 2), (2, 0), None])
def test_any_axis(axis):
    energies = np.random.default_rng(0).normal(size=(3, 4, 5))
    found = canonical(energies, axis, temperature=0.8)
    axes = (0, 1, 2) if axis is None else np.atleast_1d(axis) % 3
    assert found.probabilities.shape == energies.shape
    w = np.exp(-energies / 0.8)
    z = w.sum(axis=tuple(axes), keepdims=True)
    assert_allclose(found.probabilities, w / z, rtol=1e-14)
    assert_allclose(found.log_partition, np.log(np.squeeze(z, tuple(axes))), rtol=1e-14)


def test_a_temperature_for_each_system():
    energies = np.random.default_rng(1).normal(size=(4, 3))
    t = np.array([0.5, -2.0, INF, 0.0])
    for found, axis in ((canonical(energies, temperature=t), -1),
                        (canonical(energies.T, 0, temperature=t), 0)):  # fmt: skip
        for i in range(4):
            alone = canonical(energies[i], temperature=t[i])
            for field in Canonical._fields:
                together = np.moveaxis(getattr(found, field), axis if "prob" in field else 0, -1)
                here = together.T[:, i] if together.ndim > 1 else together[i]
                assert_array_equal(here, getattr(alone, field), err_msg=field)


def test_many_temperatures_of_one_system():
    t = np.array([[0.0, 0.5, 1.0], [-1.0, INF, 3.0]])
    found = canonical([[0, 1, 1, 3]], axis=(0, 1), temperature=t)
    assert found.probabilities.shape == (2, 3, 1, 4)
    assert found.entropy.shape == (2, 3)
    for index in np.ndindex(t.shape):
        alone = canonical([0, 1, 1, 3], temperature=t[index])
        assert_array_equal(found.probabilities[index][0], alone.probabilities)
        assert found.heat_capacity[index] == alone.heat_capacity


def test_a_slice_does_not_depend_on_the_others():
    energies = np.random.default_rng(2).normal(scale=30, size=(50, 17))
    found = canonical(energies, temperature=0.6)
    for i in range(50):
        for field, alone in zip(
            Canonical._fields, canonical(energies[i], temperature=0.6), strict=True
        ):
            assert_array_equal(getattr(found, field)[i], alone)


def test_nan_stays_in_its_slice():
    found = canonical([[0, 1], [NAN, 1], [INF, INF], [-INF, 0]])
    for field in Canonical._fields:
        bad = np.isnan(getattr(found, field)).reshape(4, -1).all(axis=1)
        assert_array_equal(bad, [False, True, True, True], err_msg=field)


def test_forbidden_levels():
    for t in (0.5, 0, INF):
        assert_array_equal(canonical([1, INF], temperature=t).probabilities, [1, 0])
    for t in (-0.5, -0.0, -INF):
        assert_array_equal(canonical([1, -INF], temperature=t).probabilities, [1, 0])
    found = canonical([0, 1, INF], temperature=0.5)
    assert_allclose(found.heat_capacity, 0.419974, atol=5e-7)
    assert_allclose(found.mean_energy, 0.119203, atol=5e-7)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_keep_their_kind(dtype):
    energies = np.array([0, 1, 1, 3], dtype)
    before = energies.copy()
    found = canonical(energies)
    assert all(np.asarray(x).dtype == dtype for x in found)
    assert_array_equal(found.entropy, dtype(canonical([0, 1, 1, 3]).entropy))
    assert_array_equal(energies, before)
    assert canonical(np.array([False, True])).entropy.dtype == np.float64


@pytest.mark.parametrize(
    ("error", "name", "arguments"),
    [
        (TypeError, "energies", {"energies": ["a"]}),
        (TypeError, "energies", {"energies": [1j]}),
        (ValueError, "energies", {"energies": []}),
        (TypeError, "temperature", {"temperature": "hot"}),
        (ValueError, "temperature", {"temperature": NAN}),
        (ValueError, "temperature", {"temperature": [1, NAN]}),
        (ValueError, "temperature", {"energies": np.ones((2, 3)), "temperature": [1, 2, 3]}),
        (TypeError, "degeneracies", {"degeneracies": ["a", "b"]}),
        (ValueError, "degeneracies", {"degeneracies": [1, -1]}),
        (ValueError, "degeneracies", {"degeneracies": [1, NAN]}),
        (ValueError, "degeneracies", {"degeneracies": [1, INF]}),
        (ValueError, "degeneracies", {"degeneracies": [1, 2, 3]}),
        (TypeError, "k", {"k": "SI"}),
        (ValueError, "k", {"k": 0}),
        (ValueError, "k", {"k": -1.0}),
        (ValueError, "k", {"k": NAN}),
        (ValueError, "axis", {"axis": 1}),
    ],
)
def test_errors_name_the_argument(error, name, arguments):
    with pytest.raises(error, match=rf"\b{name}\b"):
        canonical(**{"energies": [0, 1], **arguments})


# --- Exact sampling ----------------------------------------------------------------------------


def within_errors(draws, p, z=5):
    n = len(draws)
    share = np.bincount(draws, minlength=len(p)) / n
    assert (abs(share - p) <= z * np.sqrt(p * (1 - p) / n)).all(), (share, p)


@pytest.mark.parametrize("temperature", [0.5, 1.0, -2.0, INF])
def test_samples_have_the_probabilities(temperature):
    p = canonical([0, 1, 3], temperature=temperature, degeneracies=[1, 2, 4]).probabilities
    draws = sample([0, 1, 3], 20_000, rng=np.random.default_rng(5), temperature=temperature,
                   degeneracies=[1, 2, 4])  # fmt: skip
    within_errors(draws, p)


def test_samples_of_energies_with_few_digits():
    draws = sample(np.zeros(3000, np.float16), 100_000, rng=np.random.default_rng(5))
    assert draws.max() > 2990
    assert abs((draws < 1000).mean() - 1 / 3) < 4 * np.sqrt(2 / 9 / 100_000)


def test_samples_in_si_units():
    k, rng = 1.380649e-23, np.random.default_rng(6)
    p = canonical([0, 1], temperature=1.5).probabilities
    within_errors(sample(np.array([0, 300 * k]), 20_000, rng=rng, temperature=450, k=k), p)


def test_shapes_of_samples():
    rng = np.random.default_rng(0)
    assert np.ndim(sample([0, 1], rng=rng)) == 0
    assert sample(np.zeros((4, 3)), rng=rng).shape == (4,)
    assert sample(np.zeros((4, 3)), (5, 6), rng=rng).shape == (5, 6, 4)
    assert sample([0, 1], 7, rng=rng, temperature=[1, 2, 3]).shape == (7, 3)
    draws = sample([[0, 900], [900, 0]], 50, rng=rng)
    assert_array_equal(draws, [[0, 1]] * 50)


def test_a_draw_never_leaves_the_levels_nor_finds_an_impossible_one():
    p = np.array([0.0, 0.1, 0.0, 0.2, 0.7, 0.0])
    u = np.array([0.0, 0.05, 0.0999, 0.11, 1 - 2**-53])
    assert_array_equal(_draw(p, u), [1, 1, 1, 3, 4])
    assert_array_equal(_draw(np.full(10, 0.1), np.array([1 - 2**-53])), [9])


def test_sampling_without_probabilities_is_refused():
    with pytest.raises(ValueError, match="energies"):
        sample([NAN, 0], rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match="rng"):
        sample([0, 1], rng=np.random)


# --- Markov chains -----------------------------------------------------------------------------

LADDER = np.array([0.0, 0.5, 2.0])


def ladder(x):
    return LADDER[x[..., 0]]


def ring(x):
    """Energy of an Ising ring in a field."""
    s = 2 * x - 1
    return -(s * np.roll(s, 1, axis=-1)).sum(axis=-1) - 0.3 * s.sum(axis=-1)


def metropolis_kernel(energies, theta):
    n = len(energies)
    kernel = np.minimum(1, np.exp(-(energies[None, :] - energies[:, None]) / theta)) / (n - 1)
    np.fill_diagonal(kernel, 0)
    np.fill_diagonal(kernel, 1 - kernel.sum(axis=1))
    return kernel


@pytest.mark.parametrize("temperature", [0.7, 3.0, -1.0])
@pytest.mark.parametrize("start", [0, 1, 2])
def test_one_metropolis_step_from_each_level(start, temperature):
    chains, rng = 20_000, np.random.default_rng(10 + start)
    run = metropolis(
        ladder, np.full((chains, 1), start), 1, rng=rng, levels=3, temperature=temperature
    )
    row = metropolis_kernel(LADDER, temperature)[start]
    within_errors(run.states[0, :, 0], row)
    assert run.acceptance == (run.states[0, :, 0] != start).mean()
    assert_array_equal(run.energies, LADDER[run.states[..., 0]])


def test_heat_bath_refuses_a_site_without_probabilities():
    levels, start = np.array([0.0, 1.0, INF]), np.ones((10, 1), int)

    def run(temperature):
        return heat_bath(
            lambda x: levels[x[..., 0]],
            start,
            3,
            rng=np.random.default_rng(0),
            levels=3,
            temperature=temperature,
        )

    assert np.isfinite(run(1).energies[-1]).all()
    with pytest.raises(ValueError, match="a site has no probabilities"):
        run(-1)  # below 0 a level at +∞ is preferred without bound


def test_a_heat_bath_whose_gap_overflows():
    levels, start = np.array([-1e308, 1e308]), np.zeros((20_000, 1), int)
    rng = np.random.default_rng(7)
    run = heat_bath(lambda x: levels[x[..., 0]], start, 1, rng=rng, levels=2, temperature=1e308)
    within_errors(run.states[0, :, 0], canonical([-1, 1]).probabilities)


@pytest.mark.parametrize("temperature", [0.7, -1.0, INF])
def test_one_heat_bath_step_of_one_site_is_exact_sampling(temperature):
    chains, rng = 20_000, np.random.default_rng(20)
    run = heat_bath(ladder, np.full((chains, 1), 2), 1, rng=rng, levels=3, temperature=temperature)
    p = canonical(LADDER, temperature=temperature).probabilities
    within_errors(run.states[0, :, 0], p)
    assert_array_equal(run.energies, LADDER[run.states[..., 0]])
    assert run.acceptance == (run.states[0, :, 0] != 2).mean()


@sampler
@pytest.mark.parametrize("temperature", [1.5, -2.5])
def test_chains_reach_the_boltzmann_distribution(run, temperature):
    states = np.array(list(itertools.product((0, 1), repeat=4)))
    p = canonical(ring(states), temperature=temperature).probabilities
    start = np.zeros((4000, 4), int)
    chain = run(ring, start, 250, rng=np.random.default_rng(3), temperature=temperature, every=250)
    assert chain.states.shape == (1, 4000, 4)
    within_errors(chain.states[0] @ [8, 4, 2, 1], p)
    assert_array_equal(chain.energies[0], ring(chain.states[0]))


@sampler
def test_boltzmanns_constant_of_a_chain(run):
    chain = run(ladder, np.zeros((4000, 1), int), 25, rng=np.random.default_rng(4), levels=3,
                temperature=0.5, k=2.0, every=25)  # fmt: skip
    within_errors(chain.states[0, :, 0], canonical(LADDER).probabilities)


@sampler
def test_temperature_0_only_goes_down(run):
    start = np.random.default_rng(1).integers(0, 2, size=(50, 6))
    chain = run(ring, start, 200, rng=np.random.default_rng(2), temperature=0.0)
    assert (np.diff(chain.energies, axis=0) <= 1e-12).all()
    up = run(ring, start, 200, rng=np.random.default_rng(2), temperature=-0.0)
    assert (np.diff(up.energies, axis=0) >= -1e-12).all()


def test_metropolis_accepts_all_at_infinite_temperature():
    chain = metropolis(
        ring, np.zeros((5, 4), int), 50, rng=np.random.default_rng(2), temperature=INF
    )
    assert chain.acceptance == 1


def test_metropolis_with_equal_energies_never_forgets_the_parity_of_the_step():
    chain = metropolis(
        lambda x: 0.0 * x[..., 0], np.zeros((4000, 2), int), 60, rng=np.random.default_rng(6)
    )
    shares = np.array([np.bincount(x @ [2, 1], minlength=4) for x in chain.states]) / 4000
    assert chain.acceptance == 1
    assert_array_equal(shares[0::2][:, [0, 3]], 0)
    assert_array_equal(shares[1::2][:, [1, 2]], 0)
    assert_allclose(shares[-1], [0.5, 0, 0, 0.5], atol=0.04)


@sampler
def test_forbidden_states_are_never_entered(run):
    def energy(x):
        return np.where(x.sum(axis=-1) > 1, INF, 0.0)

    chain = run(energy, np.zeros((100, 3), int), 100, rng=np.random.default_rng(2))
    assert (chain.states.sum(axis=-1) <= 1).all()
    assert chain.acceptance > 0


@sampler
def test_a_schedule_sets_the_temperature_of_each_step(run):
    schedule = np.array([1e6] * 30 + [0.0] * 30)
    chain = run(ladder, np.zeros((500, 1), int), 60, rng=np.random.default_rng(2), levels=3,
                temperature=schedule)  # fmt: skip
    hot, cold = chain.energies[:30].mean(), chain.energies[30:]
    assert abs(hot - LADDER.mean()) < 0.1
    assert (np.diff(cold, axis=0) <= 0).all()
    assert cold[-1].max() == 0


@sampler
def test_chains_repeat_with_their_seed_and_keep_what_is_asked(run):
    start = np.zeros((2, 3, 5), int)
    every = run(ring, start, 12, rng=np.random.default_rng(9))
    fourth = run(ring, start, 12, rng=np.random.default_rng(9), every=4)
    assert every.states.shape == (12, 2, 3, 5)
    assert_array_equal(every.states[3::4], fourth.states)
    assert_array_equal(every.energies[3::4], fourth.energies)
    assert_array_equal(start, 0)
    none = run(ring, start, 3, rng=np.random.default_rng(9), every=4)
    assert none.states.shape == (0, 2, 3, 5)


@sampler
def test_a_single_chain_needs_no_axis_of_chains(run):
    chain = run(ring, [0, 1, 0], 8, rng=np.random.default_rng(1))
    assert chain.states.shape == (8, 3)
    assert chain.energies.shape == (8,)
    assert 0 <= chain.acceptance <= 1


@sampler
def test_one_step_changes_one_site_at_most(run):
    chain = run(ring, np.zeros((40, 6), int), 30, rng=np.random.default_rng(1), temperature=5.0)
    assert ((np.diff(chain.states, axis=0) != 0).sum(axis=-1) <= 1).all()


@sampler
def test_all_values_of_a_site_are_reached(run):
    chain = run(lambda x: 0.0 * x[..., 0], np.zeros((50, 1), int), 40,
                rng=np.random.default_rng(1), levels=5)  # fmt: skip
    assert set(chain.states.ravel()) == set(range(5))


@sampler
def test_a_long_run_shows_a_progress_bar(run, monkeypatch):
    seen = []

    def bar(steps, **options):
        seen.append(options)
        return steps

    monkeypatch.setitem(sys.modules, "tqdm", SimpleNamespace(tqdm=bar))
    with_bar = run(ring, [0, 1, 0], 8, rng=np.random.default_rng(1))
    assert seen == [{"delay": PATIENCE, "leave": False}]
    monkeypatch.setitem(sys.modules, "tqdm", None)
    without = run(ring, [0, 1, 0], 8, rng=np.random.default_rng(1))
    assert_array_equal(with_bar.states, without.states)


@sampler
@pytest.mark.parametrize(
    ("error", "name", "arguments"),
    [
        (TypeError, "rng", {"rng": 1}),
        (ValueError, "start", {"start": [0, 2]}),
        (ValueError, "start", {"start": [-1, 0]}),
        (ValueError, "start", {"start": 1}),
        (TypeError, "start", {"start": [0.5, 0]}),
        (ValueError, "start", {"energy": lambda x: np.full(x.shape[:-1], INF)}),
        (ValueError, "energy", {"energy": lambda x: x}),
        (ValueError, "steps", {"steps": 0}),
        (TypeError, "steps", {"steps": 1.5}),
        (ValueError, "levels", {"levels": 1}),
        (ValueError, "every", {"every": 0}),
        (ValueError, "temperature", {"temperature": [1, 2]}),
        (ValueError, "temperature", {"temperature": NAN}),
        (ValueError, "k", {"k": -1}),
    ],
)
def test_chain_errors_name_the_argument(run, error, name, arguments):
    arguments = {
        "energy": ring,
        "start": [0, 1],
        "steps": 4,
        "rng": np.random.default_rng(0),
        **arguments,
    }
    with pytest.raises(error, match=rf"\b{name}\b"):
        run(arguments.pop("energy"), arguments.pop("start"), arguments.pop("steps"), **arguments)


@pytest.mark.parametrize("g", [*(np.full(n, 1 / n) for n in (3, 6, 7, 10, 49, 100))], ids=len)
def test_free_energy_at_infinite_temperature_of_shares_that_sum_to_one(g):
    hot = canonical(np.arange(len(g)), temperature=INF, degeneracies=g)
    assert_allclose(hot.free_energy, (len(g) - 1) / 2, rtol=1e-12)
    assert_allclose(hot.free_energy, hot.mean_energy, rtol=1e-12)


@sampler
def test_chains_between_levels_whose_gap_overflows(run):
    ends = np.array([-1e308, 1e308])
    chain = run(
        lambda x: ends[x[..., 0]],
        np.zeros((4000, 1), int),
        25,
        rng=np.random.default_rng(1),
        temperature=1e308,
        every=25,
    )
    assert abs(chain.states.mean() - canonical(ends, temperature=1e308).probabilities[1]) < 0.03


@sampler
@pytest.mark.parametrize(("bad", "t"), [(NAN, 1.0), (INF, -1.0), (-INF, 1.0)])
def test_levels_without_probabilities_are_refused(run, bad, t):
    with pytest.raises(ValueError, match="energy"):
        run(
            lambda x: np.array([0.0, bad])[x[..., 0]],
            np.zeros((50, 1), int),
            20,
            rng=np.random.default_rng(1),
            temperature=t,
        )


@sampler
def test_counts_of_any_integer_type(run):
    def flat(x):
        return np.zeros(x.shape[:-1])

    start = np.zeros((400, 1), int)
    settings = {"rng": np.random.default_rng(1), "temperature": INF}
    for steps, every in ((np.int8(100), 1), (np.int16(100), 1), (300, np.uint8(10))):
        assert 0 < run(flat, start, steps, every=every, **settings).acceptance <= 1
    with pytest.raises(TypeError, match="steps"):
        run(flat, start, True, **settings)


def test_an_energy_may_reuse_its_array():
    kept = np.zeros(2000)

    def energy(x):
        kept[:] = 3.0 * x[:, 0]
        return kept

    start = np.zeros((2000, 1), int)
    chain = metropolis(energy, start, 1, rng=np.random.default_rng(1))
    assert abs(chain.states.mean() - np.exp(-3)) < 0.03
    with pytest.raises(TypeError, match="energy"):
        metropolis(lambda x: 1j * x[..., 0], start, 1, rng=np.random.default_rng(1))


def test_a_constant_beyond_a_float_is_named():
    with pytest.raises(ValueError, match="k is beyond"):
        canonical([0, 1], k=10**400)
