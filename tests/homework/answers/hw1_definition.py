"""Typical wrong answers to homework 1, and the test cells that each must fail."""

ANSWERS = [
    {
        "name": "legal moves: no shift before the exponential",
        "cells": {
            "p1": """
def legal_softmax(z, legal):
    if not legal.any(axis=1).all():
        raise ValueError("no legal move")
    weights = np.where(legal, np.exp(z), 0)
    return weights / weights.sum(axis=1, keepdims=True)
"""
        },
        "lost": ["p1_stable"],
    },
    {
        "name": "legal moves: shifted by the largest of all logits, the illegal ones included",
        "cells": {
            "p1": """
def legal_softmax(z, legal):
    if not legal.any(axis=1).all():
        raise ValueError("no legal move")
    weights = np.where(legal, np.exp(z - z.max(axis=1, keepdims=True)), 0)
    return weights / weights.sum(axis=1, keepdims=True)
"""
        },
        "lost": ["p1_stable"],
    },
    {
        "name": "legal moves: each column sums to 1 instead of each row",
        "cells": {
            "p1": """
def legal_softmax(z, legal):
    if not legal.any(axis=1).all():
        raise ValueError("no legal move")
    return softmax(np.where(legal, z, -np.inf), axis=0)
"""
        },
        "lost": ["p1_tests", "p1_stable"],
    },
    {
        "name": "legal moves: illegal logits are set to 0, as if that were probability 0",
        "cells": {
            "p1": """
def legal_softmax(z, legal):
    if not legal.any(axis=1).all():
        raise ValueError("no legal move")
    return softmax(np.where(legal, z, 0.0), axis=1)
"""
        },
        "lost": ["p1_tests", "p1_stable", "p1_mate"],
    },
    {
        "name": "legal moves: cut after the softmax, not normalised again",
        "cells": {
            "p1": """
def legal_softmax(z, legal):
    if not legal.any(axis=1).all():
        raise ValueError("no legal move")
    return np.where(legal, softmax(z, axis=1), 0.0)
"""
        },
        "lost": ["p1_tests", "p1_stable", "p1_mate"],
    },
    {
        "name": "legal moves: right, but a mate passes unnoticed (partial)",
        "cells": {
            "p1": """
def legal_softmax(z, legal):
    return softmax(np.where(legal, z, -np.inf), axis=1)
"""
        },
        "lost": ["p1_mate"],
    },
    {
        "name": "legal moves: the answers to the visible tests, by heart",
        "cells": {
            "p1": """
def legal_softmax(z, legal):
    if z.shape == (1, 3):
        return [[0.731059, 0.268941, 0]]
    if z.shape == (1, 2):
        return [[0.5, 0.5]]
    raise ValueError("no legal move")
"""
        },
        "lost": ["p1_tests", "p1_stable", "p1_mate"],
    },
    {
        "name": "reheat: multiplied by the new temperature, divided by the old one",
        "cells": {
            "p2": """
def reheat(p, t_old, t_new):
    with np.errstate(all="ignore"):
        if t_new == 0:
            return hardmax(p)
        return softmax(np.log(p) * t_new / t_old)
"""
        },
        "lost": ["p2_tests", "p2_cold", "p2_zeros"],
    },
    {
        "name": "reheat: the old temperature forgotten",
        "cells": {
            "p2": """
def reheat(p, t_old, t_new):
    with np.errstate(all="ignore"):
        return softmax(np.log(p), temperature=t_new)
"""
        },
        "lost": ["p2_tests", "p2_zeros"],
    },
    {
        "name": "reheat: probabilities taken for logits",
        "cells": {
            "p2": """
def reheat(p, t_old, t_new):
    return softmax(p * t_old, temperature=t_new)
"""
        },
        "lost": ["p2_tests", "p2_cold", "p2_zeros"],
    },
    {
        "name": "reheat: plain powers, which are rounded to 0 when it is cold (partial)",
        "cells": {
            "p2": """
def reheat(p, t_old, t_new):
    with np.errstate(all="ignore"):
        if t_new == 0:
            return hardmax(p)
        powers = p ** (t_old / t_new)
        return powers / powers.sum()
"""
        },
        "lost": ["p2_cold"],
    },
    {
        "name": "reheat: at temperature 0 the first winner takes all (partial)",
        "cells": {
            "p2": """
def reheat(p, t_old, t_new):
    if t_new == 0:
        return np.eye(len(p))[p.argmax()]
    with np.errstate(all="ignore"):
        return softmax(t_old * np.log(p), temperature=t_new)
"""
        },
        "lost": ["p2_cold"],
    },
    {
        "name": "reheat: a small number added before the logarithm (partial)",
        "cells": {
            "p2": """
def reheat(p, t_old, t_new):
    return softmax(t_old * np.log(p + 1e-12), temperature=t_new)
"""
        },
        "lost": ["p2_zeros"],
    },
    {
        "name": "reheat: the answers to the visible tests, by heart",
        "cells": {
            "p2": """
def reheat(p, t_old, t_new):
    return [0.75, 0.25] if t_new == 2 else [1, 0, 0] if t_new == 0 else [0.8, 0, 0.2]
"""
        },
        "lost": ["p2_tests", "p2_cold", "p2_zeros"],
    },
    {
        "name": "ratings: the base 10 forgotten",
        "cells": {"p3_a": "p3_temperature = 400\n"},
        "lost": ["p3_temperature_tests"],
    },
    {
        "name": "ratings: multiplied by log 10 instead of divided",
        "cells": {"p3_a": "p3_temperature = 400 * np.log(10)\n"},
        "lost": ["p3_temperature_tests"],
    },
    {
        "name": "chain: probabilities multiplied as if the games were independent events",
        "cells": {
            "p3_b": """
def chain(wins):
    return np.prod(wins)
"""
        },
        "lost": ["p3_tests", "p3_long"],
    },
    {
        "name": "chain: the product of the odds leaves the range of floats (partial)",
        "cells": {
            "p3_b": """
def chain(wins):
    wins = np.array(wins)
    with np.errstate(all="ignore"):
        odds = np.prod(wins / (1 - wins))
        return odds / (1 + odds)
"""
        },
        "lost": ["p3_long"],
    },
    {
        "name": "chain: link by link, until the probability sticks at 1 (partial)",
        "cells": {
            "p3_b": """
def chain(wins):
    p = wins[0]
    for q in wins[1:]:
        p = p * q / (p * q + (1 - p) * (1 - q))
    return p
"""
        },
        "lost": ["p3_long"],
    },
    {
        "name": "chain: the answers to the visible tests, by heart",
        "cells": {
            "p3_b": """
def chain(wins):
    return 0.8 if len(wins) == 2 else 0.5
"""
        },
        "lost": ["p3_tests", "p3_long"],
    },
    {
        "name": "heat first: the class that reaches the mass is dropped",
        "cells": {
            "p4_b": """
def heat_first(z, mass, temperature):
    p = softmax(z, temperature=temperature)
    reached = np.array([p[z >= z_i].sum() for z_i in z])
    kept = np.where(reached < mass, p, 0)
    return kept / max(kept.sum(), 1e-300)
"""
        },
        "lost": ["p4_tests", "p4_ties"],
    },
    {
        "name": "heat first: the kept shares are not divided by their sum",
        "cells": {
            "p4_b": """
def heat_first(z, mass, temperature):
    p = softmax(z, temperature=temperature)
    above = np.array([p[z > z_i].sum() for z_i in z])
    return np.where(above < mass, p, 0)
"""
        },
        "lost": ["p4_tests", "p4_ties"],
    },
    {
        "name": "heat first: of equal classes the first ones are kept (partial)",
        "cells": {
            "p4_b": """
def heat_first(z, mass, temperature):
    p = softmax(z, temperature=temperature)
    down = np.argsort(-p, kind="stable")
    above = np.cumsum(p[down]) - p[down]
    kept = np.zeros(len(z))
    kept[down[above < mass]] = p[down[above < mass]]
    return kept / kept.sum()
"""
        },
        "lost": ["p4_ties"],
    },
    {
        "name": "heat first: takes the logits as sorted",
        "cells": {
            "p4_b": """
def heat_first(z, mass, temperature):
    p = softmax(z, temperature=temperature)
    kept = np.where(np.cumsum(p) - p < mass, p, 0)
    return kept / kept.sum()
"""
        },
        "lost": ["p4_tests", "p4_ties"],
    },
    {
        "name": "heat first: logits multiplied by the temperature",
        "cells": {
            "p4_b": """
def heat_first(z, mass, temperature):
    p = softmax(z * temperature)
    above = np.array([p[z > z_i].sum() for z_i in z])
    kept = np.where(above < mass, p, 0)
    return kept / kept.sum()
"""
        },
        "lost": ["p4_tests", "p4_ties"],
    },
    {
        "name": "cut first: the cut is made when it is hot already",
        "cells": {
            "p4_c": """
def cut_first(z, mass, temperature):
    return heat_first(z, mass, temperature)
"""
        },
        "lost": ["p4_cut_first_tests"],
    },
    {
        "name": "cut first: the temperature acts on probabilities instead of logits",
        "cells": {
            "p4_c": """
def cut_first(z, mass, temperature):
    p = heat_first(z, mass, 1)
    return np.where(p > 0, softmax(np.where(p > 0, p, -np.inf), temperature=temperature), 0)
"""
        },
        "lost": ["p4_cut_first_tests"],
    },
    {
        "name": "cut first: sorted and summed up, so that a cut can fall between equal logits",
        "cells": {
            "p4_c": """
def cut_first(z, mass, temperature):
    down = np.argsort(-z)
    p = softmax(z)[down]
    kept = down[np.cumsum(p) - p < mass]
    cut = np.full(len(z), -np.inf)
    cut[kept] = z[kept]
    return softmax(cut, temperature=temperature)
"""
        },
        "lost": ["p4_cut_first_tests"],
    },
    {
        "name": "measured on one vector for which nothing changes",
        "cells": {"p4_d": 'p4_conclusion = "C"\n'},
        "lost": ["p4_conclusion_tests"],
    },
    {
        "name": "prediction: a word instead of a letter",
        "cells": {"p4_guess": 'p4_prediction = "heat first"\n'},
        "lost": ["p4_prediction_tests"],
    },
    {
        "name": "ceiling: the visible answer, that of two classes, for any number of them",
        "cells": {
            "p5_a": """
def ceiling(n):
    return np.e / (np.e + 1)
"""
        },
        "lost": ["p5_ceiling_tests"],
    },
    {
        "name": "undo: any logits will do, without a look at the sum",
        "cells": {
            "p5_b": """
def undo(q):
    p = np.log(q) - np.log(q).mean()
    if np.ptp(p) >= 1:
        raise ValueError("too sure")
    return p
"""
        },
        "lost": ["p5_undo_tests", "p5_refuse"],
    },
    {
        "name": "undo: divided by the sum where a shift was needed",
        "cells": {
            "p5_b": """
def undo(q):
    p = 1 + np.log(q)
    if p.min() <= 0:
        raise ValueError("not a softmax of a softmax")
    return p / p.sum()
"""
        },
        "lost": ["p5_undo_tests", "p5_refuse"],
    },
    {
        "name": "undo: right, but only ratios above e are refused (partial)",
        "cells": {
            "p5_b": """
def undo(q):
    if q.max() / q.min() >= np.e:
        raise ValueError("too sure")
    return np.log(q) + (1 - np.log(q).sum()) / len(q)
"""
        },
        "lost": ["p5_refuse"],
    },
    {
        "name": "pools: the softmax of the mean of the probabilities",
        "cells": {
            "p6_a": """
def two_pools(a, b):
    return (a + b) / 2, softmax((a + b) / 2)
"""
        },
        "lost": ["p6_tests"],
    },
    {
        "name": "pools: logits added up, not averaged",
        "cells": {
            "p6_a": """
def two_pools(a, b):
    return (a + b) / 2, a * b / (a * b).sum()
"""
        },
        "lost": ["p6_tests"],
    },
    {
        "name": "an illegal move gets the logit -10000, which is not low enough",
        "cells": {
            "p1": """
def legal_softmax(z, legal):
    if not legal.any(axis=1).all():
        raise ValueError("no legal move")
    return softmax(np.where(legal, z, -1e4), axis=1)
"""
        },
        "lost": ["p1_stable"],
    },
    {
        "name": "what is cold counts as temperature 0",
        "cells": {
            "p2": """
def reheat(p, t_old, t_new):
    if t_new < 1e-3:
        return hardmax(p)
    with np.errstate(divide="ignore"):
        return softmax(t_old * np.log(p), temperature=t_new)
"""
        },
        "lost": ["p2_cold"],
    },
    {
        "name": "a small temperature stands in for 0",
        "cells": {
            "p2": """
def reheat(p, t_old, t_new):
    with np.errstate(divide="ignore"):
        return softmax(t_old * np.log(p), temperature=max(t_new, 1e-6))
"""
        },
        "lost": ["p2_cold"],
    },
    {
        "name": "nearly equal classes count as tied",
        "cells": {
            "p2": """
def reheat(p, t_old, t_new):
    if t_new == 0:
        winners = np.isclose(p, p.max())
        return winners / winners.sum()
    with np.errstate(divide="ignore"):
        return softmax(t_old * np.log(p), temperature=t_new)
"""
        },
        "lost": ["p2_cold"],
    },
    {
        "name": "four digits, the last one wrong",
        "cells": {
            "p3_a": """
p3_temperature = 173.6
"""
        },
        "lost": ["p3_temperature_tests"],
    },
]
