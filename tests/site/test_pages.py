"""The built pages as files: all of them are there, whole, and sufficient unto themselves."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

# Sphinx adds these to what the table of contents names.
GENERATED = {"index", "search", "genindex", "py-modindex"}

# What the browser would fetch by itself; a link that a reader follows may lead anywhere.
FETCHED = {
    "audio": "src", "embed": "src", "iframe": "src", "img": "src", "input": "src", "object": "data",
    "script": "src", "source": "src", "track": "src", "video": "src",
}  # fmt: skip


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, BeautifulSoup]:
    """Return every built page, parsed, by the name of its document."""
    files = [file for file in site.rglob("*.html") if "_static" not in file.parts]
    return {
        file.relative_to(site).with_suffix("").as_posix(): BeautifulSoup(
            file.read_text(encoding="utf-8"), "html.parser"
        )
        for file in files
    }


@pytest.fixture(scope="module")
def config(root: Path) -> dict:
    """Return _config.yml."""
    return yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))


def resolve(page: str, link: str, site: Path) -> Path:
    """Return the file of the site that a relative link on a page leads to."""
    return (site / page).parent.joinpath(unquote(urlsplit(link).path)).resolve()


def is_local(link: str) -> bool:
    parts = urlsplit(link)
    return not parts.scheme and not parts.netloc


def test_pages_are_those_of_the_table_of_contents(pages: dict, documents: list[str]) -> None:
    assert set(pages) - GENERATED == set(documents)


def test_every_chapter_is_in_the_table_of_contents(root: Path, documents: list[str]) -> None:
    notebooks = {f"notebooks/{file.stem}" for file in (root / "notebooks").glob("*.ipynb")}
    assert notebooks == {name for name in documents if name.startswith("notebooks/")}


def test_nothing_is_fetched_from_another_host(pages: dict) -> None:
    outside = []
    for name, page in pages.items():
        for tag, attribute in FETCHED.items():
            links = [element[attribute] for element in page.find_all(tag, **{attribute: True})]
            outside += [(name, link) for link in links if not is_local(link)]
        for link in page.find_all("link", href=True):
            # An address that names the page itself, rather than something to load.
            if "canonical" not in link["rel"] and not is_local(link["href"]):
                outside.append((name, link["href"]))
    assert not outside


def test_styles_fetch_nothing_from_another_host(site: Path) -> None:
    outside = [
        (file.name, address)
        for file in site.rglob("*.css")
        for address in re.findall(r"url\(\s*['\"]?(.*?)['\"]?\s*\)", file.read_text("utf-8"))
        if urlsplit(address).scheme not in {"", "data"} or address.startswith("//")
    ]
    assert not outside


def test_links_within_the_site_lead_somewhere(pages: dict, site: Path) -> None:
    broken = []
    for name, page in pages.items():
        for tag, attribute in {"a": "href", "link": "href", **FETCHED}.items():
            for element in page.find_all(tag, **{attribute: True}):
                link = element[attribute]
                target = resolve(name, link, site)
                within = target.is_relative_to(site.resolve()) and target.exists()
                if is_local(link) and not within:
                    broken.append((name, link))
    assert not broken


def test_fragments_within_the_site_lead_somewhere(pages: dict, site: Path) -> None:
    ids = {
        name: {element["id"] for element in page.find_all(id=True)} for name, page in pages.items()
    }
    broken = []
    for name, page in pages.items():
        for link in (element["href"] for element in page.find_all("a", href=True)):
            fragment = unquote(urlsplit(link).fragment)
            if not fragment or not is_local(link):
                continue
            path = resolve(name, link, site) if urlsplit(link).path else site / f"{name}.html"
            target = path.relative_to(site).with_suffix("").as_posix()
            if target in ids and fragment not in ids[target]:
                broken.append((name, link))
    assert not broken


def prose(page: BeautifulSoup) -> str:
    """Return a page's text without formulas, code and the signatures of functions."""
    article = copy.copy(page.select_one("article"))
    for hidden in article.select(".math, pre, code, script, dl.py"):
        hidden.decompose()
    return article.get_text()


def test_no_stray_tex(pages: dict, documents: list[str]) -> None:
    """TeX that no one typesets shows as dollars or backslashes in the text."""
    tex = re.compile(r".{0,30}(?:\$|\\[a-zA-Z(\[]).{0,30}")
    assert not [(name, hit) for name in documents for hit in tex.findall(prose(pages[name]))]


def test_no_stray_markdown(pages: dict, documents: list[str]) -> None:
    """Markdown that no one read shows as asterisks, link brackets or directive fences."""
    markup = re.compile(r".{0,30}(?:\*\*|\]\(|```|:::|\{\w+\}`).{0,30}")
    assert not [(name, hit) for name in documents for hit in markup.findall(prose(pages[name]))]


def test_code_is_that_of_the_notebook(pages: dict, root: Path) -> None:
    for file in sorted((root / "notebooks").glob("*.ipynb")):
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        shown = [
            pre.get_text() for pre in pages[f"notebooks/{file.stem}"].select(".cell_input pre")
        ]
        assert [text.rstrip("\n") for text in shown] == sources


def test_lines_of_checks_may_break(pages: dict, documents: list[str]) -> None:
    printed = [
        pre for name in documents for pre in pages[name].select(".cell_output .highlight pre")
    ]
    mixed = 0
    for pre in printed:
        lines = pre.get_text().splitlines()
        checks = [line for line in lines if re.match("[✓✗] ", line)]
        assert [line.get_text().rstrip("\n") for line in pre.select(".code-line")] == checks
        mixed += 0 < len(checks) < len(lines)
    assert mixed > 10


