"""A kill at every change of the file system leaves the earlier result or the new one, whole."""

import os
import sys
from pathlib import Path

import pytest

from infnet_keras.errors import DataError
from infnet_keras.files.whole_directory import output_directory, recover

NAMES = frozenset({"a", "b"})
CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "open", "shutil.rmtree"}


def write(out: Path, text: str) -> None:
    with output_directory(out, NAMES, "a test") as partial:
        (partial / "a").write_text(text)
        (partial / "b").mkdir()
        (partial / "b" / "c").write_text(text)


def content(out: Path) -> str | None:
    if not out.exists():
        return None
    assert {p.name for p in out.iterdir()} == NAMES
    assert (out / "a").read_text() == (out / "b" / "c").read_text()
    return (out / "a").read_text()


def killed_at(change: int, out: Path, text: str) -> bool:
    """Write in a process of its own that dies before its n-th change; whether it died."""
    child = os.fork()
    if child == 0:
        left = [change]

        def count(event: str, _: object) -> None:
            if event in CHANGES:
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)

        sys.addaudithook(count)
        write(out, text)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("earlier", [None, "old"])
def test_a_kill_at_every_change(tmp_path: Path, earlier: str | None) -> None:
    died, seen = 0, set()
    while True:
        out = tmp_path / str(died) / "out"
        out.parent.mkdir()
        if earlier is not None:
            write(out, earlier)
        dead = killed_at(died, out, "new")
        before = content(out)
        assert before in (earlier, "new", None)
        recover(out)
        after = content(out)
        assert after in (earlier, "new")
        assert before is None or after == before or after == "new"
        assert [p.name for p in out.parent.iterdir()] == ([] if after is None else ["out"])
        seen.add((before, after))
        if not dead:
            break
        died += 1
    assert died > 8
    assert (None, "new") in seen  # between the two renames: neither is at its place
    assert seen >= {(earlier, earlier), ("new", "new")}


def test_a_result_at_work_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with output_directory(out, NAMES, "a test") as partial:
        (partial / "a").write_text("slow")
        (partial / "b").mkdir()
        (partial / "b" / "c").write_text("slow")
        write(out, "quick")
        assert content(out) == "quick"
        assert partial.exists()
    assert content(out) == "slow"


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, "old")

    def fail() -> None:
        with output_directory(out, NAMES, "a test") as partial:
            (partial / "a").write_text("new")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert content(out) == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_is_not_ours_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with (
        pytest.raises(DataError, match="holds 'mine', which is not ours"),
        output_directory(tmp_path, NAMES, "a test"),
    ):
        pass
