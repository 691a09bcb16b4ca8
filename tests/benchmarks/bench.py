"""Time softlib beside SciPy, bare `np.exp` and (where installed) PyTorch: ``make bench``.

One process, one thread. The contenders take turns: in each turn each of them first makes one call
that is not timed, so that nobody pays for the memory that the one before gave back, and then the
timed ones. Who follows whom is drawn anew in each turn, as the one before leaves its traces in the
cache too: up to 10 % on a few megabytes. Times are processor time of the thread, and what counts
are ratios of their medians: both survive a busy machine better than time by the clock does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy
import scipy.special

import softlib

RESULTS = Path(__file__).with_name("results.json")
FIGURE = Path(__file__).parents[2] / "_build" / "benchmarks.svg"
FUNCTIONS = ("softmax", "log_softmax", "logsumexp")
DTYPES = ("float32", "float64")
SHAPES = {  # shape: axis
    (10,): -1,
    (64, 10): -1,
    (1000, 10): -1,
    (100_000, 10): -1,
    (100_000, 3): -1,
    (10_000, 64): -1,
    (64, 1000): -1,
    (1000, 1000): -1,
    (256, 50_257): -1,
    (10, 100_000): 0,
}
DATA = {"near 0": (0.0, 1.0), "far and spread": (1000.0, 50.0)}


def logits(shape: tuple[int, ...], dtype: str, data: str = "near 0") -> np.ndarray:
    """Return normal logits with the mean and standard deviation that `data` names."""
    mean, deviation = DATA[data]
    z = np.random.default_rng(0).standard_normal(shape)
    return (mean + deviation * z).astype(dtype)


def contenders(name: str, z: np.ndarray, axis: int) -> dict[str, Callable[[], object]]:
    """Return what takes turns: `np.exp` into a ready array, and each library's function."""
    ready = np.empty_like(z)
    ours, scipys = getattr(softlib, name), getattr(scipy.special, name)
    calls: dict[str, Callable[[], object]] = {
        "exp": lambda: np.exp(gaps, out=ready),
        "softlib": lambda: ours(z, axis),
        "scipy": lambda: scipys(z, axis),
    }
    gaps = z - z.max(axis, keepdims=True)  # what any softmax must take exponentials of
    try:
        import torch
    except ImportError:
        return calls
    torch.set_num_threads(1)
    theirs, tensor = getattr(torch, name), torch.from_numpy(z)
    calls["torch"] = lambda: theirs(tensor, axis)
    return calls


