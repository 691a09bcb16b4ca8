"""A real browser on the built site, from a server on loopback and from disk."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    sync_playwright,
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# The browser asks its makers for nothing, and a container needs no sandbox of its own.
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync")  # fmt: skip

# Math and live figures are drawn by scripts after loading.
SETTLED = """async () => {
    if (window.MathJax?.startup?.promise) await MathJax.startup.promise;
    const figures = [...document.querySelectorAll(".live-figure")];
    return figures.every((figure) => figure.dataset.ready);
}"""

# A page has thousands of words of code; axe measures the contrast of each: half of all its time.
# In one block, words of one class have one look, so that the first of them stands for all.
ONE_WORD_OF_EACH_LOOK = """() => {
    for (const block of document.querySelectorAll("pre")) {
        const looks = new Set();
        for (const word of block.querySelectorAll("span:not(:has(*)):not([id], .code-line)")) {
            const look = word.parentElement.className + "/" + word.className;
            if (looks.has(look)) word.replaceWith(word.textContent);
            looks.add(look);
        }
    }
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serve files without a line on the terminal for each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[str]:
    """Serve the site on a free port of loopback and return its address."""
    handler = partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.fixture(scope="session", params=["http", "disk"])
def address(request: pytest.FixtureRequest, site: Path, server: str) -> str:
    """Return where the site is: on the server, and then on disk."""
    return server if request.param == "http" else site.as_uri()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail("no browser: install chromium (Debian: apt-get install it)", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Callable:
    """Open a page, wait until it is drawn, and afterwards demand that nothing went wrong.

    Wrong is any error on the console, any exception, any failed request, and any request to a
    host other than loopback.
    """

    @contextmanager
    def visit(url: str, *, width: int = 1280, scheme: str = "light") -> Iterator[Page]:
        faults: list[str] = []

        def request(req: Request) -> None:
            parts = urlsplit(req.url)
            if parts.scheme not in {"data", "blob", "file"} and parts.hostname != "127.0.0.1":
                faults.append(f"request to another host: {req.url}")

        def response(res: Response) -> None:
            if res.status >= 400:
                faults.append(f"{res.status}: {res.url}")

        def failed(req: Request) -> None:
            # Leaving a page, as the entrance does, aborts what it was still loading.
            if req.failure != "net::ERR_ABORTED":
                faults.append(f"failed: {req.url} {req.failure}")

        def console(line: ConsoleMessage) -> None:
            if line.type == "error":
                faults.append(f"console: {line.text}")

        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        page = context.new_page()
        page.on("request", request)
        page.on("requestfailed", failed)
        page.on("response", response)
        page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
        page.on("console", console)
        try:
            page.goto(url)
            page.wait_for_function(SETTLED)
            yield page
        finally:
            context.close()
            if faults:  # often the cause of whatever else went wrong
                pytest.fail("\n".join(faults), pytrace=False)

    return visit


@pytest.fixture(scope="session")
def violations() -> Callable[[Page], list[str]]:
    """Tell what axe finds wrong with a page."""

    def violations(page: Page) -> list[str]:
        # axe need not fetch the stylesheets again: it resolves their imports against the wrong
        # folder. Describing each of the thousands of elements that pass takes half of its time.
        options = {"preload": False, "resultTypes": ["violations"]}
        page.evaluate(ONE_WORD_OF_EACH_LOOK)
        found = Axe().run(page, options=options).response["violations"]
        return [f"{v['id']}: {v['help']}: {n['html'][:200]}" for v in found for n in v["nodes"]]

    return violations
