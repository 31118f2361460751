"""What CONTRIBUTING, CHANGELOG, SECURITY and the hooks say is so."""

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

import infnet_keras
from serving.server.flags import Flags

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_links_are_found() -> None:
    text = "[a](docs/x.md#part) [b](https://example.org/y) [c](#here) [`d`](e.yaml)"
    assert LINK.findall(text) == ["docs/x.md", "https://example.org/y", "e.yaml"]


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "README.md", "CHANGELOG.md"])
def test_what_is_made_can_be_made(name: str) -> None:
    commands = set(re.findall(r"[`\n]make ([a-z-]+)", (ROOT / name).read_text("utf-8")))
    assert commands
    assert commands <= set(re.findall(r"^([a-z-]+):", makefile(), re.MULTILINE))


def makefile() -> str:
    return (ROOT / "Makefile").read_text("utf-8")


def test_the_newest_version_of_the_changelog_is_the_project_s() -> None:
    versions = re.findall(r"^## (\S+) - (unreleased|\d{4}-\d\d-\d\d)$", changelog(), re.MULTILINE)
    assert versions[0][0] == infnet_keras.__version__
    assert len(versions) == changelog().count("\n## ")
    numbers = [tuple(map(int, version.split("."))) for version, _ in versions]
    assert numbers == sorted(numbers, reverse=True)


def changelog() -> str:
    return (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_flags_of_the_security_page_are_the_server_s() -> None:
    named = set(re.findall(r"--(\w+)", (ROOT / "SECURITY.md").read_text("utf-8")))
    assert named - {"version"} <= {flag.name for flag in fields(Flags)}
    assert len(named) > 3


def test_hooks_run_what_make_lint_runs() -> None:
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    [repository] = configuration["repos"]
    entries = [hook["entry"] for hook in repository["hooks"]]
    lint = re.search(r"^lint: setup\n((?:\t.*\n)+)", makefile(), re.MULTILINE)
    assert lint is not None
    assert entries == lint[1].replace("$(BIN)", ".venv/bin").replace("\t", "").splitlines()
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-config", ROOT / ".pre-commit-config.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
