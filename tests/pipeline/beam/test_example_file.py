"""A file takes its name whole, whatever other attempts did; and what a directory holds."""

import pytest
from apache_beam.io.filesystem import BeamIOError
from file_systems import StoreFileSystem, TreeFileSystem

from tfx_pipeline.beam.example_file import TEMPORARY, replaced_file
from tfx_pipeline.beam.storage import BeamStorage, delete, storage_of

STORES = ["", f"{StoreFileSystem.scheme()}:/", f"{TreeFileSystem.scheme()}:/"]


def write(output: str, content: bytes) -> None:
    with replaced_file(output, "part/file") as stream:
        stream.write(content)


@pytest.mark.parametrize("prefix", STORES)
def test_a_later_attempt_replaces_the_file(tmp_path, prefix) -> None:
    for content in (b"first", b"second"):
        write(f"{prefix}{tmp_path}/out", content)
        assert (tmp_path / "out" / "part" / "file").read_bytes() == content
    assert not list(tmp_path.glob(f"out/{TEMPORARY}/*"))


@pytest.mark.parametrize("prefix", STORES)
def test_an_attempt_taken_for_dead_leaves_the_finished_file(tmp_path, prefix) -> None:
    output = f"{prefix}{tmp_path}/out"
    write(output, b"finished")
    late = replaced_file(output, "part/file")
    late.__enter__().write(b"late")
    for path in tmp_path.glob(f"out/{TEMPORARY}/*"):
        path.unlink()  # as Finish does
    with pytest.raises(OSError, match=r"Rename operation failed|error in renaming"):
        late.__exit__(None, None, None)
    assert (tmp_path / "out" / "part" / "file").read_bytes() == b"finished"


@pytest.mark.parametrize("prefix", STORES)
def test_nothing_is_in_a_directory_that_is_not_there(tmp_path, prefix) -> None:
    for directory in (tmp_path, tmp_path / "none"):
        path = f"{prefix}{directory}"
        assert storage_of(path).match(path, "sub/*.csv") == []


@pytest.mark.parametrize("scheme", [StoreFileSystem.scheme(), TreeFileSystem.scheme()])
def test_a_directory_that_cannot_be_listed(tmp_path, monkeypatch, scheme) -> None:
    def refuse(self: object, directory: str) -> None:
        raise BeamIOError("no credentials")

    for file_system in (StoreFileSystem, TreeFileSystem):
        monkeypatch.setattr(file_system, "_list", refuse)
    with pytest.raises(BeamIOError, match="no credentials"):
        BeamStorage().match(f"{scheme}:/{tmp_path}", "*")


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@pytest.mark.parametrize("prefix", STORES[:2])  # Beam lists no such directory of HDFS
def test_brackets_in_a_directory_are_no_pattern(tmp_path, prefix) -> None:
    directory = tmp_path / "day[1]"
    directory.mkdir()
    (directory / "log.csv").write_text("x")
    found = storage_of(f"{prefix}{directory}").match(f"{prefix}{directory}", "*.csv")
    assert found == [f"{prefix}{directory}/log.csv"]
    (path,) = found
    delete(path)
    assert not list(directory.iterdir())
