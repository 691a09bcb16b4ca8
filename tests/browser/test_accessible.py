"""Every page, as a reader with a screen reader, a keyboard or weak eyes meets it.

A file of its own: long pages take axe seconds, and the tests are shared out by file.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(
    server: str, document: str, scheme: str, width: int, visit: Callable, violations: Callable
) -> None:
    with visit(f"{server}/{document}.html", width=width, scheme=scheme) as page:
        assert page.get_attribute("html", "data-theme") == scheme
        assert violations(page) == []
