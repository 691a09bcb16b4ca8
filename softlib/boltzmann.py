"""The Boltzmann distribution: thermodynamics from one log-sum-exp, and samplers (chapter 08)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from softlib._arguments import _axes, _real
from softlib.core import logsumexp, softmax

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Canonical", "Chain", "canonical", "heat_bath", "metropolis", "sample"]

PATIENCE = 5.0  # seconds that a sampler runs before it shows a progress bar


class Canonical(NamedTuple):
    """What `canonical` returns: a system in equilibrium with a heat bath."""

    probabilities: Any
    r"""Of each level, :math:`p_i = g_i e^{-E_i/kT} / Z`; no unit."""
    log_partition: Any
    r""":math:`\log Z = \log \sum_i g_i e^{-E_i/kT}`; no unit."""
    free_energy: Any
    r""":math:`F = -kT \log Z = U - TS`; in the unit of the energies."""
    mean_energy: Any
    r""":math:`U = \langle E \rangle = \sum_i p_i E_i`; in the unit of the energies."""
    entropy: Any
    r""":math:`S = -k \sum_i p_i \log(p_i/g_i)`; in the unit of `k`."""
    heat_capacity: Any
    r""":math:`C = dU/dT = \mathrm{Var}(E)/kT^2`; in the unit of `k`."""


class Chain(NamedTuple):
    """What `metropolis` and `heat_bath` return: the states of Markov chains."""

    states: NDArray[np.int64]
    """The states that were kept, shape ``(kept, ..., sites)``."""
    energies: NDArray[np.float64]
    """Their energies, shape ``(kept, ...)``."""
    acceptance: float
    """The share of steps, over all chains, that moved to another state."""


def canonical(
    energies: ArrayLike,
    axis: Any = -1,
    *,
    temperature: ArrayLike = 1.0,
    degeneracies: ArrayLike | None = None,
    k: float = 1.0,
) -> Canonical:
    r"""Probabilities and thermodynamics of energy levels at a temperature.

    A level of energy :math:`E_i` that stands for :math:`g_i` microstates has the probability

    .. math:: p_i = \frac{g_i e^{-E_i/kT}}{Z}, \qquad Z = \sum_j g_j e^{-E_j/kT}.

    It is softmax of the logits :math:`z_i = -E_i + kT \log g_i` at the temperature :math:`kT`:
    mind the sign of the energy.

    Parameters
    ----------
    energies : array_like of real numbers
        The energies :math:`E_i`. A level of energy :math:`+\infty` is never occupied at a
        positive temperature, one of :math:`-\infty` never at a negative one.
    axis : int, tuple of ints or None, default -1
        Where the levels are; None means that all the entries are levels of one system.
    temperature : array_like, default 1.0
        :math:`T`, one for all systems or one for each: it broadcasts against the shape of
        `energies` without `axis`. 0 is the limit :math:`T \to 0^+` (the lowest level), -0.0 the
        limit :math:`T \to 0^-` (the highest), infinity of either sign :math:`\beta = 0`.
        Negative temperatures describe population inversion.
    degeneracies : array_like, optional
        The numbers of microstates :math:`g_i \ge 0`, broadcast to the shape of `energies`;
        default 1.
    k : float, default 1.0
        Boltzmann's constant in units that fit `energies` and `temperature`. With 1 the
        temperature is measured as an energy.

    Returns
    -------
    Canonical
        Named tuple of ``probabilities`` (shape of `energies`; further axes of `temperature` come
        in front), ``log_partition``, ``free_energy``, ``mean_energy``, ``entropy`` and
        ``heat_capacity`` (the same without `axis`). float16, float32 and float64 energies give
        results of their kind, integers float64; all is computed in float64.

    Raises
    ------
    TypeError
        If `energies`, `temperature` or `degeneracies` are not real numbers, or `k` is not one.
    ValueError
        If `energies` has no level, `temperature` has a NaN, `degeneracies` a negative, infinite
        or NaN entry, `k` is not positive and finite, or shapes do not fit.

    Notes
    -----
    Introduced in chapter 08. With :math:`r` the lowest occupied level (the highest for
    :math:`T < 0`) everything follows from :math:`x_i = -(E_i - r)/kT \le 0` and the one number
    :math:`L = \log \sum_i g_i e^{x_i}`: :math:`\log Z = L - r/kT`, :math:`F = r - kTL`,
    :math:`S = k(L - \langle x \rangle)`, :math:`C = k \mathrm{Var}(x)`. Nothing large is
    subtracted, so that a cold system's small entropy and heat capacity keep their digits.
    A slice with a NaN, without a level of :math:`g_i > 0`, or whose level :math:`r` is infinite,
    gives NaN.

    The distribution is Boltzmann's (1868), the ensemble and its name Gibbs's (1902).

    References
    ----------
    L. Boltzmann, "Studien über das Gleichgewicht der lebendigen Kraft zwischen bewegten
    materiellen Punkten", Wiener Berichte 58 (1868) 517-560.

    Josiah Willard Gibbs, *Elementary Principles in Statistical Mechanics*, Scribner, 1902.

    Examples
    --------
    >>> two_levels = canonical([0, 1], temperature=0.5)
    >>> two_levels.probabilities.round(6)
    array([0.880797, 0.119203])
    >>> print(round(two_levels.entropy, 6), round(two_levels.heat_capacity, 6))
    0.365334 0.419974
    >>> canonical([0, 1], temperature=[0.0, 1.0, np.inf, -1.0]).mean_energy.round(4)
    array([0.    , 0.2689, 0.5   , 0.7311])
    """
    given = _real(energies, "energies")
    axes = _axes(axis, given.ndim)
    levels = _levels_last(given, axes)
    weights = _degeneracies(degeneracies, given.shape)
    theta = _thermal_energy(temperature, k)
    try:
        batch = np.broadcast_shapes(levels.shape[:-1], theta.shape)
    except ValueError as error:
        shapes = f"{theta.shape} does not fit energies of shape {given.shape} without axis {axis}"
        raise ValueError(f"temperature of shape {shapes}") from error
    if not levels.shape[-1]:
        raise ValueError(f"energies of shape {given.shape} has no level along axis {axis}")
    with np.errstate(all="ignore"):
        found = _canonical(levels, _levels_last(weights, axes), theta[..., None])
        scaled = found._replace(entropy=k * found.entropy, heat_capacity=k * found.heat_capacity)
        dtype = given.dtype if given.dtype.kind == "f" else np.dtype(np.float64)
        p, *numbers = (np.asarray(x).astype(dtype) for x in scaled)
    front = len(batch) + len(axes) - given.ndim
    p = p.reshape(batch + tuple(given.shape[i] for i in axes))
    p = np.moveaxis(p, range(len(batch), p.ndim), [front + i for i in axes])
    return Canonical(np.ascontiguousarray(p), *(x[()] for x in numbers))


def sample(
    energies: ArrayLike,
    size: int | tuple[int, ...] | None = None,
    *,
    rng: np.random.Generator,
    temperature: ArrayLike = 1.0,
    degeneracies: ArrayLike | None = None,
    k: float = 1.0,
) -> Any:
    r"""Draw levels independently, each with its exact probability :math:`g_i e^{-E_i/kT}/Z`.

    Parameters
    ----------
    energies : array_like, shape (..., n)
        The energies; the levels are on the last axis.
    size : int or tuple of ints, optional
        How many draws of each system; default one.
    rng : numpy.random.Generator
        The source of randomness.
    temperature, degeneracies, k
        As in `canonical`.

    Returns
    -------
    int or ndarray of int64, shape size + (...)
        The numbers of the levels, counted from 0.

    Raises
    ------
    TypeError, ValueError
        As in `canonical`; TypeError also if `rng` is not a Generator; ValueError also if a system
        has no probabilities.

    Notes
    -----
    Introduced in chapter 08. The method is inversion: the level is the first whose cumulative
    probability exceeds a uniform number. A level of probability 0 is never drawn.

    Examples
    --------
    >>> draws = sample([0, 1], 10_000, rng=np.random.default_rng(0), temperature=0.5)
    >>> print(round(draws.mean(), 2))
    0.12
    """
    _need_generator(rng)
    given = _real(energies, "energies").astype(np.float64)  # few digits would add up to other odds
    p = canonical(given, temperature=temperature, degeneracies=degeneracies, k=k).probabilities
    if np.isnan(p).any():
        raise ValueError("energies: a system has no probabilities")
    shape = () if size is None else (size,) if isinstance(size, (int, np.integer)) else tuple(size)
    return _draw(p, rng.random(shape + p.shape[:-1]))[()]


def metropolis(
    energy: Callable[[NDArray[np.int64]], ArrayLike],
    start: ArrayLike,
    steps: int,
    *,
    rng: np.random.Generator,
    levels: int = 2,
    temperature: ArrayLike = 1.0,
    k: float = 1.0,
    every: int = 1,
) -> Chain:
    r"""Run Metropolis chains on the states of sites that each take one of a few values.

    One step picks a site at random and proposes another of its values. The move is accepted with
    the probability

    .. math:: \min\bigl(1, e^{-(E_\text{new} - E_\text{old})/kT}\bigr),

    otherwise the state stays. At a constant finite temperature other than 0, each state has its
    Boltzmann probability in the long run, if every state can be reached from every other one and
    the chain is not periodic.

    Parameters
    ----------
    energy : callable
        Maps an integer array of states, shape (..., sites), to their energies, shape (...).
    start : array_like of ints, shape (..., sites)
        The first state of each chain, with values from 0 to ``levels - 1``; all the leading axes
        are independent chains.
    steps : int
        The number of steps, at least 1.
    rng : numpy.random.Generator
        The source of randomness: the same seed gives the same chains.
    levels : int, default 2
        How many values a site can take.
    temperature : float or array_like of length `steps`, default 1.0
        :math:`T`, constant or step by step (for annealing), as in `canonical`.
    k : float, default 1.0
        Boltzmann's constant.
    every : int, default 1
        Keep the state after each `every`-th step.

    Returns
    -------
    Chain
        Named tuple of ``states``, ``energies`` and ``acceptance``, the share of proposals that
        were accepted.

    Raises
    ------
    TypeError
        If `rng` is not a Generator, or a number is of the wrong kind.
    ValueError
        If `start` has a value outside 0 ... levels - 1 or an energy that is not finite, if
        `steps`, `levels` or `every` is too small, or shapes do not fit.

    Notes
    -----
    Introduced in chapter 08. A run longer than five seconds shows a progress bar if the package
    tqdm is installed.

    A chain that can be periodic: with two levels and equal energies every proposal is accepted,
    each flips one site, and the parity of the step is never forgotten.

    References
    ----------
    N. Metropolis, A. W. Rosenbluth, M. N. Rosenbluth, A. H. Teller and E. Teller,
    "Equation of State Calculations by Fast Computing Machines", J. Chem. Phys. 21 (1953)
    1087-1092, doi:10.1063/1.1699114.

    Examples
    --------
    >>> ladder = np.array([0.0, 1.0, 1.5])
    >>> run = metropolis(lambda x: ladder[x[..., 0]], np.zeros((4000, 1), int), 30,
    ...                  rng=np.random.default_rng(0), levels=3)
    >>> bool(abs(run.energies[-1].mean() - canonical(ladder).mean_energy) < 0.03)
    True
    """

    def update(x: NDArray[np.int64], old: Any, theta: Any) -> tuple[Any, Any]:
        site = rng.integers(x.shape[-1], size=(*x.shape[:-1], 1))
        shift = rng.integers(1, levels, size=site.shape)
        proposal = x.copy()
        np.put_along_axis(proposal, site, (np.take_along_axis(x, site, -1) + shift) % levels, -1)
        new = _energies(energy, proposal)
        far = np.isinf(new - old) & np.isfinite(new)  # the difference overflows, its half does not
        halves = _exponents(new / 2 - old / 2, theta / 2)
        log_ratio = np.where(far, halves, _exponents(new - old, theta))
        # -log of a uniform number is exponential, and a comparison of logarithms cannot overflow.
        accepted = rng.standard_exponential(old.shape) >= -log_ratio
        e = np.where(accepted, new, old)
        if np.isnan(new).any() or not np.isfinite(e).all():
            raise ValueError("energy: a state has no probability")
        return np.where(accepted[..., None], proposal, x), e

    return _run(update, energy, start, steps, rng, levels, temperature, k, every)


def heat_bath(
    energy: Callable[[NDArray[np.int64]], ArrayLike],
    start: ArrayLike,
    steps: int,
    *,
    rng: np.random.Generator,
    levels: int = 2,
    temperature: ArrayLike = 1.0,
    k: float = 1.0,
    every: int = 1,
) -> Chain:
    r"""Run heat-bath chains (Gibbs sampling) on sites that each take one of a few values.

    One step picks a site at random and draws its value anew from the Boltzmann distribution of
    that site alone, the others held fixed: softmax of minus the energies of its values.

    Parameters
    ----------
    energy, start, steps, rng, levels, temperature, k, every
        As in `metropolis`.

    Returns
    -------
    Chain
        As in `metropolis`; ``acceptance`` is the share of steps that changed the state.

    Raises
    ------
    TypeError, ValueError
        As in `metropolis`; ValueError also if a site has no probabilities.

    Notes
    -----
    Introduced in chapter 08, which proves that at a constant temperature T > 0 no step raises the
    free energy (Theorem 8.4).

    References
    ----------
    R. J. Glauber, "Time-Dependent Statistics of the Ising Model", J. Math. Phys. 4 (1963)
    294-307, doi:10.1063/1.1703954.

    S. Geman and D. Geman, "Stochastic Relaxation, Gibbs Distributions, and the Bayesian
    Restoration of Images", IEEE Trans. PAMI 6 (1984) 721-741, doi:10.1109/TPAMI.1984.4767596.

    Examples
    --------
    >>> ladder = np.array([0.0, 1.0, 1.5])
    >>> run = heat_bath(lambda x: ladder[x[..., 0]], np.zeros((4000, 1), int), 1,
    ...                 rng=np.random.default_rng(0), levels=3)
    >>> bool(abs(run.energies[-1].mean() - canonical(ladder).mean_energy) < 0.03)
    True
    """

    def update(x: NDArray[np.int64], old: Any, theta: Any) -> tuple[Any, Any]:
        site = rng.integers(x.shape[-1], size=(*x.shape[:-1], 1))
        choices = np.repeat(x[..., None, :], levels, axis=-2)
        values = np.broadcast_to(np.arange(levels)[:, None], (*choices.shape[:-1], 1))
        np.put_along_axis(choices, site[..., None, :], values, -1)
        new = _energies(energy, choices)
        p = _canonical(new, np.ones(levels), np.asarray(theta)[..., None]).probabilities
        if np.isnan(p).any():
            raise ValueError("energy: a site has no probabilities")
        value = _draw(p, rng.random(old.shape))[..., None]
        x = x.copy()
        np.put_along_axis(x, site, value, -1)
        return x, np.take_along_axis(new, value, -1)[..., 0]

    return _run(update, energy, start, steps, rng, levels, temperature, k, every)


def _canonical(levels: Any, weights: Any, theta: Any) -> Canonical:
    """Thermodynamics in units of k, of levels on the last axis; theta = kT has length 1 there."""
    # Between levels of ±1e308 the gap overflows, but not in a unit twice as large.
    far = np.isfinite(levels) & (np.abs(levels) > 8e307)
    unit = 1.0 + far.any(axis=-1, keepdims=True)
    levels, theta = levels / unit, theta / unit
    hot = np.copysign(1.0, theta)
    allowed = np.where(weights > 0, hot * levels, np.inf)
    reference = allowed.min(axis=-1, keepdims=True)
    gaps = np.where(allowed == np.inf, np.inf, allowed - reference)
    x = _exponents(gaps, np.abs(theta))
    x = np.where(np.isinf(reference), np.nan, x)
    a = np.ascontiguousarray(x + np.log(weights))
    p, log_sum = softmax(a), logsumexp(a)
    occupied = p > 0
    mean_x = np.where(occupied, p * x, p).sum(axis=-1)
    variance = np.where(occupied, p * (x - mean_x[..., None]) ** 2, p).sum(axis=-1)
    theta, hot, reference, unit = (a[..., 0] for a in (theta, hot, reference, unit))
    mean = hot * (reference + np.where(occupied, p * gaps, p).sum(axis=-1))
    ground = hot * reference
    total = np.where(x == 0, weights, 0).sum(axis=-1)
    one = np.isinf(theta) & (abs(total - 1) <= x.shape[-1] * 2.0**-52)  # infinity times 0
    free = np.where(one, mean, ground - theta * log_sum)
    log_z = log_sum + _exponents(ground, theta)
    return Canonical(p, log_z, unit * free, unit * mean, log_sum - mean_x, variance)


def _exponents(energy: Any, theta: Any) -> Any:
    """Return -energy / theta where 0 / 0 is 0 and an infinite energy stays infinite."""
    with np.errstate(all="ignore"):
        x = -energy / np.where(np.isinf(energy), np.copysign(1.0, theta), theta)
        return np.where(energy == 0, 0.0, x)


def _draw(p: Any, uniform: Any) -> Any:
    """Invert the cumulative distribution on the last axis of p."""
    cumulative = np.cumsum(p, axis=-1)
    cumulative /= cumulative[..., -1:]  # so that its end is exactly 1, above any uniform number
    return (cumulative <= uniform[..., None]).sum(axis=-1)


def _run(
    update: Callable[..., tuple[Any, Any]],
    energy: Callable[[Any], ArrayLike],
    start: ArrayLike,
    steps: int,
    rng: np.random.Generator,
    levels: int,
    temperature: ArrayLike,
    k: float,
    every: int,
) -> Chain:
    """Apply an update again and again, and keep what is asked for."""
    _need_generator(rng)
    steps = _count("steps", steps, 1)
    levels = _count("levels", levels, 2)
    every = _count("every", every, 1)
    theta = _thermal_energy(temperature, k)
    if theta.shape not in {(), (steps,)}:
        raise ValueError(f"temperature of shape {theta.shape} is neither one number nor {steps}")
    theta = np.broadcast_to(theta, (steps,))
    x = _states(start, levels)
    e = _energies(energy, x)
    if not np.isfinite(e).all():
        raise ValueError("start has a state whose energy is not finite")
    states, energies, moves = [], [], 0.0
    with np.errstate(all="ignore"):
        for step in _with_progress(range(steps)):
            before = x
            x, e = update(x, e, theta[step])
            moves += float(np.count_nonzero((x != before).any(axis=-1)))
            if (step + 1) % every == 0:
                states.append(x)
                energies.append(e)
    kept = (len(states),)
    return Chain(
        np.array(states, dtype=np.int64).reshape(kept + x.shape),
        np.array(energies, dtype=np.float64).reshape(kept + e.shape),
        moves / (steps * max(e.size, 1)),
    )


def _with_progress(steps: Iterable[int]) -> Iterable[int]:
    try:
        tqdm = import_module("tqdm")
    except ModuleNotFoundError:
        return steps
    bar: Iterable[int] = tqdm.tqdm(steps, delay=PATIENCE, leave=False)
    return bar


def _energies(energy: Callable[[Any], ArrayLike], x: Any) -> Any:
    e = np.array(_real(energy(x), "energy"), dtype=np.float64)  # a copy, should it be used again
    if e.shape != x.shape[:-1]:
        raise ValueError(f"energy returned shape {e.shape} for states of shape {x.shape}")
    return e


def _states(start: ArrayLike, levels: int) -> NDArray[np.int64]:
    x = _real(start, "start")
    if x.dtype.kind == "f":
        raise TypeError("start must hold integers")
    if x.ndim == 0 or not x.shape[-1]:
        raise ValueError(f"start of shape {x.shape} has no site")
    x = x.astype(np.int64)
    if ((x < 0) | (x >= levels)).any():
        raise ValueError(f"start has a value outside 0 ... {levels - 1}")
    return np.asarray(x)


def _levels_last(values: Any, axes: tuple[int, ...]) -> Any:
    """Move the given axes to the end and flatten them into one, in float64."""
    kept = [i for i in range(values.ndim) if i not in axes]
    shape = tuple(values.shape[i] for i in kept)
    count = int(np.prod([values.shape[i] for i in axes], dtype=np.int64))
    with np.errstate(all="ignore"):
        return values.transpose(kept + list(axes)).astype(np.float64).reshape((*shape, count))


def _degeneracies(degeneracies: ArrayLike | None, shape: tuple[int, ...]) -> Any:
    if degeneracies is None:
        return np.ones(shape)
    g = _real(degeneracies, "degeneracies").astype(np.float64)
    if not ((g >= 0) & (g < np.inf)).all():
        raise ValueError("degeneracies must be finite and not negative")
    try:
        return np.broadcast_to(g, shape)
    except ValueError as error:
        message = f"degeneracies of shape {g.shape} do not fit energies of shape {shape}"
        raise ValueError(message) from error


def _thermal_energy(temperature: ArrayLike, k: Any) -> Any:
    """Return kT, in which a product too small for a float keeps its sign as a zero."""
    t = _real(temperature, "temperature").astype(np.float64)
    if np.isnan(t).any():
        raise ValueError("temperature is NaN")
    if not isinstance(k, Real):
        raise TypeError(f"k must be a real number, not {k!r}")
    try:
        factor = float(k)
    except OverflowError as error:
        raise ValueError("k is beyond the range of a float") from error
    if not 0 < factor < float("inf"):
        raise ValueError(f"k must be positive and finite, not {k!r}")
    with np.errstate(all="ignore"):
        return factor * t


def _count(name: str, number: Any, least: int) -> int:
    """Return a Python integer, whose products do not overflow."""
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, not {number!r}")
    if number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return int(number)


def _need_generator(rng: Any) -> None:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, not {type(rng).__name__}")
