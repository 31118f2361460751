"""A wheel adapted: other requirements, an honest tag and version, a record that holds."""

import base64
import hashlib
import zipfile
from pathlib import Path

import pytest

from tfx_pipeline.wheels.wheel import adapted

METADATA = """Metadata-Version: 2.1
Name: made-up
Version: 1.2
Requires-Dist: pyfarmhash<0.4,>=0.2.2
Requires-Dist: numpy>=1.22

About pyfarmhash.
"""


def write_wheel(directory: Path) -> Path:
    path = directory / "made_up-1.2-cp311-cp311-manylinux_2_39_x86_64.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("made_up/__init__.py", "value = 1\n")
        wheel.writestr("made_up/native.so", b"no shared object at all")
        wheel.writestr("made_up-1.2.dist-info/METADATA", METADATA)
        wheel.writestr(
            "made_up-1.2.dist-info/WHEEL",
            "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_39_x86_64\n",
        )
        wheel.writestr("made_up-1.2.dist-info/RECORD", "")
    return path


def test_what_pip_reads_is_rewritten(tmp_path: Path) -> None:
    original = write_wheel(tmp_path)
    made = adapted(original, {"pyfarmhash": ">=0.5,<0.6"})
    assert [path.name for path in tmp_path.iterdir()] == [made.name]
    assert made.name == "made_up-1.2+infnet-cp311-cp311-manylinux_2_17_x86_64.whl"
    with zipfile.ZipFile(made) as wheel:
        metadata = wheel.read("made_up-1.2+infnet.dist-info/METADATA").decode()
        tags = wheel.read("made_up-1.2+infnet.dist-info/WHEEL").decode()
        assert wheel.read("made_up/native.so") == b"no shared object at all"
    assert metadata == METADATA.replace("<0.4,>=0.2.2", ">=0.5,<0.6").replace(
        "Version: 1.2", "Version: 1.2+infnet"
    )
    assert "Tag: cp311-cp311-manylinux_2_17_x86_64" in tags


def test_the_record_names_every_file_and_its_digest(tmp_path: Path) -> None:
    with zipfile.ZipFile(adapted(write_wheel(tmp_path), {})) as wheel:
        lines = wheel.read("made_up-1.2+infnet.dist-info/RECORD").decode().splitlines()
        recorded = dict(line.split(",", 1) for line in lines)
        assert recorded.keys() == set(wheel.namelist())
        for name in wheel.namelist():
            content = wheel.read(name)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
            if not name.endswith("RECORD"):
                assert recorded[name] == f"sha256={digest.rstrip('=')},{len(content)}"


def test_an_unknown_requirement_is_no_silent_success(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing like"):
        adapted(write_wheel(tmp_path), {"absent": ">=1"})


def test_only_a_manylinux_wheel_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no manylinux wheel"):
        adapted(tmp_path / "made_up-1.2-py3-none-any.whl", {})
