"""The image of the pipeline's steps: nothing builds it here; what it says is held to what is."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "tfx_pipeline" / "Dockerfile"
INSTALL = re.compile(r"-m tfx_pipeline\.wheels (\S+).*?pip install .*?--find-links \1", re.DOTALL)


def instructions(name: str) -> list[str]:
    parsed = DockerfileParser(fileobj=DOCKERFILE.open("rb")).structure
    return [step["value"] for step in parsed if step["instruction"] == name]


def test_style() -> None:
    command = [str(Path(sys.executable).with_name("hadolint")), "--failure-threshold", "style"]
    done = subprocess.run([*command, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_installs_as_make_does() -> None:
    assert INSTALL.search((ROOT / "Makefile").read_text())
    assert any(INSTALL.search(step) for step in instructions("RUN"))


def test_what_setup_needs_is_copied() -> None:
    copied = {word for step in instructions("COPY") for word in step.split()[:-1]}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert {"setup.py", "pyproject.toml", "constraints.txt", "README.md", *packages} <= copied


def test_workers_have_the_launcher_of_the_beam_that_is_installed() -> None:
    image = f"apache/beam_python3.11_sdk:{version('apache-beam')} AS beam"
    assert image in instructions("FROM")
    assert "--from=beam /opt/apache/beam /opt/apache/beam" in instructions("COPY")
    assert instructions("ENTRYPOINT") == ['["/opt/apache/beam/boot"]']
