"""Typical wrong answers to homework 4, and the test cells that each must fail."""

ANSWERS = [
    {
        "name": "voltage: wrong sign of the energy",
        "cells": {
            "p1": """
def membrane_voltage(inside, outside, z, celsius):
    return constants.k * (celsius + 273.15) * np.log(inside / outside) / (z * constants.e)
"""
        },
        "lost": ["p1_tests", "p1_charge"],
    },
    {
        "name": "voltage: degrees Celsius taken for kelvin",
        "cells": {
            "p1": """
def membrane_voltage(inside, outside, z, celsius):
    return constants.k * celsius * np.log(outside / inside) / (z * constants.e)
"""
        },
        "lost": ["p1_tests", "p1_charge"],
    },
    {
        "name": "voltage: the charge number left out (partial)",
        "cells": {
            "p1": """
def membrane_voltage(inside, outside, z, celsius):
    return constants.k * (celsius + 273.15) * np.log(outside / inside) / constants.e
"""
        },
        "lost": ["p1_charge"],
    },
    {
        "name": "voltage: decimal logarithm",
        "cells": {
            "p1": """
def membrane_voltage(inside, outside, z, celsius):
    return constants.k * (celsius + 273.15) * np.log10(outside / inside) / (z * constants.e)
"""
        },
        "lost": ["p1_tests", "p1_charge"],
    },
    {
        "name": "voltage: the visible tests' answers by heart",
        "cells": {
            "p1": """
def membrane_voltage(inside, outside, z, celsius):
    return -0.0890587 if z == 1 else -0.0615404
"""
        },
        "lost": ["p1_tests", "p1_charge"],
    },
    {
        "name": "shares: degeneracies forgotten (partial)",
        "cells": {
            "p2": """
def shares_at(shares, degeneracies, t_from, t_to):
    return softmax(np.log(shares) * t_from / t_to)
"""
        },
        "lost": ["p2_degeneracy", "p2_cold"],
    },
    {
        "name": "shares: degeneracies raised to a power, as if they were Boltzmann factors",
        "cells": {
            "p2": """
def shares_at(shares, degeneracies, t_from, t_to):
    return softmax((np.log(shares) + np.log(degeneracies)) * t_from / t_to)
"""
        },
        "lost": ["p2_degeneracy", "p2_cold"],
    },
    {
        "name": "shares: beta where T belongs",
        "cells": {
            "p2": """
def shares_at(shares, degeneracies, t_from, t_to):
    g = np.asarray(degeneracies, dtype=float)
    return softmax(np.log(np.asarray(shares) / g) * t_to / t_from + np.log(g))
"""
        },
        "lost": ["p2_tests", "p2_degeneracy", "p2_cold"],
    },
    {
        "name": "shares: powers without logarithms and without a shift (partial)",
        "cells": {
            "p2": """
def shares_at(shares, degeneracies, t_from, t_to):
    g = np.asarray(degeneracies, dtype=float)
    weights = g * (np.asarray(shares) / g) ** (t_from / t_to)
    return weights / weights.sum()
"""
        },
        "lost": ["p2_cold"],
    },
    {
        "name": "free energy: minus log Z without T",
        "cells": {
            "p3": """
def free_energy_change(delta, t):
    x = -np.asarray(delta, dtype=float) / t
    return -(logsumexp(x) - np.log(x.size))
"""
        },
        "lost": ["p3_tests", "p3_stable"],
    },
    {
        "name": "free energy: a sum where a mean belongs",
        "cells": {
            "p3": """
def free_energy_change(delta, t):
    return -t * logsumexp(-np.asarray(delta, dtype=float) / t)
"""
        },
        "lost": ["p3_tests", "p3_stable"],
    },
    {
        "name": "free energy: wrong sign of the energy",
        "cells": {
            "p3": """
def free_energy_change(delta, t):
    x = np.asarray(delta, dtype=float) / t
    return -t * (logsumexp(x) - np.log(x.size))
"""
        },
        "lost": ["p3_tests", "p3_stable"],
    },
    {
        "name": "free energy: no shift before the exponential (partial)",
        "cells": {
            "p3": """
def free_energy_change(delta, t):
    return -t * np.log(np.mean(np.exp(-np.asarray(delta) / t)))
"""
        },
        "lost": ["p3_stable"],
    },
    {
        "name": "bracket: the two means exchanged",
        "cells": {
            "p3_levels": """
def bracket(e_a, e_b, t):
    a, b = canonical(e_a, temperature=t), canonical(e_b, temperature=t)
    delta = np.subtract(e_b, e_a)
    return b.probabilities @ delta, b.free_energy - a.free_energy, a.probabilities @ delta
"""
        },
        "lost": ["p3_bracket"],
    },
    {
        "name": "bracket: the temperature left out",
        "cells": {
            "p3_levels": """
def bracket(e_a, e_b, t):
    a, b = canonical(e_a), canonical(e_b)
    delta = np.subtract(e_b, e_a)
    return a.probabilities @ delta, b.free_energy - a.free_energy, b.probabilities @ delta
"""
        },
        "lost": ["p3_bracket"],
    },
    {
        "name": "crystals: the larger number is taken for the hotter one",
        "cells": {"p4_guess": "p4_prediction = [-4, -1, 2, 5]"},
        "lost": ["p4_prediction"],
    },
    {
        "name": "crystals: from the hottest to the coldest",
        "cells": {"p4_guess": "p4_prediction = [-1, -4, 5, 2]"},
        "lost": ["p4_prediction"],
    },
    {
        "name": "crystals: entropy in bits (partial)",
        "cells": {
            "p4": """
def touch(e_a, n_a, beta_a, e_b, n_b, beta_b):
    a, b = np.asarray(e_a) - np.min(e_a), np.asarray(e_b) - np.min(e_b)

    def U(e, n, beta):
        return n * (softmax(-beta * e) @ e)

    def S(e, n, beta):
        p = softmax(-beta * e)
        return -n * (p @ np.log2(p))

    total = U(a, n_a, beta_a) + U(b, n_b, beta_b)
    beta = beta_a
    if beta_a != beta_b:
        beta = optimize.brentq(lambda x: U(a, n_a, x) + U(b, n_b, x) - total, beta_a, beta_b)
    gain = S(a, n_a, beta) + S(b, n_b, beta) - S(a, n_a, beta_a) - S(b, n_b, beta_b)
    return beta, U(a, n_a, beta_a) - U(a, n_a, beta), gain
"""
        },
        "lost": ["p4_entropy"],
    },
    {
        "name": "crystals: no shift, the origin of the energies matters (partial)",
        "cells": {
            "p4": """
def touch(e_a, n_a, beta_a, e_b, n_b, beta_b):
    a, b = np.asarray(e_a, dtype=float), np.asarray(e_b, dtype=float)

    def state(e, n, beta):
        w = np.exp(-beta * e)
        p = w / w.sum()
        return n * (p @ e), -n * (p @ np.log(p))

    (u_a, s_a), (u_b, s_b) = state(a, n_a, beta_a), state(b, n_b, beta_b)
    beta = beta_a
    if beta_a != beta_b:
        def surplus(x):
            return state(a, n_a, x)[0] + state(b, n_b, x)[0] - u_a - u_b
        beta = optimize.brentq(surplus, beta_a, beta_b)
    (v_a, r_a), (v_b, r_b) = state(a, n_a, beta), state(b, n_b, beta)
    return beta, u_a - v_a, r_a + r_b - s_a - s_b
"""
        },
        "lost": ["p4_origin"],
    },
    {
        "name": "crystals: the coldness is looked for between -10 and 10 (partial)",
        "cells": {
            "p4": """
def touch(e_a, n_a, beta_a, e_b, n_b, beta_b):
    a, b = np.asarray(e_a) - np.min(e_a), np.asarray(e_b) - np.min(e_b)

    def U(beta):
        return n_a * (softmax(-beta * a) @ a) + n_b * (softmax(-beta * b) @ b)

    def S(e, n, beta):
        return n * (logsumexp(-beta * e) + beta * (softmax(-beta * e) @ e))

    total = n_a * (softmax(-beta_a * a) @ a) + n_b * (softmax(-beta_b * b) @ b)
    beta = optimize.brentq(lambda x: U(x) - total, -10, 10)
    heat = n_a * (softmax(-beta_a * a) @ a - softmax(-beta * a) @ a)
    return beta, heat, S(a, n_a, beta) + S(b, n_b, beta) - S(a, n_a, beta_a) - S(b, n_b, beta_b)
"""
        },
        "lost": ["p4_tests"],
    },
    {
        "name": "crystals: heat with the sign of what A gains",
        "cells": {
            "p4": """
def touch(e_a, n_a, beta_a, e_b, n_b, beta_b):
    a, b = np.asarray(e_a) - np.min(e_a), np.asarray(e_b) - np.min(e_b)

    def U(e, n, beta):
        return n * (softmax(-beta * e) @ e)

    def S(e, n, beta):
        return n * logsumexp(-beta * e) + beta * U(e, n, beta)

    total = U(a, n_a, beta_a) + U(b, n_b, beta_b)
    beta = beta_a
    if beta_a != beta_b:
        beta = optimize.brentq(lambda x: U(a, n_a, x) + U(b, n_b, x) - total, beta_a, beta_b)
    gain = S(a, n_a, beta) + S(b, n_b, beta) - S(a, n_a, beta_a) - S(b, n_b, beta_b)
    return beta, U(a, n_a, beta) - U(a, n_a, beta_a), gain
"""
        },
        "lost": ["p4_tests"],
    },
    {
        "name": "crystals: the mean coldness instead of a conserved energy",
        "cells": {
            "p4": """
def touch(e_a, n_a, beta_a, e_b, n_b, beta_b):
    a, b = np.asarray(e_a) - np.min(e_a), np.asarray(e_b) - np.min(e_b)

    def state(e, n, beta):
        p = softmax(-beta * e)
        return n * (p @ e), -n * (p @ np.log(p))

    beta = (n_a * beta_a + n_b * beta_b) / (n_a + n_b)
    gain = state(a, n_a, beta)[1] + state(b, n_b, beta)[1]
    gain -= state(a, n_a, beta_a)[1] + state(b, n_b, beta_b)[1]
    return beta, state(a, n_a, beta_a)[0] - state(a, n_a, beta)[0], gain
"""
        },
        "lost": ["p4_tests", "p4_entropy"],
    },
    {
        "name": "walk: predicted Boltzmann, and computed it instead of measuring",
        "cells": {
            "p5_measure": """
p5_prediction = "A"
p5_shares = softmax(-ENERGIES / THERMAL)
"""
        },
        "lost": ["p5_measured"],
    },
    {
        "name": "walk: a column of probabilities multiplied from the right",
        "cells": {
            "p5_measure": """
p5_prediction = "B"
p5_shares = np.ones(5) / 5
for _ in range(5000):
    p5_shares = hop_matrix(LINKS, ENERGIES, THERMAL) @ p5_shares
"""
        },
        "lost": ["p5_measured"],
    },
    {
        "name": "walk: five steps only, far from the long run",
        "cells": {
            "p5_measure": """
p5_prediction = "B"
p5_shares = np.linalg.matrix_power(hop_matrix(LINKS, ENERGIES, THERMAL), 5)[0]
"""
        },
        "lost": ["p5_measured"],
    },
    {
        "name": "walk: sites with many neighbours are believed to get less",
        "cells": {
            "p5_measure": """
p5_prediction = "C"
p5_shares = np.linalg.matrix_power(hop_matrix(LINKS, ENERGIES, THERMAL), 5000)[0]
"""
        },
        "lost": ["p5_measured"],
    },
    {
        "name": "repair: the quotient of the numbers of neighbours upside down",
        "cells": {
            "p5_repair": """
def repaired_matrix(links, energies, t):
    links, energies = np.asarray(links), np.asarray(energies)
    d = links.sum(axis=1)
    odds = np.exp((energies[:, None] - energies[None, :]) / t) * d[None, :] / d[:, None]
    K = links / d[:, None] * np.minimum(1, odds)
    return K + np.diag(1 - K.sum(axis=1))
"""
        },
        "lost": ["p5_balance", "p5_best"],
    },
    {
        "name": "repair: nothing repaired",
        "cells": {
            "p5_repair": """
def repaired_matrix(links, energies, t):
    links, energies = np.asarray(links), np.asarray(energies)
    accept = np.minimum(1, np.exp((energies[:, None] - energies[None, :]) / t))
    K = links / links.sum(axis=1, keepdims=True) * accept
    return K + np.diag(1 - K.sum(axis=1))
"""
        },
        "lost": ["p5_balance", "p5_best"],
    },
    {
        "name": "repair: proposals divided by the largest number of neighbours (partial)",
        "cells": {
            "p5_repair": """
def repaired_matrix(links, energies, t):
    links, energies = np.asarray(links), np.asarray(energies)
    accept = np.minimum(1, np.exp((energies[:, None] - energies[None, :]) / t))
    K = links / links.sum(axis=1).max() * accept
    return K + np.diag(1 - K.sum(axis=1))
"""
        },
        "lost": ["p5_best"],
    },
    {
        "name": "copies: heat capacity without the division by T squared",
        "cells": {
            "p6_general": """
def copies_needed(energies, t, relative):
    E = np.asarray(energies, dtype=float)
    p = softmax(-E / t)
    return 1 / (p @ (E - p @ E) ** 2 * relative**2)
"""
        },
        "lost": ["p6_copies"],
    },
    {
        "name": "copies: relative error not squared",
        "cells": {
            "p6_general": """
def copies_needed(energies, t, relative):
    return 1 / (canonical(energies, temperature=t).heat_capacity * relative)
"""
        },
        "lost": ["p6_copies"],
    },
    {
        "name": "copies: no shift, the ground state energy is not subtracted",
        "cells": {
            "p6_general": """
def copies_needed(energies, t, relative):
    E = np.asarray(energies, dtype=float)
    w = np.exp(-E / t)
    p = w / w.sum()
    return t**2 / (p @ (E - p @ E) ** 2 * relative**2)
"""
        },
        "lost": ["p6_copies"],
    },
    {
        "name": "copies: the visible test's answer by heart",
        "cells": {
            "p6_general": """
def copies_needed(energies, t, relative):
    return 12715.4032
"""
        },
        "lost": ["p6_copies"],
    },
    {
        "name": "best gap: T in units of the gap instead of the gap in units of T",
        "cells": {"p6_choice": "p6_gap, p6_count = 0.4167783, 22767.18"},
        "lost": ["p6_best"],
    },
    {
        "name": "design: one gap, the best one for the middle of the range",
        "cells": {"p7": "p7_gaps, p7_numbers = [7.6], [200_000]"},
        "lost": ["p7_design", "p7_few"],
    },
    {
        "name": "design: equal shares, more than needed (partial)",
        "cells": {
            "p7": """
p7_gaps = np.geomspace(0.2, 200, 7)
p7_numbers = np.full(7, 21_000)
"""
        },
        "lost": ["p7_few"],
    },
    {
        "name": "bracket: the wrong letter",
        "cells": {
            "p3_letter": """
p3_lower = "A"
"""
        },
        "lost": ["p3_lower"],
    },
    {
        "name": "thermometer: four digits where five are asked for",
        "cells": {
            "p6_choice": """
p6_gap, p6_count = 2.3992, 22769
"""
        },
        "lost": ["p6_best"],
    },
]
