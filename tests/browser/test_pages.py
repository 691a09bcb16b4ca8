"""Every page, as a reader's browser shows it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

# The elements that stick out of the page and that no scrolling box holds.
TOO_WIDE = """() => {
    const width = document.documentElement.clientWidth;
    const scrolls = (element) => element && element !== document.body
        && (getComputedStyle(element).overflowX !== "visible" || scrolls(element.parentElement));
    // A drawer waits outside of the window; formulas carry a hidden copy for screen readers.
    const aside = ".bd-sidebar-primary, .bd-sidebar-secondary, mjx-assistive-mml";
    const shown = (element) => element.checkVisibility() && !element.closest(aside);
    return [...document.body.querySelectorAll("*")]
        .filter((element) => element.getBoundingClientRect().right > width + 1)
        .filter((element) => shown(element) && !scrolls(element.parentElement))
        .map((element) => element.outerHTML.slice(0, 120));
}"""


def test_no_error_and_no_other_host(address: str, document: str, visit: Callable) -> None:
    with visit(f"{address}/{document}.html") as page:
        assert page.title()


def test_entrance_leads_to_the_front_page(address: str, visit: Callable) -> None:
    with visit(f"{address}/index.html") as page:
        page.wait_for_selector("article h1")
        assert "softmax" in page.text_content("article h1").lower()


# What has a box of its own that hides, or scrolls, what does not fit into it.
CUT = """() => [...document.querySelectorAll(
    "mjx-container[display], .prev-next-area *, .cell_input pre, .code-line")]
    .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
    .map((element) => element.textContent.trim().slice(0, 120))"""

# Formulas with their comma on the next line.
TORN = """() => [...document.querySelectorAll("article .unbroken")]
    .filter((element) => element.getClientRects().length > 1)
    .map((element) => element.textContent.trim().slice(0, 120))"""


def test_fits_a_phone(server: str, document: str, visit: Callable) -> None:
    with visit(f"{server}/{document}.html", width=390) as page:
        page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true })")
        for width in (390, 360):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(TOO_WIDE) == []
            assert page.evaluate(CUT) == []
            assert page.evaluate(TORN) == []


def test_a_phone_shows_what_code_belongs_to_what(server: str, visit: Callable) -> None:
    """Indents are narrower there, and still tell one level from the next."""
    widths = """[...document.querySelectorAll(".cell_input .code-line .indent")]
        .map((indent) => [indent.textContent.length, indent.getBoundingClientRect().width])"""
    with visit(f"{server}/notebooks/06_cross_entropy.html", width=390) as page:
        found = {length: width for length, width in page.evaluate(widths) if length <= 20}
    levels = [found[length] for length in sorted(found)]
    assert len(levels) > 4
    assert all(low < high for low, high in pairwise(levels))


def test_the_index_fits_a_phone(server: str, visit: Callable) -> None:
    with visit(f"{server}/genindex.html", width=390) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_paper_hides_nothing(server: str, document: str, visit: Callable) -> None:
    """No line is cut, and no code is left out of its box, at the width of A4."""
    with visit(f"{server}/{document}.html", width=720) as page:
        page.emulate_media(media="print")
        page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true })")
        assert page.evaluate(CUT.replace("mjx", ".cell_output pre, mjx")) == []
        boxes = page.query_selector_all("div.cell_input")
        broken = {box.evaluate("box => getComputedStyle(box).breakInside") for box in boxes}
        assert broken <= {"avoid"}


def test_the_tab_key_stops_at_no_formula_in_a_sentence(server: str, visit: Callable) -> None:
    with visit(f"{server}/notebooks/04_logsumexp.html") as page:
        page.wait_for_function("document.querySelector('mjx-container').tabIndex == -1")
        inline = "[...document.querySelectorAll('mjx-container:not([display])')]"
        assert page.evaluate(f"{inline}.length") > 100
        assert page.evaluate(f"{inline}.filter((formula) => formula.tabIndex >= 0).length") == 0


@pytest.mark.parametrize("button", [".theme-switch-button", ".primary-toggle"])
def test_buttons_show_and_keep_the_focus_of_the_keyboard(
    server: str, visit: Callable, button: str
) -> None:
    with visit(f"{server}/notebooks/02_temperature.html") as page:
        page.keyboard.press("Tab")  # from now on, focus comes from the keyboard
        there = page.locator(f".bd-header-article {button}").first
        there.focus()
        assert there.evaluate("button => getComputedStyle(button).outlineStyle") == "solid"
        for _ in range(2):
            page.keyboard.press("Enter")
            page.wait_for_timeout(300)
            assert there.evaluate("button => button === document.activeElement")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_search_finds_temperature(
    address: str, scheme: str, visit: Callable, violations: Callable
) -> None:
    with visit(f"{address}/search.html?q=temperature", scheme=scheme) as page:
        page.wait_for_selector("#search-results ul.search li a")
        found = page.eval_on_selector_all(
            "#search-results ul.search li a", "links => links.map(link => link.href)"
        )
        assert any("/notebooks/" in link for link in found)
        assert violations(page) == []


def test_search_quotes_the_article(server: str, visit: Callable) -> None:
    with visit(f"{server}/search.html?q=temperature") as page:
        page.wait_for_selector("#search-results p.context")
        page.wait_for_load_state("networkidle")
        excerpts = page.locator("#search-results p.context").all_text_contents()
    assert not [text for text in excerpts if ".ipynb" in text or ".pdf" in text]


def test_search_quotes_no_tex(server: str, visit: Callable) -> None:
    with visit(f"{server}/search.html?q=gradient") as page:
        page.locator("#search-results p.context", has_text="∂").first.wait_for()
        page.wait_for_load_state("networkidle")  # the excerpts come one by one
        excerpts = page.locator("#search-results p.context").all_text_contents()
    assert len(excerpts) > 5
    assert not [text for text in excerpts if "\\" in text]


def test_search_quotes_fractions_right(server: str, visit: Callable) -> None:
    said = r"<article><p>\(\frac{a}{b} + \tfrac12 + \frac1n\)</p><p>\(e^{z_i/T}\)</p></article>"
    with visit(f"{server}/search.html") as page:
        quoted = page.evaluate("(page) => Search.htmlToText(page)", said)
    assert quoted.split() == ["(a)/(b)", "+", "1/2", "+", "1/n", "e^(z_i/T)"]


def test_styles_reach_labels_and_figures(server: str, visit: Callable) -> None:
    """In the dark, labels have the book's blue, and figures a white frame, against the theme."""
    style = "(element, name) => getComputedStyle(element)[name]"
    with visit(f"{server}/notebooks/04_logsumexp.html", scheme="dark") as page:
        label = page.query_selector("blockquote.statement strong")
        assert label.evaluate(style, "color") == "rgb(130, 196, 242)"
        figures = page.query_selector_all(".cell_output img")
        assert {img.evaluate(style, "backgroundColor") for img in figures} == {"rgb(255, 255, 255)"}


def test_paper_is_light(server: str, visit: Callable) -> None:
    with visit(f"{server}/notebooks/01_definition.html", scheme="dark") as page:
        theme = "document.documentElement.dataset.theme"
        themes = [page.evaluate(theme)]
        for event in ("beforeprint", "afterprint"):
            page.evaluate("(name) => dispatchEvent(new Event(name))", event)
            themes.append(page.evaluate(theme))
    assert themes == ["dark", "light", "dark"]


def test_search_marks_the_word_on_the_page(
    server: str, visit: Callable, violations: Callable
) -> None:
    with visit(f"{server}/search.html?q=temperature", scheme="dark") as page:
        page.click("#search-results ul.search li a")
        page.wait_for_selector("article .highlighted")
        assert violations(page) == []
