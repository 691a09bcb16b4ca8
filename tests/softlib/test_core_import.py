"""What `import softlib` loads and costs, and what type checkers see of it."""

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

ROOT = Path(__file__).parents[2]
TIMED = """
import json, sys, time
start = time.process_time_ns()
import numpy
numpys = time.process_time_ns() - start
before = set(sys.modules)
start = time.process_time_ns()
import softlib
share = (time.process_time_ns() - start) / numpys
print(json.dumps([share, sorted(set(sys.modules) - before)]))
"""


def run(*arguments):
    result = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_import_loads_numpy_only():
    _, loaded = json.loads(run("-c", TIMED))
    assert {"softlib", "softlib.core"} <= set(loaded)
    own = {"softlib", "numpy"}
    assert not [m for m in loaded if m.split(".")[0] not in own | sys.stdlib_module_names]
    assert not {"softlib.figures", "softlib.check"} & set(loaded)


def test_import_adds_little_to_numpy():
    # Processor time, so that a busy machine does not count; the best of several.
    assert min(json.loads(run("-c", TIMED))[0] for _ in range(7)) <= 0.2


def test_figures_and_check_load_on_first_use():
    script = "import softlib, sys; assert 'softlib.check' not in sys.modules; softlib.check.agree"
    run("-c", script + "; assert 'softlib.check' in sys.modules")


def test_the_package_is_marked_as_typed():
    assert resources.files("softlib").joinpath("py.typed").is_file()


def test_mypy_accepts_the_core_and_typical_calls(tmp_path):
    caller = tmp_path / "caller.py"
    caller.write_text(
        "import numpy as np\n"
        "from softlib import hardmax, log_softmax, logsumexp, softmax\n"
        "p = softmax([[3, 1], [2, 4]], axis=(0, 1), temperature=0.5)\n"
        "print(p.sum(), log_softmax(np.zeros(3), None), logsumexp([1], keepdims=True) + 1)\n"
        "hardmax((1, 2), axis='last')\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache")]
    files = [ROOT / "softlib" / "core.py", ROOT / "softlib" / "__init__.py", caller]
    result = subprocess.run(
        [*command, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    errors = [line for line in result.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 1, result.stdout + result.stderr
    assert "caller.py:5:" in errors[0]
    assert "hardmax" in errors[0]
