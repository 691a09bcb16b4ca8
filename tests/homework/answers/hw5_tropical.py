"""Typical wrong answers to homework 5, and the test cells that each must lose."""

ANSWERS = [
    {
        "name": "exponentials of the levels overflow",
        "cells": {
            "p1": """
def take_back(total, part, T):
    if part > total:
        raise ValueError("too much")
    with np.errstate(all="ignore"):
        return T * np.log(np.exp(total / T) - np.exp(part / T))
"""
        },
        "lost": ["p1_stable"],
    },
    {
        "name": "a tiny difference is lost in 1 - exp",
        "cells": {
            "p1": """
def take_back(total, part, T):
    if part > total:
        raise ValueError("too much")
    with np.errstate(divide="ignore"):
        return total + T * np.log(1 - np.exp((part - total) / T))
"""
        },
        "lost": ["p1_stable"],
    },
    {
        "name": "the logarithm without its factor T",
        "cells": {
            "p1": """
def take_back(total, part, T):
    if part > total:
        raise ValueError("too much")
    if part == total:
        return -np.inf
    return total + np.log(-np.expm1((part - total) / T))
"""
        },
        "lost": ["p1_tests", "p1_stable"],
    },
    {
        "name": "the zero is taken for 0",
        "cells": {
            "p1": """
def take_back(total, part, T):
    if part > total:
        raise ValueError("too much")
    if part == total:
        return 0.0
    return total + T * np.log(-np.expm1((part - total) / T))
"""
        },
        "lost": ["p1_edges"],
    },
    {
        "name": "levels are subtracted",
        "cells": {
            "p1": """
def take_back(total, part, T):
    if part > total:
        raise ValueError("too much")
    return total - part
"""
        },
        "lost": ["p1_tests", "p1_edges", "p1_stable"],
    },
    {
        "name": "the visible level, typed in",
        "cells": {
            "p1": """
def take_back(total, part, T):
    return 59.979376 if part > 0 else total
"""
        },
        "lost": ["p1_tests", "p1_edges", "p1_stable"],
    },
    {
        "name": "the maximum of the conditions instead of the minimum",
        "cells": {"p2": "def latest(A, d):\n    return (d[:, None] - A).max(axis=0)\n"},
        "lost": ["p2_tests", "p2_infinite"],
    },
    {
        "name": "missing roads count as 0 minutes",
        "cells": {
            "p2": """
def latest(A, d):
    return (d[:, None] - np.where(A > -np.inf, A, 0)).min(axis=0)
"""
        },
        "lost": ["p2_infinite"],
    },
    {
        "name": "rows and columns are exchanged",
        "cells": {"p2": "def latest(A, d):\n    return (d - A).min(axis=1)\n"},
        "lost": ["p2_tests", "p2_infinite"],
    },
    {
        "name": "minus infinity plus infinity becomes NaN",
        "cells": {
            "p2_spare": """
def spare(A, d):
    x = (d[:, None] - A).min(axis=0)
    with np.errstate(invalid="ignore"):
        return d - (A + x).max(axis=1)
"""
        },
        "lost": ["p2_spare_infinite"],
    },
    {
        "name": "a hall waits for the first van instead of the last",
        "cells": {
            "p2_spare": """
def spare(A, d):
    x = (d[:, None] - A).min(axis=0)
    return d - MIN_PLUS.matmul(np.where(A > -np.inf, A, np.inf), x)
"""
        },
        "lost": ["p2_spare_tests", "p2_spare_infinite"],
    },
    {
        "name": "the ordinary product of matrices",
        "cells": {
            "p2_spare": """
def spare(A, d):
    x = (d[:, None] - A).min(axis=0)
    with np.errstate(invalid="ignore"):
        return d - A @ x
"""
        },
        "lost": ["p2_spare_tests", "p2_spare_infinite"],
    },
    {
        "name": "the weight of the best cycle, not divided by its length",
        "cells": {
            "p3": """
def rhythm(A):
    return max(np.diag(MAX_PLUS.power(A, k)).max() for k in range(1, len(A) + 1))
"""
        },
        "lost": ["p3_tests", "p3_missing", "p3_large"],
    },
    {
        "name": "loops and cycles of two steps only",
        "cells": {
            "p3": """
def rhythm(A):
    return max(np.diag(MAX_PLUS.power(A, k)).max() / k for k in range(1, min(len(A), 2) + 1))
"""
        },
        "lost": ["p3_tests", "p3_missing", "p3_large"],
    },
    {
        "name": "missing entries count as 0",
        "cells": {
            "p3": """
def rhythm(A):
    A = np.where(A > -np.inf, A, 0.0)
    return max(np.diag(MAX_PLUS.power(A, k)).max() / k for k in range(1, len(A) + 1))
"""
        },
        "lost": ["p3_missing"],
    },
    {
        "name": "the smallest cycle mean, over min-plus",
        "cells": {
            "p3": """
def rhythm(A):
    A = np.where(A > -np.inf, A, np.inf)
    return min(np.diag(MIN_PLUS.power(A, k)).min() / k for k in range(1, len(A) + 1))
"""
        },
        "lost": ["p3_tests", "p3_missing", "p3_large"],
    },
    {
        "name": "only cycles that the first line can reach",
        "cells": {
            "p3": """
def rhythm(A):
    n = len(A)
    best = np.full((n + 1, n), -np.inf)
    best[0, 0] = 0
    for k in range(n):
        best[k + 1] = (best[k][:, None] + A).max(axis=0)
    means = [-np.inf]
    for v in np.flatnonzero(best[n] > -np.inf):
        means.append(min((best[n, v] - best[k, v]) / (n - k) for k in range(n)))
    return max(means)
"""
        },
        "lost": ["p3_missing"],
    },
    {
        "name": "the growth over a hundred steps, which is only near",
        "cells": {
            "p3": """
def rhythm(A):
    x = np.zeros(len(A))
    for _ in range(100):
        x = MAX_PLUS.matmul(A, x)
    return x.max() / 100
"""
        },
        "lost": ["p3_tests", "p3_missing"],
    },
    {
        "name": "roots without their multiplicity",
        "cells": {
            "p4": """
def switch_points(fees):
    roots, i = [], len(fees) - 1
    while i > 0:
        ties = [(fees[j] - fees[i]) / (i - j) for j in range(i)]
        roots, i = [*roots, min(ties)], ties.index(min(ties))
    return np.array(roots)
"""
        },
        "lost": ["p4_tests", "p4_missing"],
    },
    {
        "name": "the slopes themselves, with the wrong sign",
        "cells": {
            "p4": """
def switch_points(fees):
    roots, i = [], len(fees) - 1
    while i > 0:
        ties = [(fees[j] - fees[i]) / (i - j) for j in range(i)]
        roots, i = roots + [-min(ties)] * (i - ties.index(min(ties))), ties.index(min(ties))
    return np.array(roots)
"""
        },
        "lost": ["p4_tests", "p4_missing"],
    },
    {
        "name": "neighbouring tariffs only, as if none were useless",
        "cells": {
            "p4": """
def switch_points(fees):
    with np.errstate(invalid="ignore"):
        return np.sort(-np.diff(fees))
"""
        },
        "lost": ["p4_tests", "p4_missing"],
    },
    {
        "name": "the upper hull of max-plus instead of the lower one",
        "cells": {
            "p4": """
def switch_points(fees):
    fees, roots, i = np.where(fees < np.inf, fees, -np.inf), [], len(fees) - 1
    while i > 0:
        ties = [(fees[j] - fees[i]) / (i - j) for j in range(i)]
        roots, i = roots + [max(ties)] * (i - ties.index(max(ties))), ties.index(max(ties))
    return np.sort(roots)
"""
        },
        "lost": ["p4_tests", "p4_missing"],
    },
    {
        "name": "tariffs not on offer are dropped, and the others numbered anew",
        "cells": {
            "p4": """
def switch_points(fees):
    fees, roots = fees[fees < np.inf], []
    i = len(fees) - 1
    while i > 0:
        ties = [(fees[j] - fees[i]) / (i - j) for j in range(i)]
        roots, i = roots + [min(ties)] * (i - ties.index(min(ties))), ties.index(min(ties))
    return np.array(roots)
"""
        },
        "lost": ["p4_missing"],
    },
    {
        "name": "the visible switch points, typed in",
        "cells": {
            "p4": """
def switch_points(fees):
    return np.array([2.5, 2.5, 7]) if len(fees) == 4 else np.array([3.0, 3.0])
"""
        },
        "lost": ["p4_tests", "p4_missing"],
    },
    {
        "name": "the points are not put in order",
        "cells": {
            "p4_back": """
def design(points, last_fee):
    return last_fee + np.append(0, np.cumsum(points[::-1]))[::-1]
"""
        },
        "lost": ["p4_back_tests"],
    },
    {
        "name": "the largest point first, as over max-plus",
        "cells": {
            "p4_back": """
def design(points, last_fee):
    return last_fee + np.append(0, np.cumsum(np.sort(points)[::-1]))[::-1]
"""
        },
        "lost": ["p4_back_tests"],
    },
    {
        "name": "T log without T",
        "cells": {
            "p5": """
def soft_cost(costs, T):
    soft = np.full((costs.shape[0] + 1, costs.shape[1] + 1), np.inf)
    soft[0, 1] = 0
    for r, c in np.ndindex(*costs.shape):
        a, b = sorted((soft[r, c + 1], soft[r + 1, c]))
        rest = np.log1p(np.exp((a - b) / T)) if T > 0 and a < np.inf else 0
        soft[r + 1, c + 1] = costs[r, c] + a - rest
    return soft[-1, -1]
"""
        },
        "lost": ["p5_tests", "p5_cold"],
    },
    {
        "name": "the soft maximum of the costs, over the semiring of +T",
        "cells": {
            "p5": """
def soft_cost(costs, T):
    S = log_semiring(float(T))
    soft = np.full((costs.shape[0] + 1, costs.shape[1] + 1), S.zero)
    soft[0, 1] = 0
    for r, c in np.ndindex(*costs.shape):
        soft[r + 1, c + 1] = costs[r, c] + S.add(soft[r, c + 1], soft[r + 1, c])
    return soft[-1, -1]
"""
        },
        "lost": ["p5_tests", "p5_cold"],
    },
    {
        "name": "0 instead of infinity outside the marsh",
        "cells": {
            "p5": """
def soft_cost(costs, T):
    S = log_semiring(-float(T))
    soft = np.zeros((costs.shape[0] + 1, costs.shape[1] + 1))
    for r, c in np.ndindex(*costs.shape):
        soft[r + 1, c + 1] = costs[r, c] + S.add(soft[r, c + 1], soft[r + 1, c])
    return soft[-1, -1]
"""
        },
        "lost": ["p5_tests", "p5_cold"],
    },
    {
        "name": "sums of exponentials underflow, and T = 0 divides by zero",
        "cells": {
            "p5": """
def soft_cost(costs, T):
    weight = np.zeros((costs.shape[0] + 1, costs.shape[1] + 1))
    weight[0, 1] = 1
    with np.errstate(all="ignore"):
        for r, c in np.ndindex(*costs.shape):
            weight[r + 1, c + 1] = np.exp(-costs[r, c] / T) * (weight[r, c + 1] + weight[r + 1, c])
        return -T * np.log(weight[-1, -1])
"""
        },
        "lost": ["p5_cold"],
    },
    {
        "name": "measured at k = 100, which is not yet large",
        "cells": {"p5_critical": "p5_prediction, p5_critical = 'A', 1.4806\n"},
        "lost": ["p5_critical_tests"],
    },
    {
        "name": "each hour's best state by itself, after what was heard so far",
        "cells": {
            "p6": """
def best_story(start, move, act, heard):
    row, story = start, []
    for hour, o in enumerate(heard):
        row = (row @ move if hour else row) * act[:, o]
        row = row / row.sum()
        story.append(int(row.argmax()))
    return story
"""
        },
        "lost": ["p6_tests", "p6_zero", "p6_long"],
    },
    {
        "name": "sums instead of maxima on the way, then a walk back",
        "cells": {
            "p6": """
def best_story(start, move, act, heard):
    rows = [start * act[:, heard[0]]]
    for o in heard[1:]:
        row = rows[-1] @ move * act[:, o]
        rows.append(row / row.sum())
    story = [int(rows[-1].argmax())]
    for row in rows[-2::-1]:
        story.append(int((row * move[:, story[-1]]).argmax()))
    return story[::-1]
"""
        },
        "lost": ["p6_tests", "p6_long"],
    },
    {
        "name": "the best end of each beginning, without walking back",
        "cells": {
            "p6": """
def best_story(start, move, act, heard):
    row = start * act[:, heard[0]]
    story = [int(row.argmax())]
    for o in heard[1:]:
        row = (row[:, None] * move).max(axis=0) * act[:, o]
        row = row / row.sum()
        story.append(int(row.argmax()))
    return story
"""
        },
        "lost": ["p6_tests", "p6_zero", "p6_long"],
    },
    {
        "name": "a product of probabilities underflows",
        "cells": {
            "p6": """
def best_story(start, move, act, heard):
    row, came_from = start * act[:, heard[0]], []
    for o in heard[1:]:
        arriving = row[:, None] * move
        came_from.append(arriving.argmax(axis=0))
        row = arriving.max(axis=0) * act[:, o]
    story = [int(row.argmax())]
    for best in reversed(came_from):
        story.append(int(best[story[-1]]))
    return story[::-1]
"""
        },
        "lost": ["p6_long"],
    },
    {
        "name": "⊗ as a product: logarithms are multiplied",
        "cells": {
            "p6": """
def best_story(start, move, act, heard):
    with np.errstate(all="ignore"):
        start, move, act = np.log(start), np.log(move), np.log(act)
        row, came_from = start * act[:, heard[0]], []
        for o in heard[1:]:
            arriving = row[:, None] * move
            came_from.append(arriving.argmax(axis=0))
            row = arriving.max(axis=0) * act[:, o]
    story = [int(row.argmax())]
    for best in reversed(came_from):
        story.append(int(best[story[-1]]))
    return story[::-1]
"""
        },
        "lost": ["p6_tests", "p6_zero", "p6_long"],
    },
    {
        "name": "a small number is added to the zeros",
        "cells": {
            "p6": """
def best_story(start, move, act, heard):
    start, move, act = (np.log(table + 0.01) for table in (start, move, act))
    value, came_from = start + act[:, heard[0]], []
    for o in heard[1:]:
        arriving = value[:, None] + move
        came_from.append(arriving.argmax(axis=0))
        value = arriving.max(axis=0) + act[:, o]
    story = [int(value.argmax())]
    for best in reversed(came_from):
        story.append(int(best[story[-1]]))
    return story[::-1]
"""
        },
        "lost": ["p6_zero", "p6_long"],
    },
    {
        "name": "trams: the growth of a high power is only near",
        "cells": {
            "p3": """
def rhythm(A):
    return MAX_PLUS.power(A, 10**8).max() / 10**8
"""
        },
        "lost": ["p3_missing"],
    },
    {
        "name": "hiker: what is cold counts as temperature 0",
        "cells": {
            "p5": """
def soft_cost(costs, T):
    if T < 0.01:
        T = 0
    add = log_semiring(-float(T)).add
    row = np.full(costs.shape[1], np.inf)
    for r, here in enumerate(costs):
        left = 0.0 if r == 0 else np.inf
        for c, cost in enumerate(here):
            left = row[c] = cost + add(left, row[c])
    return row[-1]
"""
        },
        "lost": ["p5_cold"],
    },
    {
        "name": "hiker: a small temperature stands in for 0",
        "cells": {
            "p5": """
def soft_cost(costs, T):
    add = log_semiring(-max(float(T), 1e-6)).add
    row = np.full(costs.shape[1], np.inf)
    for r, here in enumerate(costs):
        left = 0.0 if r == 0 else np.inf
        for c, cost in enumerate(here):
            left = row[c] = cost + add(left, row[c])
    return row[-1]
"""
        },
        "lost": ["p5_cold"],
    },
]
