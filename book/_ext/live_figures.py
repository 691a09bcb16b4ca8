"""Show Vega-Lite charts on the site: those of the notebooks, and the same ones on other pages.

A Markdown page shows a notebook's stored live figure by the name in its cell's metadata,
``{"softmax_book": {"figure": "bars"}}``, or by the cell's id::

    ```{live-figure} notebooks/01_definition.ipynb bars
    A caption.
    ```
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from myst_nb.core import render
from self_hosted import VEGA_SCRIPT
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from myst_nb.core.render import MimeData, NbElementRenderer
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

MIME_TYPE = "application/vnd.vegalite.v5+json"


class live_figure(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """A chart, as its Vega-Lite specification."""


def visit_html(translator: HTML5Translator, node: live_figure) -> None:
    """Write the specification into the page; live-figures.js draws it."""
    description = node["spec"].get("description", "")
    # "</" would end the script element.
    spec = json.dumps(node["spec"], ensure_ascii=False).replace("</", "<\\/")
    translator.body.append(
        f'<div class="live-figure"><script type="application/json">{spec}</script>'
        f"<noscript><p>This live figure needs JavaScript. {escape(description)}</p></noscript>"
        "</div>\n"
    )
    raise nodes.SkipNode


def visit_other(_translator: nodes.NodeVisitor, _node: live_figure) -> None:
    """Leave the figure out: only a browser can draw it."""
    raise nodes.SkipNode


class VegaLite(render.MimeRenderPlugin):
    """What myst-nb calls for the outputs of a notebook."""

    mime_priority_overrides: ClassVar = [("*", MIME_TYPE, 1)]

    @staticmethod
    def handle_mime(
        renderer: NbElementRenderer, data: MimeData, inline: bool
    ) -> list[nodes.Element] | None:
        """Return the figure, or None for any other kind of output."""
        if inline or data.mime_type != MIME_TYPE:
            return None
        content = data.content
        return [live_figure(spec=json.loads(content) if isinstance(content, str) else content)]


class LiveFigure(SphinxDirective):
    """The directive for pages that are no notebooks."""

    required_arguments = 2
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the figure, in a container with its caption."""
        path, name = self.arguments
        _, file = self.env.relfn2path("/" + path)
        self.env.note_dependency(file)
        try:
            spec = stored_figure(Path(file), name)
        except (OSError, ValueError, LookupError) as error:
            raise self.error(f"no live figure {name!r} in {path}: {error}") from error
        box = nodes.container(classes=["live-figure-box"])
        box += live_figure(spec=spec)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


def stored_figure(notebook: Path, name: str) -> dict[str, Any]:
    """Return the specification that a notebook's cell of this name or id has as its output."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        names = {cell.get("id"), cell["metadata"].get("softmax_book", {}).get("figure")}
        if name in names:
            bundles = [output.get("data", {}) for output in cell.get("outputs", [])]
            for bundle in bundles:
                if MIME_TYPE in bundle:
                    return bundle[MIME_TYPE]
            raise LookupError("the cell of this name has no live figure in its outputs")
    raise LookupError("no cell has this name")


def add_scripts(
    app: Sphinx, _page: str, _template: str, _context: dict[str, Any], doctree: nodes.document
) -> None:
    """Load Vega on the pages that have a live figure, and on no other."""
    if doctree and next(doctree.findall(live_figure), None):
        app.add_js_file(VEGA_SCRIPT, loading_method="defer")
        app.add_js_file("live-figures.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the node, the directive and the renderer."""
    # myst-nb finds renderers among installed packages only, and this one belongs to the book.
    installed = render.load_mime_renders
    render.load_mime_renders = lambda: [*installed(), VegaLite]
    app.add_node(live_figure, html=(visit_html, None), latex=(visit_other, None),
                 text=(visit_other, None))  # fmt: skip
    app.add_directive("live-figure", LiveFigure)
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
