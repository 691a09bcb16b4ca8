"""Every page, as a reader with a screen reader, a keyboard or weak eyes meets it.

A file of its own: long pages take axe seconds, and the tests are shared out by file.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

# A while after a change of size, the theme lets the keyboard reach what now scrolls.
RESIZED = "() => new Promise((done) => setTimeout(done, 700))"


@pytest.mark.parametrize(("scheme", "widths"), [("light", (1280, 390)), ("dark", (390, 1280))])
def test_accessible(
    server: str,
    document: str,
    scheme: str,
    widths: tuple[int, int],
    visit: Callable,
    violations: Callable,
) -> None:
    with visit(f"{server}/{document}.html", width=widths[0], scheme=scheme) as page:
        assert page.get_attribute("html", "data-theme") == scheme
        assert violations(page) == []
        page.set_viewport_size({"width": widths[1], "height": 900})
        page.evaluate(RESIZED)
        assert violations(page) == []
