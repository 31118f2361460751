"""What pip builds and installs: every file that the code reads, one version, the command."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
from made_once import made_once

import infnet_keras

ROOT = Path(__file__).parents[2]
PACKAGES = ("feature_specs", "infnet_keras", "serving", "tfx_pipeline")
# Files beside the code that stay in the repository: what a site copies and adapts, and the sources
# of generated modules.
NOT_PACKAGED = ("serving/deploy/", "serving/tf_serving/", "tfx_pipeline/Dockerfile")
BUILD = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
TRY = """
import infnet_keras, serving.page
from infnet_keras.spec import load_spec, shipped_specs
print(infnet_keras.__file__)
print(infnet_keras.__version__, *(load_spec(name).name for name in shipped_specs()))
"""


def run(*command: object, cwd: Path, path: Path | None = None) -> str:
    """What a command prints; `path` is where Python looks first."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the build reads: setuptools writes beside its sources."""

    def make(directory: Path) -> None:
        for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, directory)
        for name in PACKAGES:
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(ROOT / name, directory / name, ignore=ignored)
        command = (sys.executable, "-m", "pip", "wheel", *BUILD, "-w", "wheels", ".")
        run(*command, cwd=directory)

    return made_once(tmp_path_factory, "source", make)


def wheel_of(source: Path) -> Path:
    [wheel] = (source / "wheels").iterdir()
    return wheel


def test_the_wheel_holds_every_file_that_the_code_reads(source: Path) -> None:
    kept = sorted(
        str(path.relative_to(source))
        for name in PACKAGES
        for path in (source / name).rglob("*")
        if path.is_file()
        and path.suffix != ".proto"
        and not str(path.relative_to(source)).startswith(NOT_PACKAGED)
    )
    assert len(kept) > 400
    with zipfile.ZipFile(wheel_of(source)) as wheel:
        found = sorted(name for name in wheel.namelist() if ".dist-info/" not in name)
        licences = [name for name in wheel.namelist() if name.endswith("licenses/LICENSE")]
    assert found == kept
    assert len(licences) == 1


def test_the_wheel_is_of_the_one_version(source: Path) -> None:
    version = infnet_keras.__version__
    assert wheel_of(source).name == f"infnet_keras-{version}-py3-none-any.whl"
    assert run(sys.executable, "setup.py", "--version", cwd=source).split() == [version]
    for name in ("pyproject.toml", "setup.py"):
        assert version not in (ROOT / name).read_text("utf-8")


def test_an_installed_wheel_works(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    pip = (sys.executable, "-m", "pip", "install", "--no-deps", "--no-index")
    run(*pip, "--target", target, wheel_of(source), cwd=tmp_path)
    check_installed(
        (sys.executable,), target / "bin" / "infnet", target / "infnet_keras", tmp_path, target
    )
    [metadata] = target.glob("*.dist-info")
    said = PathDistribution(metadata).metadata
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert said["Summary"] == project["description"]
    assert said["License-Expression"] == "Apache-2.0"
    assert said["Description-Content-Type"] == "text/markdown"
    assert set(said.get_all("Provides-Extra")) == project["optional-dependencies"].keys()


def test_an_editable_install_works(source: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(source, tmp_path / "source", ignore=shutil.ignore_patterns("build"))
    environment = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    python = environment / "bin" / "python"
    [packages] = environment.glob("lib/python*/site-packages")
    # What the tests run with serves as its dependencies; this project's own finder stays out.
    beside = [place for place in sys.path if place.endswith("site-packages")]
    (packages / "beside.pth").write_text("\n".join(beside))
    pip = (sys.executable, "-m", "pip", "--python", python, "install")
    run(*pip, *BUILD, "--editable", copy, cwd=tmp_path)
    infnet = environment / "bin" / "infnet"
    check_installed((python,), infnet, copy / "infnet_keras", tmp_path, None)
    (copy / "infnet_keras" / "errors.py").write_text("raise SystemExit('edited')\n")
    with pytest.raises(AssertionError, match="edited"):
        run(infnet, "--version", cwd=tmp_path)


def check_installed(
    python: tuple[object, ...], infnet: Path, package: Path, cwd: Path, path: Path | None
) -> None:
    """It imports from `package`, loads every shipped spec by name, and its command answers."""
    version = infnet_keras.__version__
    first, second = run(*python, "-c", TRY, cwd=cwd, path=path).splitlines()
    assert Path(first) == package / "__init__.py"
    specs = sorted(p.stem for p in (ROOT / "feature_specs").glob("*.yaml"))
    assert second.split() == [version, *specs]
    assert "check a feature spec" in run(infnet, "--help", cwd=cwd, path=path)
