"""Typical wrong answers to homework 3, and the test cells that each must lose."""

ANSWERS = [
    {
        "name": "the logarithm of a rounded probability is minus infinity",
        "cells": {
            "p1": """
def votes_loss(Z, votes):
    seen = votes.sum(axis=1) > 0
    if not seen.any():
        raise ValueError("no votes")
    y = votes[seen] / votes[seen].sum(axis=1, keepdims=True)
    return -(y * np.log(softmax(Z[seen]))).sum(axis=1).mean()
"""
        },
        "lost": ["p1_stable"],
    },
    {
        "name": "the losses are added up instead of averaged",
        "cells": {
            "p1": """
def votes_loss(Z, votes):
    seen = votes.sum(axis=1) > 0
    if not seen.any():
        raise ValueError("no votes")
    y = votes[seen] / votes[seen].sum(axis=1, keepdims=True)
    return -(y * log_softmax(Z[seen])).sum()
"""
        },
        "lost": ["p1_tests", "p1_voteless", "p1_stable"],
    },
    {
        "name": "each vote counts once, not each photo",
        "cells": {
            "p1": """
def votes_loss(Z, votes):
    if votes.sum() == 0:
        raise ValueError("no votes")
    return -(votes * log_softmax(Z)).sum() / votes.sum()
"""
        },
        "lost": ["p1_tests", "p1_voteless", "p1_stable"],
    },
    {
        "name": "the animal with the most votes is taken for the target",
        "cells": {
            "p1": """
def votes_loss(Z, votes):
    seen = votes.sum(axis=1) > 0
    if not seen.any():
        raise ValueError("no votes")
    most = votes[seen].argmax(axis=1)
    return -log_softmax(Z[seen])[np.arange(seen.sum()), most].mean()
"""
        },
        "lost": ["p1_tests", "p1_voteless", "p1_stable"],
    },
    {
        "name": "photos without votes count in the mean",
        "cells": {
            "p1": """
def votes_loss(Z, votes):
    if votes.sum() == 0:
        raise ValueError("no votes")
    y = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    return -(y * log_softmax(Z)).sum(axis=1).mean()
"""
        },
        "lost": ["p1_voteless"],
    },
    {
        "name": "photos without votes are left out, but no votes at all are not refused",
        "cells": {
            "p1": """
def votes_loss(Z, votes):
    seen = votes.sum(axis=1) > 0
    if not seen.any():
        return 0.0
    y = votes[seen] / votes[seen].sum(axis=1, keepdims=True)
    return -(y * log_softmax(Z[seen])).sum(axis=1).mean()
"""
        },
        "lost": ["p1_voteless"],
    },
    {
        "name": "the visible answer, typed in",
        "cells": {"p1": "def votes_loss(Z, votes):\n    return 0.376264\n"},
        "lost": ["p1_tests", "p1_voteless", "p1_stable"],
    },
    {
        "name": "the gradient is y - p",
        "cells": {
            "p2": """
def votes_gradient(Z, votes):
    seen = votes.sum(axis=1, keepdims=True) > 0
    y = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    return np.where(seen, y - softmax(Z), 0) / seen.sum()
"""
        },
        "lost": ["p2_tests", "p2_voteless"],
    },
    {
        "name": "the gradient is p + y",
        "cells": {
            "p2": """
def votes_gradient(Z, votes):
    seen = votes.sum(axis=1, keepdims=True) > 0
    y = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    return np.where(seen, softmax(Z) + y, 0) / seen.sum()
"""
        },
        "lost": ["p2_tests", "p2_voteless"],
    },
    {
        "name": "the gradient of the sum, not of the mean",
        "cells": {
            "p2": """
def votes_gradient(Z, votes):
    seen = votes.sum(axis=1, keepdims=True) > 0
    y = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    return np.where(seen, softmax(Z) - y, 0)
"""
        },
        "lost": ["p2_tests", "p2_voteless"],
    },
    {
        "name": "votes are not divided by their number",
        "cells": {
            "p2": """
def votes_gradient(Z, votes):
    seen = votes.sum(axis=1, keepdims=True) > 0
    return np.where(seen, softmax(Z) - votes, 0) / seen.sum()
"""
        },
        "lost": ["p2_tests", "p2_voteless"],
    },
    {
        "name": "a photo without votes pushes all its logits down",
        "cells": {
            "p2": """
def votes_gradient(Z, votes):
    total = votes.sum(axis=1, keepdims=True)
    return (softmax(Z) - votes / np.maximum(total, 1)) / (total > 0).sum()
"""
        },
        "lost": ["p2_voteless"],
    },
    {
        "name": "the gradient is divided by the number of all photos",
        "cells": {
            "p2": """
def votes_gradient(Z, votes):
    total = votes.sum(axis=1, keepdims=True)
    return np.where(total > 0, softmax(Z) - votes / np.maximum(total, 1), 0) / len(Z)
"""
        },
        "lost": ["p2_voteless"],
    },
    {
        "name": "the subtraction 1 - p^q loses its digits",
        "cells": {
            "p3": """
def mild_loss(z, j, q):
    log_p = log_softmax(z)[j]
    return -log_p if q == 0 else (1 - np.exp(q * log_p)) / q
"""
        },
        "lost": ["p3_loss_precise"],
    },
    {
        "name": "expm1 of the logarithm of a rounded probability",
        "cells": {
            "p3": """
def mild_loss(z, j, q):
    log_p = np.log(softmax(z)[j])
    return -log_p if q == 0 else -np.expm1(q * log_p) / q
"""
        },
        "lost": ["p3_loss_precise"],
    },
    {
        "name": "the visible losses, typed in",
        "cells": {
            "p3": """
def mild_loss(z, j, q):
    return {0: 2.169846, 0.5: 1.324144, 1: 0.885805}.get(q, 2.169846)
"""
        },
        "lost": ["p3_loss_tests", "p3_loss_precise"],
    },
    {
        "name": "the gradient of cross-entropy for every q",
        "cells": {
            "p3_gradient": """
def mild_gradient(z, j, q):
    return softmax(z) - np.eye(len(z))[j]
"""
        },
        "lost": ["p3_gradient_tests"],
    },
    {
        "name": "the outer derivative only: a factor p_j is missing",
        "cells": {
            "p3_gradient": """
def mild_gradient(z, j, q):
    p = softmax(z)
    return p[j] ** (q - 1) * (p - np.eye(len(z))[j])
"""
        },
        "lost": ["p3_gradient_tests"],
    },
    {
        "name": "the case i = j only",
        "cells": {
            "p3_gradient": """
def mild_gradient(z, j, q):
    p, gradient = softmax(z), np.zeros(len(z))
    gradient[j] = p[j] ** q * (p[j] - 1)
    return gradient
"""
        },
        "lost": ["p3_gradient_tests"],
    },
    {
        "name": "the pull is believed to be hardest at p = 0, as for cross-entropy",
        "cells": {"p3_hardest": "p3_prediction, p3_hardest, p3_pull = 'A', 0.0, 1.0\n"},
        "lost": ["p3_hardest_tests"],
    },
    {
        "name": "the exponential in the softplus overflows",
        "cells": {
            "p4_forward": """
def forward(X, V, b, W, c):
    A = X @ V.T + b
    H = np.log(1 + np.exp(A))
    return A, H, H @ W.T + c
"""
        },
        "lost": ["p4_forward_stable"],
    },
    {
        "name": "the biases are forgotten on the way forward",
        "cells": {
            "p4_forward": """
def forward(X, V, b, W, c):
    A = X @ V.T
    H = np.logaddexp(0, A)
    return A, H, H @ W.T
"""
        },
        "lost": ["p4_forward_tests"],
    },
    {
        "name": "weights multiplied without the transposes",
        "cells": {
            "p4_forward": """
def forward(X, V, b, W, c):
    A = X @ V + b
    H = np.logaddexp(0, A)
    return A, H, H @ W + c
"""
        },
        "lost": ["p4_forward_tests", "p4_forward_stable"],
    },
    {
        "name": "the gradient of the weights is transposed",
        "cells": {
            "p4_output": """
def output_gradients(Z, labels, H, W):
    D = (softmax(Z) - np.eye(Z.shape[1])[labels]) / len(Z)
    return H.T @ D, D.sum(axis=0), D @ W
"""
        },
        "lost": ["p4_output_weights"],
    },
    {
        "name": "the gradient of the bias is forgotten",
        "cells": {
            "p4_output": """
def output_gradients(Z, labels, H, W):
    D = (softmax(Z) - np.eye(Z.shape[1])[labels]) / len(Z)
    return D.T @ H, np.zeros(Z.shape[1]), D @ W
"""
        },
        "lost": ["p4_output_bias"],
    },
    {
        "name": "the batch is added up, not averaged",
        "cells": {
            "p4_output": """
def output_gradients(Z, labels, H, W):
    D = softmax(Z) - np.eye(Z.shape[1])[labels]
    return D.T @ H, D.sum(axis=0), D @ W
"""
        },
        "lost": ["p4_output_weights", "p4_output_bias", "p4_output_signal"],
    },
    {
        "name": "the mean of the weights' and biases' parts, but not of the signals'",
        "cells": {
            "p4_output": """
def output_gradients(Z, labels, H, W):
    D = softmax(Z) - np.eye(Z.shape[1])[labels]
    return D.T @ H / len(Z), D.mean(axis=0), D @ W
"""
        },
        "lost": ["p4_output_signal"],
    },
    {
        "name": "the class index is treated as a one-hot target",
        "cells": {
            "p4_output": """
def output_gradients(Z, labels, H, W):
    D = (softmax(Z) - labels[:, None]) / len(Z)
    return D.T @ H, D.sum(axis=0), D @ W
"""
        },
        "lost": ["p4_output_weights", "p4_output_bias", "p4_output_signal"],
    },
    {
        "name": "the derivative of the softplus is forgotten",
        "cells": {
            "p4_hidden": """
def hidden_gradients(X, A, dH):
    return dH.T @ X, dH.sum(axis=0)
"""
        },
        "lost": ["p4_hidden_weights", "p4_hidden_bias"],
    },
    {
        "name": "the derivative of the softplus is taken at h",
        "cells": {
            "p4_hidden": """
def hidden_gradients(X, A, dH):
    dA = dH / (1 + np.exp(-np.logaddexp(0, A)))
    return dA.T @ X, dA.sum(axis=0)
"""
        },
        "lost": ["p4_hidden_weights", "p4_hidden_bias"],
    },
    {
        "name": "the derivative of the ReLU instead of the softplus",
        "cells": {
            "p4_hidden": """
def hidden_gradients(X, A, dH):
    dA = dH * (A > 0)
    return dA.T @ X, dA.sum(axis=0)
"""
        },
        "lost": ["p4_hidden_weights", "p4_hidden_bias"],
    },
    {
        "name": "the hidden bias has a gradient per sample",
        "cells": {
            "p4_hidden": """
def hidden_gradients(X, A, dH):
    dA = dH * np.exp(A - np.logaddexp(0, A))
    return dA.T @ X, dA
"""
        },
        "lost": ["p4_hidden_bias"],
    },
    {
        "name": "the batch is averaged twice",
        "cells": {
            "p4_hidden": """
def hidden_gradients(X, A, dH):
    dA = dH * np.exp(A - np.logaddexp(0, A)) / len(X)
    return dA.T @ X, dA.sum(axis=0)
"""
        },
        "lost": ["p4_hidden_weights", "p4_hidden_bias"],
    },
    {
        "name": "the right program found, two faults exchanged",
        "cells": {
            "p5": "p5_diagnosis = {'A': 'slope', 'B': 'right', 'C': 'squared', 'D': 'place'}\n"
        },
        "lost": ["p5_faults"],
    },
    {
        "name": "the largest gradient is taken for the sum, the smallest for the right one",
        "cells": {"p5": "p5_diagnosis = {'A': 'slope', 'B': 'place', 'C': 'right', 'D': 'sum'}\n"},
        "lost": ["p5_right", "p5_faults"],
    },
    {
        "name": "label smoothing with eps / (n - 1) on the wrong classes",
        "cells": {
            "p6": """
def best_bias(counts, smoothing):
    share, n = counts / counts.sum(), len(counts)
    share = (1 - smoothing) * share + smoothing / (n - 1) * (1 - share)
    if (share == 0).any():
        raise ValueError("an empty class")
    return np.log(share) - np.log(share).mean()
"""
        },
        "lost": ["p6_smoothed"],
    },
    {
        "name": "smoothing is ignored",
        "cells": {
            "p6": """
def best_bias(counts, smoothing):
    if (counts == 0).any():
        raise ValueError("an empty class")
    return np.log(counts) - np.log(counts).mean()
"""
        },
        "lost": ["p6_smoothed"],
    },
    {
        "name": "the logarithms of the shares, whose mean is not 0",
        "cells": {
            "p6": """
def best_bias(counts, smoothing):
    share = (1 - smoothing) * counts / counts.sum() + smoothing / len(counts)
    if (share == 0).any():
        raise ValueError("an empty class")
    return np.log(share)
"""
        },
        "lost": ["p6_tests", "p6_smoothed", "p6_refused"],
    },
    {
        "name": "an empty class gets minus infinity",
        "cells": {
            "p6": """
def best_bias(counts, smoothing):
    share = (1 - smoothing) * counts / counts.sum() + smoothing / len(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(share) - np.log(share).mean()
"""
        },
        "lost": ["p6_refused"],
    },
    {
        "name": "the loss of the most frequent class instead of the mean",
        "cells": {
            "p6_losses": """
def first_losses(counts):
    share = counts / counts.sum()
    return np.log(len(counts)), -np.log(share.max())
"""
        },
        "lost": ["p6_losses_tests"],
    },
    {
        "name": "the visible losses of the first guess, typed in",
        "cells": {"p6_losses": "def first_losses(counts):\n    return 1.098612, 0.357591\n"},
        "lost": ["p6_losses_tests"],
    },
    {
        "name": "expm1 only where q is tiny",
        "cells": {
            "p3": """
def mild_loss(z, j, q):
    log_p = log_softmax(z)[j]
    return -log_p if q < 1e-10 else (1 - np.exp(q * log_p)) / q
"""
        },
        "lost": ["p3_loss_precise"],
    },
    {
        "name": "the logarithm of a probability near 1 from a difference",
        "cells": {
            "p3": """
def mild_loss(z, j, q):
    log_p = z[j] - logsumexp(z)
    return -log_p if q == 0 else -np.expm1(q * log_p) / q
"""
        },
        "lost": ["p3_loss_precise"],
    },
    {
        "name": "the power of a probability that is rounded to 0",
        "cells": {
            "p3_gradient": """
def mild_gradient(z, j, q):
    p = softmax(z)
    return p[j] ** q * (p - (np.arange(len(p)) == j))
"""
        },
        "lost": ["p3_gradient_tests"],
    },
    {
        "name": "last layer: no shift before the exponential",
        "cells": {
            "p4_output": """
def output_gradients(Z, labels, H, W):
    p = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    D = (p - np.eye(Z.shape[1])[labels]) / len(Z)
    return D.T @ H, D.sum(axis=0), D @ W
"""
        },
        "lost": ["p4_output_weights", "p4_output_bias", "p4_output_signal"],
    },
    {
        "name": "hidden layer: the logistic function overflows",
        "cells": {
            "p4_hidden": """
def hidden_gradients(X, A, dH):
    dA = dH * np.exp(A) / (1 + np.exp(A))
    return dA.T @ X, dA.sum(axis=0)
"""
        },
        "lost": ["p4_hidden_weights", "p4_hidden_bias"],
    },
]
