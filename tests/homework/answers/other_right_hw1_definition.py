"""Right answers to homework 1, by other routes than the master's; each must get full marks."""

ANSWERS = {
    "p1": """
def legal_softmax(z, legal):
    table = []
    for logits, allowed in zip(z, legal):
        if not any(allowed):
            raise ValueError("mate or stalemate")
        row = [0.0] * len(logits)
        where = [k for k in range(len(logits)) if allowed[k]]
        for k in where:
            with np.errstate(over="ignore"):
                row[k] = float(1 / sum(np.exp(logits[other] - logits[k]) for other in where))
        table.append(row)
    return table
""",
    "p2": """
def reheat(p, t_old, t_new):
    if t_new == 0:
        winners = [x == max(p) for x in p]
        return [w / sum(winners) for w in winners]
    powers = [(float(x) / float(max(p))) ** (t_old / t_new) for x in p]
    return tuple(x / sum(powers) for x in powers)
""",
    "p3_a": "p3_temperature = 173.718",
    "p3_b": """
def chain(wins):
    import math
    advantage = math.fsum(math.log(w / (1 - w)) for w in wins)
    return 0.5 * (1 + math.tanh(advantage / 2))
""",
    "p4_guess": 'p4_prediction = "D"',
    "p4_b": """
def heat_first(z, mass, temperature):
    p = softmax(z, temperature=temperature)
    kept, total = np.zeros(len(z), dtype=bool), 0.0
    while total < mass and not kept.all():
        best = max(z[~kept])
        kept |= z == best
        total = p[kept].sum()
    return list(np.where(kept, p, 0) / total)
""",
    "p4_c": """
def cut_first(z, mass, temperature):
    p = softmax(z)
    kept = [p[p > x].sum() < mass for x in p]
    return softmax(np.where(kept, z, -np.inf), temperature=temperature)
""",
    "p4_d": 'p4_conclusion = "A"',
    "p5_a": """
def ceiling(n):
    return softmax([1] + (n - 1) * [0])[0]
""",
    "p5_b": """
def undo(q):
    q = np.asarray(q, dtype=float)
    n = len(q)
    p = [1 / n + np.mean([np.log(x / y) for y in q]) for x in q]
    if not min(p) > 0:
        raise ValueError("no softmax of a softmax")
    return p
""",
    "p6_a": """
def two_pools(a, b):
    product = (np.asarray(a) * np.asarray(b)) ** 0.5
    return [(x + y) / 2 for x, y in zip(a, b)], list(product / product.sum())
""",
}
