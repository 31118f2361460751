"""Killed, out of space, run twice: what is there is whole, or nothing is there."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infnet_keras.data import PreparedData, generate, prepare
from infnet_keras.errors import DataError
from infnet_keras.spec import dump_spec, spec_from_dict

RUN = """
import sys, time
from contextlib import contextmanager
from pathlib import Path
import resource
from infnet_keras.data import prepare
from infnet_keras.errors import DataError
from infnet_keras.progress import Progress
from infnet_keras.spec import load_spec

spec, raw, out, limit, pause = sys.argv[1:]

class Pausing(Progress):
    @contextmanager
    def phase(self, name, *arguments):
        print(name, flush=True)
        if pause != "never" and name.startswith(pause):
            time.sleep(600)
        with super().phase(name, *arguments) as phase:
            yield phase

if limit != "none":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    prepare(load_spec(spec), Path(raw), Path(out), "2024-01-13", "2024-01-14", progress=Pausing())
except DataError as error:
    print("DataError:", error)
"""


@pytest.fixture
def generated(tmp_path, content):
    """A spec's file and raw logs that match it."""
    spec = spec_from_dict(content)
    (tmp_path / "spec.yaml").write_text(dump_spec(spec))
    generate(spec, tmp_path / "raw", users=200, events=20_000, seed=0)
    return spec, [str(tmp_path / "spec.yaml"), str(tmp_path / "raw"), str(tmp_path / "out")]


@pytest.mark.parametrize("pause", ["reading", "ordering", "encoding"])
def test_a_killed_run_leaves_nothing_and_can_be_repeated(tmp_path, generated, pause) -> None:
    spec, paths = generated
    command = [sys.executable, "-c", RUN, *paths, "none", pause]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith(pause):
            assert process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
    out = tmp_path / "out"
    assert not out.exists()
    assert list(tmp_path.glob("out.partial-*"))
    prepare(spec, tmp_path / "raw", out, "2024-01-13", "2024-01-14")
    assert PreparedData.open(out).manifest.rows_read == 20_000
    assert not list(tmp_path.glob("out.partial-*"))


@pytest.mark.parametrize("limit", [1_000, 120_000])
def test_no_space_is_one_error_and_nothing_is_left(tmp_path, generated, limit) -> None:
    _, paths = generated
    command = [sys.executable, "-c", RUN, *paths, str(limit), "never"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "DataError: prepared data could not be written to" in result.stdout
    assert "File too large" in result.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["raw", "spec.yaml"]


def test_a_run_at_work_is_left_alone(tmp_path, generated) -> None:
    spec, paths = generated
    command = [sys.executable, "-c", RUN, *paths, "none", "ordering"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith("ordering"):
            assert process.poll() is None
        prepare(spec, tmp_path / "raw", tmp_path / "out", "2024-01-13", "2024-01-14")
        assert len(list(tmp_path.glob("out.partial-*"))) == 1
        process.kill()


@pytest.fixture
def prepared(tmp_path, content, write, split, three_days):
    prepare(spec_from_dict(content), write(log=three_days), tmp_path / "out", *split)
    return tmp_path / "out"


def test_an_earlier_preparation_is_replaced(prepared, content, write, split) -> None:
    before = PreparedData.open(prepared).manifest.rows_read
    raw = write(log="user,item,time,clicked\n1,7,5,1\n1,7,6,0\n")
    prepare(spec_from_dict(content), raw, prepared, *split)
    assert (before, PreparedData.open(prepared).manifest.rows_read) == (12, 2)


def test_a_failed_preparation_leaves_the_earlier_one(prepared, content, write, split) -> None:
    raw = write(log="user,item,time,clicked\n1,7,5,many\n")
    with pytest.raises(DataError):
        prepare(spec_from_dict(content), raw, prepared, *split)
    assert PreparedData.open(prepared).manifest.rows_read == 12


def damaged_shard(out: Path) -> None:
    shard = next((out / "shards").iterdir())
    shard.write_bytes(shard.read_bytes()[:-1])


def missing_shard(out: Path) -> None:
    next((out / "shards").iterdir()).unlink()


def missing_manifest(out: Path) -> None:
    (out / "manifest.json").unlink()


def cut_manifest(out: Path) -> None:
    text = (out / "manifest.json").read_text()
    (out / "manifest.json").write_text(text[: len(text) // 2])


def other_format(out: Path) -> None:
    text = (out / "manifest.json").read_text()
    (out / "manifest.json").write_text(text.replace('"format": 2', '"format": 99'))


def other_vocabulary(out: Path) -> None:
    (out / "assets" / "vocabulary" / "item.txt").write_text("1\n")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damaged_shard, "bytes, but its manifest says"),
        (missing_shard, "is missing, but its manifest says"),
        (missing_manifest, "holds no complete prepared data"),
        (cut_manifest, "cannot be read"),
        (other_format, "was prepared in format 99"),
        (other_vocabulary, "item.txt"),
    ],
)
def test_damaged_data_does_not_open(prepared, damage, said) -> None:
    damage(prepared)
    with pytest.raises(DataError, match=said):
        PreparedData.open(prepared)
