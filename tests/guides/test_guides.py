"""Every command of the guides of docs/ runs, or says what it needs that is not here."""

from pathlib import Path

import pytest
from guide import FENCE, REASONS, ROOT, free_ports, make_workspace, read_commands, run_guide

DOCS = ROOT / "docs"
# Guides that start from `make demo`'s exported model and serve it on the usual ports.
SERVED = ("deploy.md", "rollout.md", "serving.md", "page.md")
# The others ask the model that the first exports.
ITS_OWN_MODEL = ("production.md", "batch_scoring.md", "requests.md")
# Guides that start from nothing.
ALONE = (
    "backends.md",
    "feature_spec.md",
    "generated_logs.md",
    "layers.md",
    "study.md",
    "subclassing.md",
)
# Guides that need TFX: tests/pipeline/test_pipeline_guides.py runs them.
PIPELINE = ("beam.md", "pipeline.md")
# Pages to read, without a command.
READ = (
    "architecture.md",
    "large_tables.md",
    "options.md",
    "serving_contract.md",
    "several_devices.md",
    "speed.md",
    "warm_start.md",
)


@pytest.mark.long
@pytest.mark.backend("tensorflow")
@pytest.mark.parametrize("name", SERVED)
def test_commands(name: str, exported_model: Path, tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "workspace", exported_model)
    run_guide(DOCS / name, workspace, free_ports("8500", "8501"))


@pytest.mark.long
@pytest.mark.backend("tensorflow")
def test_commands_from_a_spec_to_requests(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "workspace")
    for name in ITS_OWN_MODEL:
        run_guide(DOCS / name, workspace, free_ports("8500", "8501"))


@pytest.mark.long
@pytest.mark.backend("tensorflow")
@pytest.mark.parametrize("name", ALONE)
def test_commands_that_need_no_model(name: str, tmp_path: Path) -> None:
    run_guide(DOCS / name, make_workspace(tmp_path / "workspace"), {})


@pytest.mark.parametrize("name", [*SERVED, *ITS_OWN_MODEL, *ALONE])
def test_commands_that_are_not_run_say_why(name: str) -> None:
    commands = read_commands((DOCS / name).read_text())
    assert any(not block.skipped for block in commands)
    assert {block.skipped for block in commands} <= {"", *REASONS}


def test_every_guide_is_run_and_every_block_says_what_it_is() -> None:
    guides = {path.name: path.read_text() for path in DOCS.glob("*.md")}
    assert set(guides) == {*SERVED, *ITS_OWN_MODEL, *ALONE, *PIPELINE, *READ}
    for name, page in guides.items():
        languages = {block[1] for block in FENCE.finditer(page)}
        assert languages <= {"bash", "python", "text", "yaml"}, name