def take_turns(calls: dict[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """Return the median time of one call of each contender, in seconds."""
    repeats = {}
    for name, call in calls.items():
        call()
        start = time.thread_time()
        call()
        repeats[name] = max(1, int(2e-4 / (time.thread_time() - start)))
    times: dict[str, list[float]] = {name: [] for name in calls}
    turn, order = list(calls.items()), random.Random(0)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times["softlib"]) < 5:
        order.shuffle(turn)
        for name, call in turn:
            call()
            start = time.thread_time()
            for _ in range(repeats[name]):
                call()
            times[name].append((time.thread_time() - start) / repeats[name])
    return {name: statistics.median(values) for name, values in times.items()}


def extra_memory(name: str, z: np.ndarray, axis: int) -> float:
    """Return the peak of what a call allocates, result included, in units of its input."""
    call = getattr(softlib, name)
    call(z, axis)
    tracemalloc.start()
    try:
        call(z, axis)
        return tracemalloc.get_traced_memory()[1] / z.nbytes
    finally:
        tracemalloc.stop()


def measure(
    shapes: dict[tuple[int, ...], int] = SHAPES,
    data: tuple[str, ...] = tuple(DATA),
    seconds: float = 0.5,
    report: Callable[[dict[str, Any]], object] = lambda row: None,
) -> list[dict[str, Any]]:
    """Measure every cell of the table."""
    rows = []
    for kind in data:
        for dtype in DTYPES:
            for shape, axis in shapes.items():
                z = logits(shape, dtype, kind)
                for name in FUNCTIONS:
                    times = take_turns(contenders(name, z, axis), seconds)
                    row = {
                        "data": kind,
                        "function": name,
                        "dtype": dtype,
                        "shape": list(shape),
                        "axis": axis,
                        "microseconds": {k: round(1e6 * t, 2) for k, t in times.items()},
                        "memory": round(extra_memory(name, z, axis), 3),
                    }
                    report(row)
                    rows.append(row)
    return rows


def ratios(rows: list[dict[str, Any]], above: str, below: str = "softlib") -> list[float]:
    """Return time of one contender over time of another, for each row that has both."""
    times = [row["microseconds"] for row in rows]
    return [t[above] / t[below] for t in times if above in t]


def summary(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return geometric mean and extremes of softlib's speed relative to each contender."""
    found = {}
    for name in ("scipy", "torch"):
        if values := ratios(rows, name):
            found[f"{name} / softlib"] = _spread(values)
    large = [row for row in rows if np.prod(row["shape"]) >= 10_000]
    if large:
        found["softlib / exp (from 10 000 logits)"] = _spread(ratios(large, "softlib", "exp"))
    return found


def _spread(values: list[float]) -> dict[str, float]:
    mean = statistics.geometric_mean(values)
    return {"mean": round(mean, 3), "min": round(min(values), 3), "max": round(max(values), 3)}


def machine() -> dict[str, Any]:
    """Describe what the numbers were measured on."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        cpu = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        cpu = platform.processor() or platform.machine()
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    versions |= {"scipy": scipy.__version__, "softlib": softlib.__version__}
    if "torch" in sys.modules:
        versions["torch"] = sys.modules["torch"].__version__
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "threads": 1,
        "load": [round(load, 1) for load in os.getloadavg()],  # of other work, in processes
        "versions": versions,
    }


def label(row: dict[str, Any]) -> str:
    """Name the shape and, unless it is the last one, the axis."""
    return "×".join(map(str, row["shape"])) + (" axis 0" if row["axis"] == 0 else "")


def line(row: dict[str, Any]) -> str:
    """Format one row of the table."""
    t = row["microseconds"]
    cells = f"{row['data']:15}{row['dtype']:8} {label(row):17} {row['function']:12}"
    cells += f"{t['softlib']:10.1f} µs"
    cells += f"  {t['softlib'] / t['exp']:6.2f} exp  memory {row['memory']:7.2f}"
    for name in ("scipy", "torch"):
        if name in t:
            cells += f"  {name} {t[name] / t['softlib']:6.2f}×"
    return cells


def written(result: dict[str, Any]) -> str:
    """Format the results as JSON with one row of the table on each line."""
    rows = ",\n".join(json.dumps(row) for row in result["rows"])
    head = json.dumps({key: value for key, value in result.items() if key != "rows"}, indent=1)
    return f'{head[:-2]},\n "rows": [\n{rows}\n]}}\n'


def draw(result: dict[str, Any], path: Path) -> None:
    """Draw the table: a panel for each function, a line for each shape, times over softlib's."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from softlib import figures

    looks = {
        "exp": (figures.GREY, "|"),
        "scipy": (figures.GREEN, "^"),
        "torch": (figures.BLUE, "o"),
    }
    rows = result["rows"]
    shapes = list(dict.fromkeys(label(row) for row in rows))
    with mpl.rc_context(figures.STYLE):
        fig = Figure(figsize=(10, 1.5 + 0.35 * len(shapes)), layout="constrained")
        panels = fig.subplots(1, len(FUNCTIONS), sharex=True, sharey=True)
        for ax, name in zip(panels, FUNCTIONS, strict=True):
            for library, (color, marker) in looks.items():
                cells = [r for r in rows if r["function"] == name and library in r["microseconds"]]
                y = [shapes.index(label(r)) + (r["dtype"] == "float64") * 0.3 - 0.15 for r in cells]
                ax.plot(ratios(cells, library), y, marker, color=color, alpha=0.7, label=library)
            ax.axvline(1, color=figures.ORANGE, linewidth=1, label="softlib")
            ax.set(xscale="log", xlabel="time, softlib = 1", title=name)
        panels[0].set_yticks(range(len(shapes)), shapes)
        panels[0].invert_yaxis()
        handles, labels = panels[0].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside lower center", ncols=len(labels))
        versions = ", ".join(f"{k} {v}" for k, v in result["machine"]["versions"].items())
        fig.suptitle(f"{result['machine']['cpu']}; {versions}; float32 above float64", fontsize=9)
        path.parent.mkdir(parents=True, exist_ok=True)
        fig.savefig(path)


def main(arguments: list[str] | None = None) -> None:
    """Print the table, write it down and draw it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.5, help="for each cell")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--figure", type=Path, default=FIGURE)
    options = parser.parse_args(arguments)
    rows = measure(seconds=options.seconds, report=lambda row: print(line(row), flush=True))
    result = {"machine": machine(), "summary": summary(rows), "rows": rows}
    for name, spread in result["summary"].items():
        print(f"{name:36}", *(f"{key} {value:.2f}" for key, value in spread.items()), sep="  ")
    options.output.write_text(written(result), encoding="utf-8")
    draw(result, options.figure)
    print(f"table: {options.output}", f"figure: {options.figure}", sep="\n")


if __name__ == "__main__":
    main()
