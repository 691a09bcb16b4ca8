"""Every page, as a reader with a screen reader, a keyboard or weak eyes meets it.

A file of its own: long pages take axe seconds, and the tests are shared out by file.
"""

from __future__ import annotations

from collections.abc import Callable

# A while after a change of size, the theme lets the keyboard reach what now scrolls.
SETTLED = "() => new Promise((done) => setTimeout(done, 700))"


def test_accessible(server: str, document: str, visit: Callable, violations: Callable) -> None:
    # Loading is half a minute of all pages together: one load serves all four.
    with visit(f"{server}/{document}.html") as page:
        for scheme, widths in {"light": (1280, 390), "dark": (390, 1280)}.items():
            page.emulate_media(color_scheme=scheme)
            for width in widths:
                page.set_viewport_size({"width": width, "height": 900})
                page.evaluate(SETTLED)
                assert page.get_attribute("html", "data-theme") == scheme
                assert violations(page) == [], f"{scheme}, {width} px"


def test_a_pale_word_of_code_is_found(server: str, visit: Callable, violations: Callable) -> None:
    with visit(f"{server}/book/instructors.html") as page:
        page.add_style_tag(content="pre .nv { color: #eee !important }")
        found = violations(page)
    assert found
    assert all(line.startswith("color-contrast") and 'class="nv"' in line for line in found)
