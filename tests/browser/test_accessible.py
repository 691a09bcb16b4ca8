"""Every page, as a reader with a screen reader, a keyboard or weak eyes meets it.

A file of its own: long pages take axe seconds, and the tests are shared out by file.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(
    server: str, document: str, scheme: str, visit: Callable, violations: Callable
) -> None:
    with visit(f"{server}/{document}.html", width=1280, scheme=scheme) as page:
        assert page.get_attribute("html", "data-theme") == scheme
        assert violations(page) == []
        page.set_viewport_size({"width": 390, "height": 844})
        assert violations(page) == []
