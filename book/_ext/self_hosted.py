"""Bring the scripts that the pages need from pinned Python packages into the site.

A reader's browser asks no other host for anything, and the repository holds no copy of them.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vl_convert

if TYPE_CHECKING:
    from sphinx.application import Sphinx

VEGA_LITE = "5.20"  # the version whose specifications Altair 5.5 writes
VEGA_SCRIPT = "vega.js"


def copy_mathjax(static: Path) -> None:
    """Copy MathJax's one needed component and its fonts."""
    package = Path(find_spec("sphinx-mathjax-offline").origin).parent
    source, target = package / "static" / "mathjax", static / "mathjax"
    fonts = Path("output/chtml/fonts/woff-v2")
    shutil.copytree(source / fonts, target / fonts, dirs_exist_ok=True)
    shutil.copy2(source / "tex-chtml.js", target)


def bundle_vega(static: Path) -> None:
    """Write Vega, Vega-Lite and Vega-Embed as one script."""
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    # The bundle's top-level names, "_" among them, are Sphinx's too.
    Path(static, VEGA_SCRIPT).write_text(f"(() => {{\n{script}\n}})();\n", encoding="utf-8")


def gather(app: Sphinx) -> None:
    """Add a folder with the scripts to those that Sphinx copies into the site."""
    if app.builder.format == "html":
        static = Path(app.doctreedir, "self_hosted")
        static.mkdir(parents=True, exist_ok=True)
        copy_mathjax(static)
        bundle_vega(static)
        app.config.html_static_path.append(str(static))


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx where MathJax will be."""
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.connect("builder-inited", gather)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
