"""What the tests of softlib share."""

import os
from types import ModuleType

import pytest


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
