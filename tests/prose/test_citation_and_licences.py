"""Who may use the book, and how to cite it."""

import re
import subprocess
import sys
from pathlib import Path

import yaml

import softlib

ROOT = Path(__file__).resolve().parents[2]
AUTHORS = "The Softmax Book's authors"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def citation() -> dict:
    return yaml.safe_load(read("CITATION.cff"))


def check_citation(path: Path) -> subprocess.CompletedProcess:
    """Check against the schema of the Citation File Format, which comes with the checker."""
    command = ["-m", "check_jsonschema", "--builtin-schema=vendor.citation-file-format", str(path)]
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)


def test_citation_follows_its_schema():
    done = check_citation(ROOT / "CITATION.cff")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_schema_refuses_a_citation_without_authors(tmp_path):
    (tmp_path / "CITATION.cff").write_text("cff-version: 1.2.0\nmessage: m\ntitle: t\n", "utf-8")
    done = check_citation(tmp_path / "CITATION.cff")
    assert done.returncode == 1
    assert "authors" in done.stdout


def test_citation_names_this_version_and_this_repository():
    cff, config = citation(), yaml.safe_load(read("_config.yml"))
    assert cff["cff-version"] == "1.2.0"
    assert cff["version"] == softlib.__version__
    assert cff["repository-code"] == cff["preferred-citation"]["url"] == config["repository"]["url"]
    assert cff["authors"] == cff["preferred-citation"]["authors"] == [{"name": AUTHORS}]


def test_changelog_and_citation_agree_on_what_was_released():
    """A version has its day in both, or in neither; until its day it is what the book will be."""
    changelog, day = read("CHANGELOG.md"), citation().get("date-released")
    heading = r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$"
    released = re.findall(heading, changelog, re.MULTILINE)
    assert released[:1] == ([(softlib.__version__, day)] if day else [])
    promise = f"\nNothing has been released yet. What follows will be {softlib.__version__}.\n"
    assert (promise in changelog) == (not day)
    assert changelog.count("\n## [Unreleased]\n") == 1


def test_changelog_links_to_no_tag_of_a_version_that_is_not_released():
    text = read("CHANGELOG.md")
    tags = set(re.findall(r"github\.com/\S+/v(\d+\.\d+\.\d+)", text))
    assert tags <= set(re.findall(r"^## \[(\d+\.\d+\.\d+)\] - ", text, re.MULTILINE))


def test_changelog_adds_no_chapter_twice():
    added = re.findall(r"(?:Chapters?|,)\s+(\d\d)\b", read("CHANGELOG.md"))
    assert len(added) >= 8
    assert len(added) == len(set(added))


def test_readme_cites_this_version():
    year = citation()["preferred-citation"]["year"]
    assert f"Version {softlib.__version__}, {year}." in read("README.md")


def test_code_is_under_the_bsd_licence():
    text = read("LICENSE")
    assert text.startswith("BSD 3-Clause License\n")
    assert f"Copyright (c) 2026, {AUTHORS}\n" in text
    assert len(re.findall(r"^\d\. ", text, re.MULTILINE)) == 3


def test_text_is_under_creative_commons_attribution():
    text = read("LICENSE-TEXT")
    assert f"Copyright (c) 2026, {AUTHORS}\n" in text
    assert "SPDX-License-Identifier: CC-BY-4.0" in text
    assert re.findall(r"^Section (\d) --", text, re.MULTILINE) == list("12345678")
    assert text.rstrip().endswith("Creative Commons may be contacted at creativecommons.org.")


def test_both_licences_are_cited_where_a_reader_looks():
    # A list of licences would let a reader choose one; the code has this one, the text that.
    assert citation()["license"] == "BSD-3-Clause"
    assert citation()["preferred-citation"]["license"] == "CC-BY-4.0"
    assert {"LICENSE", "LICENSE-TEXT"} <= set(re.findall(r"\]\(([\w-]+)\)", read("README.md")))