def test_pages_can_do_without_scripts(pages: dict) -> None:
    for page in pages.values():
        assert page.html.get("data-theme", "light") == "light"  # "auto" has no colours
        for figure in page.select(".live-figure"):
            assert len(figure.noscript.get_text()) > 100  # what the figure shows, in words


def test_names_say_what_is_seen(pages: dict) -> None:
    assert pages["book/index"].title.get_text() == "The Softmax Book"
    folds = [fold for page in pages.values() for fold in page.select("details > summary")]
    assert len(folds) > 50
    assert not any("aria-label" in fold.attrs for fold in folds)


def test_a_changed_style_is_copied_though_no_page_changed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(root / 'book' / '_ext')!r})\n"
        "extensions, html_static_path = ['mended_theme'], ['styles']\n"
    )
    (tmp_path / "index.rst").write_text("Title\n=====\n\nText.\n")
    (tmp_path / "styles").mkdir()
    for text in ("p { color: red }", "p { color: blue }"):
        (tmp_path / "styles" / "own.css").write_text(text)
        build = [sys.executable, "-m", "sphinx", "-q", str(tmp_path), str(tmp_path / "html")]
        subprocess.run(build, check=True)
        assert (tmp_path / "html" / "_static" / "own.css").read_text() == text


def test_no_formula_may_lose_its_punctuation(pages: dict, documents: list[str]) -> None:
    """A browser may break a line between a formula and its comma, unless one element holds both."""
    formulas = [span for name in documents for span in pages[name].select("article span.math")]
    alone = [span for span in formulas if not span.find_parent(class_="unbroken")]
    assert len(formulas) - len(alone) > 1000
    around = [(span.previous_sibling, span, span.next_sibling) for span in alone]
    torn = re.compile(r"[(\[“‘]\\\(|\\\)[.,;:!?)\]”’-]")
    texts = ["".join(part.get_text() for part in parts if part) for parts in around]
    assert not [text for text in texts if torn.search(text)]


def test_initials_of_authors_are_no_numbers_of_a_list(pages: dict) -> None:
    """Sphinx reads a docstring's "B. Author" as item B."""
    assert pages["book/api"].select("ol.upperalpha, ol.loweralpha, ol.upperroman") == []


def test_colab_links_lead_to_notebooks_of_the_tree(pages: dict, config: dict, root: Path) -> None:
    repository = urlsplit(config["repository"]["url"]).path
    prefix = f"/github{repository}/blob/{config['repository']['branch']}/"
    found: dict[str, list[str]] = {}
    for name, page in pages.items():
        for link in (element["href"] for element in page.find_all("a", href=True)):
            if urlsplit(link).hostname == "colab.research.google.com":
                path = urlsplit(link).path
                assert path.startswith(prefix), f"{name}: {link}"
                target = path.removeprefix(prefix)
                assert (root / target).is_file(), f"{name}: {link}"
                found.setdefault(name, []).append(target)
    for name in pages:
        if name.startswith("notebooks/"):
            # One in the page's header and one in the text, both to the chapter itself.
            assert found[name].count(f"{name}.ipynb") >= 2, name


def test_notebooks_can_be_downloaded(pages: dict, root: Path, site: Path) -> None:
    for name, page in pages.items():
        if name.startswith("notebooks/"):
            links = {element["href"] for element in page.find_all("a", href=True)}
            files = [resolve(name, link, site) for link in links if link.endswith(".ipynb")]
            source = (root / f"{name}.ipynb").read_bytes()
            assert source in [file.read_bytes() for file in files if file.is_file()], name


def test_vega_loads_only_where_a_figure_needs_it(pages: dict) -> None:
    for name, page in pages.items():
        loads = any("vega" in script["src"] for script in page.find_all("script", src=True))
        assert loads == bool(page.select(".live-figure")), name


def test_live_figures_are_whole_specifications(pages: dict) -> None:
    scripts = [script for page in pages.values() for script in page.select(".live-figure script")]
    assert scripts
    for script in scripts:
        spec = json.loads(script.string)
        assert spec["$schema"].endswith(".json")
        assert spec["description"].strip()


def test_images_have_alternative_texts(pages: dict, documents: list[str]) -> None:
    without = []
    for name in documents:
        for image in pages[name].select("article img"):
            alt = image.get("alt", "")
            if len(alt.split()) < 3 or Path(alt).suffix in {".png", ".svg"}:
                without.append((name, image["src"], alt))
    assert not without


def test_pages_describe_themselves_to_those_who_link_to_them(pages: dict, documents: list) -> None:
    for name in documents:
        tags = {
            meta.get("property"): meta["content"] for meta in pages[name].select("meta[content]")
        }
        assert tags["og:title"].strip(), name
        assert tags["og:site_name"] == "The Softmax Book", name
        assert tags["og:description"].strip(), name


def test_no_page_loads_what_the_book_does_not_use(pages: dict, site: Path) -> None:
    for name, page in pages.items():
        sources = [script["src"] for script in page.find_all("script", src=True)]
        assert not [source for source in sources if re.search("thebe|fontawesome", source)], name
    assert not (site / "_static" / "scripts" / "fontawesome.js").exists()
