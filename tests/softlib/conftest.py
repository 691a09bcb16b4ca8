"""What the tests of softlib share: exact values, PyTorch, and the same examples on every run."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import Phase, settings

settings.register_profile("softlib", derandomize=True, deadline=None, max_examples=60)
unshrunk = (Phase.explicit, Phase.generate)  # a killed mutant needs no small example
settings.register_profile("mutants", settings.get_profile("softlib"), phases=unshrunk)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "softlib"))


@pytest.fixture
def no_warnings(recwarn: pytest.WarningsRecorder) -> Iterator[None]:
    """Demand that nothing warns, nor raises where the caller has turned NumPy's warnings up."""
    with np.errstate(all="raise"):
        yield
    # What other tests left open is found whenever memory is collected; it is none of softlib's.
    assert not [str(w.message) for w in recwarn if not issubclass(w.category, ResourceWarning)]


@pytest.fixture(scope="session")
def accuracy() -> ModuleType:
    """Load the module with the oracle and the vectors of the accuracy table."""
    path = Path(__file__).parents[1] / "benchmarks" / "accuracy.py"
    spec = importlib.util.spec_from_file_location("accuracy", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def torch() -> ModuleType:
    """Return PyTorch, an optional witness: `make torch` installs it, and CI demands it."""
    try:
        import torch
    except ModuleNotFoundError:
        if os.environ.get("SOFTMAX_BOOK_NEEDS_TORCH"):
            pytest.fail("PyTorch is demanded here and not installed: run make torch", pytrace=False)
        pytest.skip("PyTorch is not installed: make torch installs it")
    return torch
