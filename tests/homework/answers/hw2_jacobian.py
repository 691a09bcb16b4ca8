"""Typical wrong answers to homework 2, and the test cells that each must fail."""

ANSWERS = [
    {
        "name": "word slopes: the terms off the diagonal are missing",
        "cells": {
            "p1": """
def word_slopes(W, b, x, temperature):
    p = softmax(W @ x + b, temperature=temperature)
    return np.diag(p * (1 - p)) @ W / temperature
"""
        },
        "lost": ["p1_tests", "p1_square", "p1_temperature"],
    },
    {
        "name": "word slopes: wrong sign of the product of two probabilities",
        "cells": {
            "p1": """
def word_slopes(W, b, x, temperature):
    p = softmax(W @ x + b, temperature=temperature)
    return (np.diag(p) + np.outer(p, p)) @ W / temperature
"""
        },
        "lost": ["p1_tests", "p1_square", "p1_temperature"],
    },
    {
        "name": "word slopes: the factor 1/T forgotten (partial)",
        "cells": {
            "p1": """
def word_slopes(W, b, x, temperature):
    p = softmax(W @ x + b, temperature=temperature)
    return (np.diag(p) - np.outer(p, p)) @ W
"""
        },
        "lost": ["p1_temperature"],
    },
    {
        "name": "word slopes: the temperature multiplied instead of divided (partial)",
        "cells": {
            "p1": """
def word_slopes(W, b, x, temperature):
    return temperature * jacobian(temperature * (W @ x + b)) @ W
"""
        },
        "lost": ["p1_temperature"],
    },
    {
        "name": "word slopes: one row for each word",
        "cells": {
            "p1": """
def word_slopes(W, b, x, temperature):
    return (jacobian(W @ x + b, temperature=temperature) @ W).T
"""
        },
        "lost": ["p1_tests", "p1_square", "p1_temperature"],
    },
    {
        "name": "word slopes: the other order of the factors, where the shapes allow it",
        "cells": {
            "p1": """
def word_slopes(W, b, x, temperature):
    J = jacobian(W @ x + b, temperature=temperature)
    return W @ J if W.shape[0] == W.shape[1] else J @ W
"""
        },
        "lost": ["p1_square"],
    },
    {
        "name": "word slopes: the answers to the visible tests, by heart",
        "cells": {
            "p1": """
def word_slopes(W, b, x, temperature):
    if W.shape == (2, 3):
        return np.array([[0.25, 0.5, -0.75], [-0.25, -0.5, 0.75]]) / temperature
    return [[0.25, -0.25], [-0.25, 0.25]]
"""
        },
        "lost": ["p1_tests", "p1_square", "p1_temperature"],
    },
    {
        "name": "elasticities: one row for each price",
        "cells": {
            "p2_a": """
def elasticities(comfort, prices, a):
    s = softmax(comfort - a * prices)
    return (-a * (np.eye(len(s)) - s) * prices).T
"""
        },
        "lost": ["p2_tests"],
    },
    {
        "name": "elasticities: the price of the row instead of that of the column",
        "cells": {
            "p2_a": """
def elasticities(comfort, prices, a):
    s = softmax(comfort - a * prices)
    return -a * (np.eye(len(s)) - s) * prices[:, None]
"""
        },
        "lost": ["p2_tests"],
    },
    {
        "name": "elasticities: plain slopes, not in per cent",
        "cells": {
            "p2_a": """
def elasticities(comfort, prices, a):
    return -a * jacobian(comfort - a * prices)
"""
        },
        "lost": ["p2_tests"],
    },
    {
        "name": "elasticities: the minus of the price forgotten",
        "cells": {
            "p2_a": """
def elasticities(comfort, prices, a):
    s = softmax(comfort - a * prices)
    return a * (np.eye(len(s)) - s) * prices
"""
        },
        "lost": ["p2_tests"],
    },
    {
        "name": "elasticities: one per cent of the price, a step that is too big",
        "cells": {
            "p2_a": """
def elasticities(comfort, prices, a):
    s = softmax(comfort - a * prices)
    steps = 0.01 * np.diag(prices)
    moved = [softmax(comfort - a * (prices + step)) for step in steps]
    return np.stack([(new - s) / s / 0.01 for new in moved], axis=1)
"""
        },
        "lost": ["p2_tests"],
    },
    {
        "name": "elasticities: a step that is too small",
        "cells": {
            "p2_a": """
def elasticities(comfort, prices, a):
    s = softmax(comfort - a * prices)
    steps = 1e-13 * np.diag(prices)
    moved = [softmax(comfort - a * (prices + step)) for step in steps]
    return np.stack([(new - s) / s / 1e-13 for new in moved], axis=1)
"""
        },
        "lost": ["p2_tests"],
    },
    {
        "name": "elasticities: the visible answer, by heart",
        "cells": {
            "p2_a": """
def elasticities(comfort, prices, a):
    return [[-0.5, 1.0], [0.5, -1.0]]
"""
        },
        "lost": ["p2_tests"],
    },
    {
        "name": "who gains: the larger one, as with absolute numbers",
        "cells": {"p2_b": 'p2_gain = "A"\n'},
        "lost": ["p2_gain_tests"],
    },
    {
        "name": "best price: the share is taken at the present price and kept",
        "cells": {
            "p2_c": """
def best_price(comfort, prices, a, j):
    return 1 / (a * (1 - softmax(comfort - a * prices)[j]))
"""
        },
        "lost": ["p2_price"],
    },
    {
        "name": "best price: the best of a fixed grid, right for the example only",
        "cells": {
            "p2_c": """
def best_price(comfort, prices, a, j):
    grid = np.linspace(0, 5, 1_000_001)
    rivals = np.exp(np.delete(comfort - a * prices, j)).sum()
    own = np.exp(comfort[j] - a * grid)
    return grid[(grid * own / (own + rivals)).argmax()]
"""
        },
        "lost": ["p2_price"],
    },
    {
        "name": "best price: halved too few times, to six digits in the example only",
        "cells": {
            "p2_c": """
def best_price(comfort, prices, a, j):
    rivals = np.delete(comfort - a * prices, j)
    def grown_too_far(x):
        return a * x * softmax(np.append(rivals, comfort[j] - a * x))[:-1].sum() > 1
    low, high = 0.0, 1 / a
    while not grown_too_far(high):
        low, high = high, 2 * high
    for _ in range(17):
        middle = (low + high) / 2
        low, high = (low, middle) if grown_too_far(middle) else (middle, high)
    return middle
"""
        },
        "lost": ["p2_price"],
    },
    {
        "name": "twice: the two Jacobians in the other order",
        "cells": {
            "p3_b": """
def twice_jacobian(z):
    return jacobian(z) @ jacobian(softmax(z))
"""
        },
        "lost": ["p3_tests"],
    },
    {
        "name": "twice: both Jacobians at the same point",
        "cells": {
            "p3_b": """
def twice_jacobian(z):
    return jacobian(z) @ jacobian(z)
"""
        },
        "lost": ["p3_tests"],
    },
    {
        "name": "twice: the inner Jacobian forgotten",
        "cells": {
            "p3_b": """
def twice_jacobian(z):
    return jacobian(softmax(z)) / 2
"""
        },
        "lost": ["p3_tests"],
    },
    {
        "name": "twice: multiplied entry by entry",
        "cells": {
            "p3_b": """
def twice_jacobian(z):
    return 2 * jacobian(softmax(z)) * abs(jacobian(z))
"""
        },
        "lost": ["p3_tests"],
    },
    {
        "name": "twice: measured on equal scores, and taken for the rule",
        "cells": {"p3_c": 'p3_conclusion = "A"\np3_largest = 1 / 4\n'},
        "lost": ["p3_conclusion_tests"],
    },
    {
        "name": "twice: the bound of a single softmax (partial)",
        "cells": {"p3_c": 'p3_conclusion = "B"\np3_largest = 0.5\n'},
        "lost": ["p3_largest_tests"],
    },
    {
        "name": "prediction: two letters at once",
        "cells": {"p3_a": 'p3_prediction = "A or B"\n'},
        "lost": ["p3_prediction_tests"],
    },
    {
        "name": "forward differences: rows and columns swapped",
        "cells": {
            "p4_a": """
def forward_jacobian(z, h):
    return np.array([(softmax(z + h * e) - softmax(z)) / h for e in np.eye(len(z))])
"""
        },
        "lost": ["p4_forward"],
    },
    {
        "name": "forward differences: central ones instead",
        "cells": {
            "p4_a": """
def forward_jacobian(z, h):
    steps = h * np.eye(len(z)) / 2
    return np.stack([(softmax(z + e) - softmax(z - e)) / h for e in steps], axis=1)
"""
        },
        "lost": ["p4_forward", "p4_best_tests"],
    },
    {
        "name": "forward differences: the derivative itself, whatever h is",
        "cells": {
            "p4_a": """
def forward_jacobian(z, h):
    return jacobian(z)
"""
        },
        "lost": ["p4_forward", "p4_best_tests"],
    },
    {
        "name": "leading error: one half forgotten",
        "cells": {
            "p4_b": """
def leading_error(z, h):
    from softlib import second_derivatives
    return h * np.einsum("ijj->ij", second_derivatives(z))
"""
        },
        "lost": ["p4_error"],
    },
    {
        "name": "leading error: the second derivative in the logit of the row",
        "cells": {
            "p4_b": """
def leading_error(z, h):
    from softlib import second_derivatives
    return h / 2 * np.einsum("iij->ij", second_derivatives(z))
"""
        },
        "lost": ["p4_error"],
    },
    {
        "name": "leading error: the whole error, with the rest",
        "cells": {
            "p4_b": """
def leading_error(z, h):
    return forward_jacobian(z, h) - jacobian(z)
"""
        },
        "lost": ["p4_error"],
    },
    {
        "name": "leading error: off the diagonal with the wrong sign",
        "cells": {
            "p4_b": """
def leading_error(z, h):
    p = softmax(z)
    same = np.diag(p * (1 - p) * (1 - 2 * p))
    other = np.outer(p, p * (1 - 2 * p))
    return h / 2 * (same + other - np.diag(np.diag(other)))
"""
        },
        "lost": ["p4_error"],
    },
    {
        "name": "leading error: second differences with a step that is too small",
        "cells": {
            "p4_b": """
def leading_error(z, h):
    def second(e):
        return (softmax(z + e) - 2 * softmax(z) + softmax(z - e)) / 1e-16
    return h / 2 * np.stack([second(1e-8 * e) for e in np.eye(len(z))], axis=1)
"""
        },
        "lost": ["p4_error"],
    },
    {
        "name": "best step: the smallest one, since the formula is best there",
        "cells": {"p4_c": "p4_prediction = -15\np4_best = -15\n"},
        "lost": ["p4_best_tests"],
    },
    {
        "name": "best step: the one that is best for central differences",
        "cells": {"p4_c": "p4_prediction = -5\np4_best = -5\n"},
        "lost": ["p4_best_tests"],
    },
    {
        "name": "best step: a value instead of an exponent",
        "cells": {"p4_c": "p4_prediction = 1e-8\np4_best = 1e-8\n"},
        "lost": ["p4_prediction_tests", "p4_best_tests"],
    },
    {
        "name": "diagonal: always the smaller root (partial)",
        "cells": {
            "p5": """
def from_diagonal(d):
    return 2 * d / (1 + np.sqrt(1 - 4 * d))
"""
        },
        "lost": ["p5_majority", "p5_small"],
    },
    {
        "name": "diagonal: right, but the textbook root loses digits (partial)",
        "cells": {
            "p5": """
def from_diagonal(d):
    p = (1 - np.sqrt(1 - 4 * d)) / 2
    if p.sum() < 1 - 1e-6:
        first = d.argmax()
        p[first] = 1 - p[first]
    return p
"""
        },
        "lost": ["p5_small"],
    },
    {
        "name": "diagonal: the larger root for the largest, always",
        "cells": {
            "p5": """
def from_diagonal(d):
    p = 2 * d / (1 + np.sqrt(1 - 4 * d))
    p[d.argmax()] = 1 - p[d.argmax()]
    return p
"""
        },
        "lost": ["p5_tests", "p5_small"],
    },
    {
        "name": "diagonal: the smaller roots, divided by their sum",
        "cells": {
            "p5": """
def from_diagonal(d):
    p = 2 * d / (1 + np.sqrt(1 - 4 * d))
    return p / p.sum()
"""
        },
        "lost": ["p5_majority", "p5_small"],
    },
    {
        "name": "diagonal: the answers to the visible tests, by heart",
        "cells": {
            "p5": """
def from_diagonal(d):
    if len(d) == 4:
        return [0.45, 0.3, 0.2499, 0.0001]
    return [0.4, 0.35, 0.25] if d[0] == 0.24 else [0.8, 0.1, 0.1]
"""
        },
        "lost": ["p5_tests", "p5_majority", "p5_small"],
    },
    {
        "name": "nudged vote: the Lipschitz constant taken as 1",
        "cells": {"p6_a": "p6_temperature = 20\n"},
        "lost": ["p6_tests"],
    },
    {
        "name": "a bracket with a fixed end",
        "cells": {
            "p2_c": """
def best_price(comfort, prices, a, j):
    low, high = 0.0, 60.0
    for _ in range(80):
        x = (low + high) / 2
        z = comfort - a * prices
        z[j] = comfort[j] - a * x
        low, high = (low, x) if a * x * (1 - softmax(z)[j]) > 1 else (x, high)
    return x
"""
        },
        "lost": ["p2_price"],
    },
    {
        "name": "a guessed threshold for the majority",
        "cells": {
            "p5": """
def from_diagonal(d):
    p = 2 * d / (1 + np.sqrt(1 - 4 * d))
    if p.sum() < 0.97:
        p[d.argmax()] = 1 - p[d.argmax()]
    return p
"""
        },
        "lost": ["p5_majority"],
    },
]
