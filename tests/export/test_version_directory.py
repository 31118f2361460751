import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infnet_keras.errors import ExportError
from infnet_keras.export.version_directory import latest_version, versions, write_version


def fill(path: Path) -> None:
    (path / "variables").mkdir()
    (path / "variables" / "data").write_bytes(b"weights")
    (path / "saved_model.pb").write_bytes(b"graph")


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def test_versions_count_from_one_and_continue_after_the_highest(tmp_path: Path) -> None:
    directory = tmp_path / "models" / "small"
    assert write_version(directory, None, fill) == directory / "1"
    assert write_version(directory, None, fill) == directory / "2"
    assert write_version(directory, 9, fill) == directory / "9"
    assert write_version(directory, None, fill) == directory / "10"
    (directory / "notes").mkdir()
    (directory / "12.txt").touch()
    assert versions(directory) == [1, 2, 9, 10]
    assert (directory / "10" / "variables" / "data").read_bytes() == b"weights"


def test_the_version_is_readable_by_others(tmp_path: Path) -> None:
    mask = os.umask(0)
    os.umask(mask)
    assert write_version(tmp_path, None, fill).stat().st_mode & 0o777 == 0o777 & ~mask


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_is_positive(tmp_path: Path, version: int) -> None:
    with pytest.raises(ExportError, match="positive"):
        write_version(tmp_path, version, fill)


def test_an_existing_version_is_never_replaced(tmp_path: Path) -> None:
    write_version(tmp_path, 3, fill)
    with pytest.raises(ExportError, match="already holds version 3"):
        write_version(tmp_path, 3, lambda path: (path / "other").touch())
    assert names(tmp_path / "3") == ["saved_model.pb", "variables"]


@pytest.mark.parametrize("error", [ExportError("disagrees"), KeyboardInterrupt(), ValueError()])
def test_nothing_is_left_when_writing_fails(tmp_path: Path, error: BaseException) -> None:
    def fail(path: Path) -> None:
        fill(path)
        raise error

    with pytest.raises(type(error)):
        write_version(tmp_path, None, fail)
    assert names(tmp_path) == []


def test_an_unwritable_place_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="cannot write to"):
        write_version(tmp_path / "file" / "models", None, fill)
    with pytest.raises(ExportError, match="cannot write"):
        write_version(tmp_path / "file", None, fill)


def test_nobody_sees_an_integer_before_the_version_is_whole(tmp_path: Path) -> None:
    def look(path: Path) -> None:
        fill(path)
        assert versions(tmp_path) == []
        assert path.parent == tmp_path

    assert write_version(tmp_path, None, look) == tmp_path / "1"


def test_two_exporters_at_once_get_two_versions(tmp_path: Path) -> None:
    def overtaken(path: Path) -> None:
        fill(path)
        assert write_version(tmp_path, None, fill) == tmp_path / "1"
        assert path.is_dir(), "the one inside removed the one outside, which is alive"

    assert write_version(tmp_path, None, overtaken) == tmp_path / "2"
    assert names(tmp_path) == ["1", "2"]


def test_a_fixed_version_taken_meanwhile_is_an_error(tmp_path: Path) -> None:
    def overtaken(path: Path) -> None:
        fill(path)
        write_version(tmp_path, 5, fill)

    with pytest.raises(ExportError, match="version 5 of"):
        write_version(tmp_path, 5, overtaken)
    assert names(tmp_path) == ["5"]


def in_a_process(directory: Path, write: str) -> "subprocess.Popen[str]":
    code = (
        "import resource, sys, time\n"
        "from pathlib import Path\n"
        "from infnet_keras.errors import ExportError\n"
        "from infnet_keras.export.version_directory import write_version\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        f"def write(path):\n    {write}\n"
        "try:\n"
        "    write_version(Path(sys.argv[1]), None, write)\n"
        "except ExportError as error:\n"
        "    sys.exit(str(error))\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_exporter_leaves_no_version_and_the_next_one_tidies_up(tmp_path: Path) -> None:
    half = "(path / 'saved_model.pb').touch(); print('half', flush=True); time.sleep(60)"
    process = in_a_process(tmp_path, half)
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    assert versions(tmp_path) == []
    # Alive, it keeps its place beside another exporter's.
    assert write_version(tmp_path, None, fill) == tmp_path / "1"
    assert len(names(tmp_path)) == 2
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(names(tmp_path)) == 2
    assert write_version(tmp_path, None, fill) == tmp_path / "2"
    assert names(tmp_path) == ["1", "2"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    process = in_a_process(tmp_path, "(path / 'data').write_bytes(bytes(5000))")
    _, printed = process.communicate()
    assert process.returncode == 1
    assert f"cannot write {tmp_path / '1'}" in printed
    assert names(tmp_path) == []


def test_the_latest_version_is_the_highest_whole_one(tmp_path: Path) -> None:
    for version in (2, 9, 10):
        write_version(tmp_path, version, fill)
    (tmp_path / "11").mkdir()
    assert latest_version(tmp_path) == tmp_path / "10"
    assert latest_version(tmp_path / "2") == tmp_path / "2"
    for empty in (tmp_path / "11", tmp_path / "nowhere"):
        with pytest.raises(ExportError, match="holds no SavedModel"):
            latest_version(empty)
