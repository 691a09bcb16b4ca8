"""What the tests of softlib share: the exact values, and the same examples on every run."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("softlib", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("softlib")


@pytest.fixture(scope="session")
def accuracy():
    """Load the module with the oracle and the vectors, which `make bench` uses as well."""
    path = Path(__file__).parents[1] / "benchmarks" / "accuracy.py"
    spec = importlib.util.spec_from_file_location("accuracy", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
