"""Right answers to homework 5, by other routes than the master's; each must get full marks."""

ANSWERS = {
    "p1": """
def take_back(total, part, T):
    import math
    if part > total:
        raise ValueError("a part is not louder than the whole")
    if part == total:
        return -math.inf
    gap = (total - part) / T
    if gap < 0.5:
        return total + T * math.log(-math.expm1(-gap))
    return total + T * math.log1p(-math.exp(-gap))
""",
    "p2": """
def latest(A, d):
    halls, depots = np.shape(A)
    times = []
    for j in range(depots):
        conditions = [d[i] - A[i][j] for i in range(halls) if A[i][j] > -np.inf]
        times.append(min(conditions, default=np.inf))
    return times
""",
    "p2_spare": """
def spare(A, d):
    x = latest(A, d)
    answer = []
    for i in range(len(d)):
        arrivals = [A[i][j] + x[j] for j in range(len(x)) if np.isfinite(A[i][j])]
        answer.append(d[i] - max(arrivals) if arrivals else np.inf)
    return answer
""",
    "p3": """
def rhythm(A):
    n, best = len(A), -np.inf
    walk = np.full((n, n), -np.inf)
    np.fill_diagonal(walk, 0)
    for k in range(1, n + 1):
        walk = np.max(walk[:, :, None] + A[None, :, :], axis=1)
        best = max(best, np.max(np.diag(walk)) / k)
    return best
""",
    "p4": """
def switch_points(fees):
    # From the highest rate on, always to the tariff that becomes as cheap first.
    rate, roots = len(fees) - 1, []
    while rate > 0:
        first = min((fees[i] - fees[rate]) / (rate - i) for i in range(rate))
        then = min(i for i in range(rate) if (fees[i] - fees[rate]) / (rate - i) == first)
        roots += (rate - then) * [first]
        rate = then
    return roots
""",
    "p4_back": """
def design(points, last_fee):
    fees = [last_fee]
    for x in sorted(points):
        fees.insert(0, fees[0] + x)
    return fees
""",
    "p5": """
def soft_cost(costs, T):
    def plus(a, b):
        low = min(a, b)
        if T == 0 or max(a, b) == np.inf:
            return low
        return low - T * np.log(1 + np.exp(-abs(a - b) / T))

    above = [np.inf] * len(costs[0])
    for r, row in enumerate(costs):
        left, here = np.inf, []
        for k, cost in enumerate(row):
            left = cost + (0 if r == k == 0 else plus(left, above[k]))
            here.append(left)
        above = here
    return left
""",
    "p5_critical": 'p5_prediction = "A"\np5_critical = 1.4427',
    "p6": """
def best_story(start, move, act, heard):
    def log(x):
        return float(np.log(x)) if x > 0 else -np.inf

    n = len(start)
    # backwards: the best end of the story from each state on
    then, value = [], [0.0] * n
    for o in reversed(heard[1:]):
        step = [[log(move[i][j]) + log(act[j][o]) + value[j] for j in range(n)] for i in range(n)]
        then.insert(0, [row.index(max(row)) for row in step])
        value = [max(row) for row in step]
    first = [log(start[i]) + log(act[i][heard[0]]) + value[i] for i in range(n)]
    story = [first.index(max(first))]
    for following in then:
        story.append(following[story[-1]])
    from collections import deque

    return deque(story)  # a row is a row
""",
}
