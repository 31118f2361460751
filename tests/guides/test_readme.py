"""The README's sessions: what it shows is what `make` runs, and every command of it runs."""

import re
import subprocess
from pathlib import Path

import pytest
from guide import FENCE, ROOT, free_ports, make_workspace, run_guide

PAGE = (ROOT / "README.md").read_text("utf-8")
# The same commands with a spec, and on a log, that take a minute.
SMALLER = {
    "--users 2000 --events 120000": "--users 80 --events 2400",
    "--spec qb_video": "--spec minimal",
    'from_spec("qb_video"': 'from_spec("minimal"',
}


def session(number: int) -> list[str]:
    """The commands of a session, each in one line."""
    shown = [block[3] for block in FENCE.finditer(PAGE) if block[3].startswith("$ ")]
    joined = re.sub(r" \\\n\s+", " ", shown[number])
    return [line[2:] for line in joined.splitlines() if line.startswith("$ ")]


def made(target: str) -> list[str]:
    """What `make` runs for a target, set-up aside."""
    planned = subprocess.run(
        ["make", "-n", "-s", target], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    lines = re.sub(r" \\\n\s+", " ", planned).splitlines()
    mine = lines[lines.index(f"rm -rf {target}") + 1 :]
    return [line.replace(".venv/bin/", "") for line in mine]


def test_the_first_session_is_what_make_demo_runs() -> None:
    assert session(0) == made("demo")


def test_the_pipelines_session_is_what_make_pipeline_runs() -> None:
    shown, planned = session(2), made("pipeline")
    latest = re.compile(r'"\$\(ls -d (\S+)/\*/ \| tail -1\)')
    assert [re.sub(r"/\d{10}/", "/VERSION/", each) for each in shown] == [
        latest.sub(r"\1/VERSION/", each).rstrip('"') for each in planned
    ]


@pytest.mark.long
@pytest.mark.backend("tensorflow")
def test_every_command_from_a_log_to_a_served_model(tmp_path: Path) -> None:
    ports = free_ports("8500", "8501")
    served = session(1)
    # Who reads types more slowly than a server starts.
    served[0] = served[0].replace("serve", "serve --port 8500 --rest_api_port 8501")
    waiting = (
        "until curl --silent --fail http://localhost:8501/v1/models/qb_video; do sleep 1; done"
    )
    served.insert(1, waiting)
    commands = "\n".join([*session(0), *served])
    program = next(block[3] for block in FENCE.finditer(PAGE) if block[1] == "python")
    page = tmp_path / "README.md"
    page.write_text(f"```bash\n{commands}\n```\n\n```python\n{program}```\n")
    workspace = make_workspace(tmp_path / "workspace")
    run_guide(page, workspace, {**SMALLER, **ports})
    for model in ("demo/models/qb_video", "models/qb_video"):
        assert (workspace / model / "1" / "saved_model.pb").exists()
