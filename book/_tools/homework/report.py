"""What the instructor gets: grades.csv, a feedback page per student, a report on the class."""

from __future__ import annotations

import base64
import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import jinja2

from .assignment import Assignment
from .course import ROOT
from .judge import GRADED, GRADERS_FAULT, STATUSES, TAMPERED, UNREADABLE, Verdict
from .submissions import Submission

NOT_YET = "not graded yet"
ADVICE = {
    "failed to run": "Restart the kernel, run all cells from top to bottom, and hand the "
    "notebook in again.",
    "timed out": "Look for a loop that does not end, run all cells again, and hand in again.",
    "out of memory": "Look for an array or a list that grows too large, and hand in again.",
    TAMPERED: "Take a fresh copy of the assignment, put your answers into its answer cells, "
    "and leave the test cells as they are.",
    UNREADABLE: "Hand in the notebook file itself, with the name that your instructor asked for.",
    NOT_YET: "Your notebook has arrived. You need not do anything.",
}
# What begins a formula in some spreadsheet; the full-width signs do so in East Asian ones.
FORMULA = tuple("=+-@\t\r\n＝＋－＠")
NOT_YOURS = "Your notebook is not at fault. You need not do anything: it will be graded again."
PAGE = jinja2.Environment(autoescape=True, trim_blocks=True).from_string("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
img { max-width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .7rem; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
{% for line in lines %}
<p>{{ line }}</p>
{% endfor %}
{% for picture in pictures %}
<img src="data:image/png;base64,{{ picture.data }}" alt="{{ picture.alt }}">
{% endfor %}
{% for table in tables %}
<h2>{{ table.title }}</h2>
<div class="wide" tabindex="0" role="region" aria-label="{{ table.title }}">
<table>
<thead><tr>{% for name in table.columns %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in table.rows %}
<tr>{% for value in row -%}
{% if value is number %}<td class="number">{{ "%g"|format(value) }}</td>
{%- else %}<td>{{ value }}</td>{% endif %}
{%- endfor %}</tr>
{% endfor %}
</tbody>
</table>
</div>
{% endfor %}
</main>
</body>
</html>
""")


@dataclass(frozen=True)
class Row:
    """One student's line in grades.csv."""

    submission: Submission
    status: str
    detail: str
    points: dict[str, float | None]  # by problem; None where a part is still to be graded by hand
    parts: dict[str, float | None]  # by graded cell

    @property
    def graded(self) -> bool:
        """Whether the numbers mean anything."""
        return self.status == GRADED

    @property
    def total(self) -> float | None:
        """The points there are, of the graded parts; nothing for an ungraded submission."""
        return sum(p for p in self.parts.values() if p is not None) if self.graded else None

    @property
    def open(self) -> list[str]:
        """The cells that wait for a hand."""
        return [name for name, points in self.parts.items() if points is None]


def row(
    assignment: Assignment,
    submission: Submission,
    verdict: Verdict | None,
    scores: dict[str, float | None],
) -> Row:
    """Make a student's row from the verdict and the gradebook."""
    # Without scores the gradebook was lost, and this run stopped before it came here again.
    if verdict is None or (verdict.status == GRADED and not scores):
        return Row(submission, NOT_YET, "run make grade again to go on", {}, {})
    if verdict.status != GRADED:
        return Row(submission, verdict.status, verdict.detail, {}, {})
    points: dict[str, float | None] = {}
    for problem in assignment.problems:
        parts = [scores[c.grade_id] for c in assignment.cells if c.graded and c.problem == problem]
        points[problem] = None if None in parts else sum(p for p in parts if p is not None)
    return Row(submission, GRADED, verdict.detail, points, scores)


def write_grades(path: Path, assignment: Assignment, rows: Iterable[Row]) -> None:
    """Write grades.csv. A number that does not exist is an empty field, never a zero."""
    titles = {p: f"{p} (of {assignment.points(p)})" for p in assignment.problems}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["student", "status", *titles.values(), f"total (of {assignment.points()})",
                     "to grade by hand", "detail", "file"])  # fmt: skip
    for r in rows:
        numbers = [_number(r.points.get(problem)) for problem in titles]
        writer.writerow(map(_inert, [r.submission.student, r.status, *numbers, _number(r.total),
                         " ".join(r.open), r.detail, " ".join(r.submission.files)]))  # fmt: skip
    save(path, out.getvalue())


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _inert(text: str) -> str:
    """Keep a spreadsheet from taking a student's text for a formula."""
    text = text.replace("\r", "\n")  # csv quotes only the latter, and readers end a row at both
    return f"'{text}" if text.startswith(FORMULA) else text


def save(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8", newline="")
    part.replace(path)


# ---------------------------------------------------------------- feedback


def add_mathjax(folder: Path) -> None:
    """Put MathJax beside the feedback pages, which then ask nobody else for it."""
    if (folder / "mathjax" / "tex-chtml.js").exists():
        return
    if (ext := str(ROOT / "book" / "_ext")) not in sys.path:
        sys.path.append(ext)
    from self_hosted import copy_mathjax

    (folder / "mathjax").mkdir(parents=True, exist_ok=True)
    copy_mathjax(folder)


def graded_page(page: str, r: Row) -> str:
    """Return nbgrader's page with MathJax from the folder beside it, and what is still open."""
    setting = (
        # Without what loads more on demand: \\href could lead to a script.
        "<script>window.MathJax = {tex: {inlineMath: [['$', '$'], ['\\\\(', '\\\\)']],"
        " packages: {'[-]': ['autoload', 'require']}}};</script>"
        '<script defer src="mathjax/tex-chtml.js"></script>'
    )
    page = re.sub(
        r'<script src="https://[^"]*[mM]ath[jJ]ax[^"]*">\s*</script>', lambda _: setting, page
    )
    page = re.sub(r'<script type="text/x-mathjax-config">.*?</script>', "", page, flags=re.DOTALL)
    if r.open:  # nbgrader shows a zero for it
        said = "A text of yours is still to be read, and its points will be added."
        note = f'<p class="container" role="note"><strong>{said}</strong></p>'
        page = re.sub(r"<body[^>]*>", lambda body: body[0] + note, page, count=1)
    return page.replace("<html>", '<html lang="en">', 1)


def ungraded_page(assignment: Assignment, r: Row) -> str:
    """Return the page for a student whose notebook could not be graded."""
    advice = NOT_YOURS if r.detail.startswith(GRADERS_FAULT) else ADVICE[r.status]
    lines = [f"This submission was not graded: {r.status}. It is not a zero.",
             f"What happened: {r.detail}.", advice]  # fmt: skip
    if r.status == NOT_YET:  # its detail tells the instructor what to do
        lines = ["This submission is not graded yet. It is not a zero.", advice]
    return PAGE.render(title=f"{assignment.title}: {r.submission.student}", lines=lines)


def plain_page(assignment: Assignment, r: Row, why: str) -> str:
    """Return the page for a student whose notebook nbgrader cannot show: the points alone."""
    points = [[p, _number(r.points.get(p)), assignment.points(p)] for p in assignment.problems]
    return PAGE.render(
        title=f"{assignment.title}: {r.submission.student}",
        lines=[f"Your notebook was graded, but it cannot be shown here: {why}"],
        tables=[{"title": "Points", "columns": ["problem", "points", "of"], "rows": points}],
    )


# ---------------------------------------------------------------- the class


def class_report(assignment: Assignment, rows: list[Row]) -> str:
    """Return the report on the class, in one page with its pictures inside."""
    graded = [r for r in rows if r.graded]
    pictures = []
    if graded:
        pictures = [_scores(assignment, graded), _success(assignment, graded)]
    counts = Counter(r.status for r in rows)
    waiting = sum(bool(r.open) for r in graded)
    return PAGE.render(
        title=f"{assignment.title}: the class",
        lines=[f"{len(rows)} submissions, {len(graded)} graded, {len(rows) - len(graded)} not. "
               f"{waiting} wait for answers to be graded by hand; their totals are without them."],
        pictures=pictures,
        tables=[
            {"title": "Statuses", "columns": ["status", "submissions"],
             "rows": [[s, counts[s]] for s in (*STATUSES, NOT_YET) if counts[s]]},
            {"title": "Problems",
             "columns": ["problem", "points", "mean", "full marks", "none", "to grade"],
             "rows": [_problem(assignment, graded, p) for p in assignment.problems]},
            {"title": "Students", "columns": ["student", "status", "total", "detail"],
             "rows": [[r.submission.student, r.status, "" if r.total is None else r.total, r.detail]
                      for r in rows]},
        ],
    )  # fmt: skip


def _known(graded: list[Row], problem: str) -> list[float]:
    return [p for r in graded if (p := r.points[problem]) is not None]


def _problem(assignment: Assignment, graded: list[Row], problem: str) -> list[object]:
    known, full = _known(graded, problem), assignment.points(problem)
    mean = round(sum(known) / len(known), 1) if known else ""
    title = f"{problem[1:]}. {assignment.problems[problem]}"
    waiting = len(graded) - len(known)
    return [title, full, mean, sum(p == full for p in known), sum(p == 0 for p in known), waiting]


def _scores(assignment: Assignment, graded: list[Row]) -> dict[str, str]:
    import numpy as np

    totals = [r.total or 0 for r in graded]
    full = assignment.points()
    figure, ax = _axes()
    step = max(1, round(full / 12))
    ax.hist(totals, bins=np.arange(0, full + step + 1, step) - 0.5, edgecolor="white")
    ax.axvline(np.median(totals), color="black", linestyle="--", label="median")
    ax.set(xlabel=f"points (of {full})", ylabel="students", title="Totals")
    ax.yaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    alt = (f"Histogram of {len(totals)} totals: lowest {min(totals):g}, median "
           f"{np.median(totals):g}, highest {max(totals):g} of {full}.")  # fmt: skip
    return {"data": _png(figure), "alt": alt}


def _success(assignment: Assignment, graded: list[Row]) -> dict[str, str]:
    names, shares, labels = [], [], []
    for problem, title in assignment.problems.items():
        if known := _known(graded, problem):
            names.append(f"{problem[1:]}. {title}")
            shares.append(100 * sum(known) / len(known) / assignment.points(problem))
            part = "" if len(known) == len(graded) else f", {len(known)} of {len(graded)} graded"
            labels.append(f"{shares[-1]:.0f} %{part}")
    figure, ax = _axes(height=0.8 + 0.45 * len(names))
    bars = ax.barh(names, shares)
    ax.bar_label(bars, labels, padding=3)
    ax.invert_yaxis()
    ax.set(xlim=(0, 112), xlabel="share of the points, in percent", title="Problems")
    alt = "Bars: " + "; ".join(f"problem {n}: {s}" for n, s in zip(names, labels, strict=True))
    return {"data": _png(figure), "alt": alt}


def _axes(height: float = 3.6):
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from softlib import figures

    with mpl.rc_context(figures.STYLE):
        figure = Figure(figsize=(8, height), layout="constrained")
        return figure, figure.subplots()


def _png(figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return base64.b64encode(buffer.getvalue()).decode()
