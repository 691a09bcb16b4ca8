"""Right answers to homework 2, by other routes than the master's; each must get full marks."""

ANSWERS = {
    "p1": """
def word_slopes(W, b, x, temperature):
    p = softmax(W @ x + b, temperature=temperature)
    mean = sum(p[j] * W[j] for j in range(len(p)))
    return [list(p[i] * (W[i] - mean) / temperature) for i in range(len(p))]
""",
    "p2_a": """
def elasticities(comfort, prices, a):
    s = softmax(comfort - a * prices)
    n = len(s)
    return [[-a * prices[j] * ((i == j) - s[j]) for j in range(n)] for i in range(n)]
""",
    "p2_b": 'p2_gain = "C"',
    "p2_c": """
def best_price(comfort, prices, a, j):
    # With u = a x the condition is u (1 - s) = 1, so u - 1 = e^(c - u) / others: a Lambert W.
    others = [c - a * x for k, (c, x) in enumerate(zip(comfort, prices)) if k != j]
    top = max(others)
    rest = top + np.log(sum(np.exp(np.array(others) - top)))
    low, high = 1.0, 2.0 + abs(comfort[j] - rest)
    for _ in range(200):
        u = (low + high) / 2
        if np.log(u - 1) < comfort[j] - u - rest:
            low = u
        else:
            high = u
    return float(u / a)
""",
    "p3_a": 'p3_prediction = "A"',
    "p3_b": """
def twice_jacobian(z):
    z, h = np.asarray(z, dtype=float), 1e-30
    columns = []
    for j in range(len(z)):
        w = np.exp(z - z.max() + 1j * h * (np.arange(len(z)) == j))
        p = w / w.sum()
        q = np.exp(p) / np.exp(p).sum()
        columns.append(q.imag / h)
    return np.transpose(columns).tolist()
""",
    "p3_c": 'p3_conclusion = "B"\np3_largest = 1 / 4',
    "p4_a": """
def forward_jacobian(z, h):
    n = len(z)
    F = np.empty((n, n))
    for j in range(n):
        nudged = np.array(z, dtype=float)
        nudged[j] += h
        F[:, j] = (softmax(nudged) - softmax(z)) / h
    return F
""",
    "p4_b": """
def leading_error(z, h):
    p = softmax(z)
    n = len(p)
    answer = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            if i == j:
                second = p[i] * (1 - p[i]) * (1 - 2 * p[i])
            else:
                second = -p[i] * p[j] * (1 - 2 * p[j])
            answer[i][j] = h / 2 * second
    return answer
""",
    "p4_c": "p4_prediction = -5\np4_best = -8",
    "p5": """
def from_diagonal(d):
    d = np.asarray(d, dtype=float)
    p = 2 * d / (1 + np.sqrt(np.maximum(1 - 4 * d, 0)))
    if p.sum() < 0.99:
        j = d.argmax()
        p[j] = 1 - (p.sum() - p[j])
    return p.tolist()
""",
    "p6_a": "p6_temperature = 10",
}
