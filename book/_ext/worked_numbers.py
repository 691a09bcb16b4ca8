"""List the worked numbers of a notebook: what its stored outputs print with `check.digits`.

```{worked-numbers} notebooks/01_definition.ipynb
```
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx

LINE = re.compile(r"✓ (?P<claim>.*?) *= (?P<digits>-?\d[-\d.e]*( -?\d[-\d.e]*)*)")


def worked_numbers(notebook: Path) -> Iterator[tuple[str, str]]:
    """Yield what each number is, and its digits, in the order of the notebook."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code" or "check.digits(" not in "".join(cell["source"]):
            continue
        for output in cell["outputs"]:
            for line in "".join(output.get("text", "")).splitlines():
                if found := LINE.fullmatch(line):
                    yield found["claim"], found["digits"]


class WorkedNumbers(SphinxDirective):
    """The directive: a table of two columns."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        _, file = self.env.relfn2path("/" + self.arguments[0])
        self.env.note_dependency(file)
        try:
            rows = list(worked_numbers(Path(file)))
        except (OSError, ValueError, LookupError) as error:
            raise self.error(f"no worked numbers in {self.arguments[0]}: {error}") from error
        if not rows:
            raise self.error(f"no worked numbers in {self.arguments[0]}")
        group = nodes.tgroup(cols=2)
        group += [nodes.colspec(colwidth=1), nodes.colspec(colwidth=1)]
        group += nodes.thead("", _row("What", "Value"))
        group += nodes.tbody("", *(_row(*row) for row in rows))
        return [nodes.table("", group, classes=["worked-numbers"])]


def _row(*texts: str) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph(text=text)) for text in texts))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("worked-numbers", WorkedNumbers)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
