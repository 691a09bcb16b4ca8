"""The workflows and the pre-commit hooks: what can be known of them without running them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import notebooks

ROOT = notebooks.ROOT
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]


def load(path: Path) -> dict:
    # YAML 1.1 reads the key `on` as True.
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in loaded.items()}


def workflow(name: str) -> dict:
    return load(ROOT / ".github" / "workflows" / f"{name}.yml")


def commands(config: dict) -> list[str]:
    return [
        step["run"] for job in config["jobs"].values() for step in job["steps"] if "run" in step
    ]


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


def schema_check(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-workflows",
    ]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)


def test_workflows_follow_the_schema() -> None:
    assert WORKFLOWS
    done = schema_check(*WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_the_schema_refuses_a_workflow_without_a_machine(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("on: push\njobs:\n  test:\n    steps:\n      - run: make test\n")
    assert schema_check(wrong).returncode == 1


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_job_has_a_limit_and_every_target_exists(path: Path) -> None:
    config = load(path)
    assert config["permissions"] == {"contents": "read"}
    assert all("timeout-minutes" in job for job in config["jobs"].values())
    made = [command.split()[1] for command in commands(config) if command.startswith("make ")]
    assert made
    assert set(made) <= targets()


def test_a_push_is_tested_on_every_supported_python() -> None:
    config = workflow("test")
    assert {"push", "pull_request"} <= set(config["on"])
    assert config["jobs"]["test"]["strategy"]["matrix"]["python"] == PYTHONS
    version = "PYTHON=python${{ matrix.python }}"
    assert {f"make lint {version}", f"make test {version}"} <= set(commands(config))
    supported = re.findall(
        r"Python :: (3\.\d+)", (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )
    assert supported == PYTHONS


@pytest.mark.parametrize("name", ["test", "newest"])
def test_no_comparison_with_pytorch_is_skipped(name: str) -> None:
    (steps,) = (job["steps"] for job in workflow(name)["jobs"].values())
    run = [step.get("run", "").partition(" PYTHON")[0] for step in steps]
    assert "make torch" in run[: run.index("make test")]
    assert steps[run.index("make test")]["env"] == {"SOFTMAX_BOOK_NEEDS_TORCH": 1}


def test_the_site_that_was_built_is_published() -> None:
    config = workflow("pages")
    uses = {step["uses"].partition("@")[0]: step for job in config["jobs"].values()
            for step in job["steps"] if "uses" in step}  # fmt: skip
    assert uses["actions/upload-pages-artifact"]["with"]["path"] == "_build/html"
    assert "actions/deploy-pages" in uses
    assert config["jobs"]["publish"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert config["jobs"]["publish"]["needs"] == "build"


def test_each_week_the_newest_releases_are_tested() -> None:
    config = workflow("newest")
    (entry,) = config["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", entry["cron"])
    run = commands(config)
    assert run.index("make requirements") < run.index("make test")


def test_pre_commit_hooks_are_in_order() -> None:
    path = ROOT / ".pre-commit-config.yaml"
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    hooks = [hook for repo in load(path)["repos"] for hook in repo["hooks"]]
    assert [hook["id"] for hook in hooks] == ["ruff-check", "ruff-format", "notebooks"]
    for hook in hooks:
        words = hook["entry"].split()
        assert (ROOT / words[0]).exists()
        assert all((ROOT / word).is_file() for word in words if word.endswith(".py"))


def test_missing_programs_are_named_at_once(tmp_path: Path) -> None:
    """`make test` asks for them before it does anything slow."""
    script = ROOT / "book" / "_tools" / "programs.sh"

    def ask() -> subprocess.CompletedProcess[str]:
        command = ["/bin/sh", str(script)]
        path = {"PATH": str(tmp_path), "POSTGRESQL": str(tmp_path)}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=path)

    lacking = ask()
    assert lacking.returncode == 1
    for package in ("chromium", "bubblewrap", "postgresql"):
        assert f"apt-get install {package}" in lacking.stderr
    for name in ("chromium", "bwrap", "initdb"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert (ask().returncode, ask().stderr) == (0, "")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"^test: programs\b", makefile, re.MULTILINE)
