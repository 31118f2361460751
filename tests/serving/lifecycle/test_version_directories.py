"""Which directories are versions, and which of them a policy asks for."""

from pathlib import Path

import pytest
from google.protobuf import text_format

from serving.lifecycle.version_directories import Policy, aspired_versions
from serving.status import Code, StatusError


def policy(text: str) -> Policy:
    return text_format.Parse(text, Policy())


@pytest.fixture
def base(tmp_path: Path) -> Path:
    for name in ("1", "2", "10", "0003", "v4", "1.5", "tmp-7", ".8", "99999999999999999999"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {10}),
        ("latest {}", {10}),
        ("latest { num_versions: 2 }", {3, 10}),
        ("latest { num_versions: 99 }", {1, 2, 3, 10}),
        ("all {}", {1, 2, 3, 10}),
        ("specific { versions: 1 versions: 3 }", {1, 3}),
        ("specific { versions: 2 versions: 77 }", {2}),
        ("specific { versions: 77 }", set()),
    ],
)
def test_the_policy_chooses_among_directories_that_are_numbers(
    base: Path, text: str, expected: set[int]
) -> None:
    found = aspired_versions("m", str(base), policy(text))
    assert set(found) == expected
    for version, path in found.items():
        assert int(Path(path).name) == version
        assert Path(path).parent == base


def test_an_empty_directory_has_no_versions(tmp_path: Path) -> None:
    assert aspired_versions("m", str(tmp_path), Policy()) == {}


def test_a_missing_directory_is_an_error_that_names_model_and_path(tmp_path: Path) -> None:
    with pytest.raises(StatusError) as error:
        aspired_versions("m", str(tmp_path / "gone"), Policy())
    assert error.value.code is Code.INVALID_ARGUMENT
    assert f"Could not find base path {tmp_path}/gone for servable m" in error.value.message
