"""The command; output that appears whole or not at all; other file systems."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.io.filesystem import BeamIOError
from beam_logs import SHOP_SPLIT, rows_content, shop_content, write_rows, write_shop
from beam_rows import read_examples
from file_systems import StoreFileSystem, TreeFileSystem

from infnet_keras.data.examples.manifest import ExamplesManifest
from infnet_keras.errors import DataError
from infnet_keras.spec import dump_spec, spec_from_dict
from tfx_pipeline.beam import storage, write_partition
from tfx_pipeline.beam.example_file import write_example_file
from tfx_pipeline.beam.examples import check_examples
from tfx_pipeline.beam.prepare import main
from tfx_pipeline.beam.storage import storage_of

SPEC = spec_from_dict(rows_content("log"))


@pytest.fixture
def arguments(tmp_path) -> list[str]:
    write_rows(tmp_path / "raw")
    (tmp_path / "spec.yaml").write_text(dump_spec(SPEC))
    return [
        f"--spec={tmp_path / 'spec.yaml'}",
        f"--input={tmp_path / 'raw'}",
        f"--output={tmp_path / 'out'}",
        "--valid-from=0.6",
        "--test-from=0.8",
        "--format=parquet",
    ]


def test_the_command(tmp_path, arguments, capsys) -> None:
    history = f"--history={tmp_path / 'raw' / 'past.csv'}"
    more = ["--partitions=2", "--set", "sequences.view.length=2", "--runner=DirectRunner"]
    assert main([*arguments, history, *more]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == str(tmp_path / "out")
    assert "rows_read: 1,000" in said.err
    views = read_examples(tmp_path / "out", "train")["view__item"].to_pylist()
    assert max(map(len, views)) == 2
    assert ExamplesManifest.load(tmp_path / "out").counters["history_rows_kept"] == 60


def test_an_earlier_output_is_replaced_by_a_complete_one_only(tmp_path, arguments, capsys) -> None:
    assert main([*arguments, "--partitions=3"]) == 0
    before = ExamplesManifest.load(tmp_path / "out")
    with (tmp_path / "raw" / "log_0.csv").open("a") as log:
        log.write("1,1,7\n")
    assert main(arguments) == 2
    assert "error: " in capsys.readouterr().err
    assert ExamplesManifest.load(tmp_path / "out") == before
    assert {path.name for path in tmp_path.iterdir()} == {"raw", "spec.yaml", "out"}
    write_rows(tmp_path / "raw", rows=500)
    assert main([*arguments, "--partitions=2"]) == 0
    assert ExamplesManifest.load(tmp_path / "out").counters["rows_read"] == 500
    assert read_examples(tmp_path / "out", "train").num_rows == 300


def test_a_directory_of_somebody_else(tmp_path, arguments, capsys) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    assert main(arguments) == 2
    assert "holds 'thesis.txt', which is not ours" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_a_killed_run_leaves_nothing_that_looks_complete(tmp_path, arguments) -> None:
    write_rows(tmp_path / "raw", rows=200_000)
    command = [sys.executable, "-m", "tfx_pipeline.beam.prepare", *arguments, "--partitions=30"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out.partial-*/Split-*/*.parquet")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "out").exists()
    write_rows(tmp_path / "raw", rows=400)
    assert main(arguments) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"raw", "spec.yaml", "out"}


def test_complete_examples_are_not_written_over(tmp_path, write) -> None:
    write_rows(tmp_path / "raw")
    write(SPEC, tmp_path / "raw", tmp_path / "out", valid_from=0.6, test_from=0.8)
    with pytest.raises(DataError, match="holds complete examples already"):
        write(SPEC, tmp_path / "raw", tmp_path / "out", valid_from=0.6, test_from=0.8)


def test_what_an_earlier_attempt_left_is_gone(tmp_path, write) -> None:
    write_rows(tmp_path / "raw")
    out = tmp_path / "out"
    split = {"valid_from": 0.6, "test_from": 0.8}
    write(SPEC, tmp_path / "raw", out, partitions=4, **split)
    (out / "manifest.json").unlink()  # as if it had been killed before the end
    (out / "temporary").mkdir(exist_ok=True)
    (out / "temporary" / "half").write_text("x")
    (out / "failure.json").write_text(json.dumps({"error": "of yesterday"}))
    write(SPEC, tmp_path / "raw", out, partitions=3, file_format="parquet", **split)
    names = {path.name for path in out.glob("Split-*/*")}
    assert names == {f"examples-0000{number}-of-00003.parquet" for number in range(3)}
    assert not (out / "failure.json").exists()
    assert not (out / "temporary").exists()


def test_no_examples(tmp_path) -> None:
    with pytest.raises(DataError, match="holds no complete examples"):
        check_examples(str(tmp_path / "none"))


@pytest.mark.parametrize("scheme", [StoreFileSystem.scheme(), TreeFileSystem.scheme()])
def test_another_file_system(tmp_path, write, scheme) -> None:
    past = write_shop(tmp_path / "raw")
    spec = spec_from_dict(shop_content())
    arguments = {"file_format": "parquet", "partitions": 3, **SHOP_SPLIT}
    write(spec, tmp_path / "raw", tmp_path / "local", history=str(past), **arguments)
    far = f"{scheme}:/{tmp_path}"
    found = write(spec, f"{far}/raw", f"{far}/far", history=f"{scheme}:/{past}", **arguments)
    assert found == ExamplesManifest.load(tmp_path / "local")
    assert found == ExamplesManifest.load(f"{far}/far", storage_of(far))
    for split in ("train", "valid", "test"):
        near, other = (read_examples(tmp_path / name, split) for name in ("local", "far"))
        assert near.equals(other)
    assert not list(tmp_path.glob("far/temporary/*"))


@pytest.mark.parametrize("file_format", ["tfrecord", "parquet"])
def test_the_same_input_gives_the_same_bytes(tmp_path, write, file_format) -> None:
    write_rows(tmp_path / "raw")
    split = {"valid_from": 0.6, "test_from": 0.8, "file_format": file_format, "partitions": 2}
    for name in ("one", "two"):
        write(SPEC, tmp_path / "raw", tmp_path / name, **split)
    paths = sorted(path.relative_to(tmp_path / "one") for path in tmp_path.glob("one/Split-*/*"))
    assert len(paths) == 6
    for path in paths:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


def test_a_directory_with_brackets_in_its_name(tmp_path, write) -> None:
    write_rows(tmp_path / "raw")
    out = tmp_path / "run[1]" / "out"
    split = {"valid_from": 0.6, "test_from": 0.8}
    assert write(SPEC, tmp_path / "raw", out, **split).counters["rows_read"] == 1000
    assert not (out / "temporary").exists()


def test_a_file_that_vanished_is_no_complete_output(tmp_path, write, monkeypatch) -> None:
    write_rows(tmp_path / "raw")
    out = tmp_path / "out"

    def then_unlink(output: str, name: str, *arguments: Any) -> None:
        write_example_file(output, name, *arguments)
        if name == "Split-valid/examples-00001-of-00002.gz":
            (out / name).unlink()

    monkeypatch.setattr(write_partition, "write_example_file", then_unlink)
    with pytest.raises(FileNotFoundError, match=r"lacks Split-valid/examples-00001-of-00002\.gz"):
        write(SPEC, tmp_path / "raw", out, valid_from=0.6, test_from=0.8, partitions=2)
    assert not (out / "manifest.json").exists()


def test_the_command_wants_a_new_place_where_directories_cannot_be_renamed(
    tmp_path, arguments, capsys
) -> None:
    store = f"--output=store:/{tmp_path}/far"
    assert main([*arguments, store]) == 0
    assert ExamplesManifest.load(tmp_path / "far").impressions["train"] == 600
    assert main([*arguments, store]) == 2
    assert "is not empty, and its file system cannot replace a directory" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["input", "output"])
def test_what_beam_cannot_reach_is_said_in_one_line(
    tmp_path, arguments, capsys, monkeypatch, place
) -> None:
    def refuse(self: object, directory: str) -> None:
        raise BeamIOError("no credentials\nfor this bucket")

    monkeypatch.setattr(StoreFileSystem, "_list", refuse)
    far = f"--{place}=store:/{tmp_path}/far"
    assert main([*arguments, far]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: BeamIOError: Match operation failed")
    assert "no credentials" in line
    assert main([*arguments, far, "--verbose"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_what_fails_in_a_worker_is_said_in_one_line(arguments, capsys, monkeypatch) -> None:
    def fail(*arguments: Any) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(write_partition, "write_example_file", fail)
    for mode in ("in_memory", "multi_threading"):
        assert main([*arguments, f"--direct_running_mode={mode}"]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert lines[-1].startswith("error: ")
        assert "by nothing" in lines[-1]


def test_an_extra_of_beam_that_is_missing(arguments, capsys, monkeypatch) -> None:
    monkeypatch.setitem(storage._EXTRAS, "s3", ("no_such_module", "aws"))
    assert main([*arguments, "--input=s3://logs/raw"]) == 2
    assert "`pip install 'apache-beam[aws]'`" in capsys.readouterr().err


def test_an_option_with_underscores(arguments, capsys) -> None:
    with pytest.raises(SystemExit) as error:
        main([*arguments, "--valid_from=0.5"])
    assert error.value.code == 2
    assert "there is no option --valid_from; write --valid-from" in capsys.readouterr().err


def test_files_of_the_store_are_told_apart(tmp_path, write) -> None:
    write_rows(tmp_path / "raw")
    with pytest.raises(DataError, match=r"no file matches 'log_\*.csv' in store:/"):
        write(SPEC, f"store:/{tmp_path}/none", tmp_path / "out", valid_from=0.6, test_from=0.8)
    assert beam.io.filesystems.FileSystems.get_scheme(f"store:/{tmp_path}") == "store"
