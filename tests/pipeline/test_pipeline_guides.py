"""Every command of the pipeline's guides runs, or says what it needs that is not here."""

from pathlib import Path

import pytest
from guide import REASONS, ROOT, free_ports, make_workspace, read_commands, run_guide

GUIDES = [ROOT / "docs" / "beam.md", ROOT / "docs" / "pipeline.md"]


@pytest.mark.long
@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_commands(guide: Path, tmp_path: Path) -> None:
    run_guide(guide, make_workspace(tmp_path / "workspace"), free_ports("8786"))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_commands_that_are_not_run_say_why(guide: Path) -> None:
    commands = read_commands(guide.read_text())
    assert any(not block.skipped for block in commands)
    assert {block.skipped for block in commands} <= {"", *REASONS}
