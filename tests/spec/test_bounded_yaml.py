"""A spec that claims more than its length lets expect is refused at once, in a sentence."""

import time
from pathlib import Path

import pytest

from infnet_keras.errors import SpecError
from infnet_keras.spec import load_spec
from infnet_keras.spec.document import parse_yaml, read_value

ALIASES = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 9)
)


@pytest.mark.parametrize("text", [ALIASES, MERGES], ids=["aliases", "merges"])
def test_aliases_of_aliases(text: str) -> None:
    start = time.perf_counter()
    with pytest.raises(SpecError, match=r"spec:\d: its aliases stand for more than 100,000 values"):
        parse_yaml(text, "spec")
    assert time.perf_counter() - start < 5  # walked, they take hours


def test_few_aliases_stay() -> None:
    assert parse_yaml("a: &a [1, 2]\nb: [*a, *a]", "spec").plain() == {
        "a": [1, 2],
        "b": [[1, 2], [1, 2]],
    }


@pytest.mark.parametrize("opening", ["[", "{a: "])
def test_nesting(opening: str) -> None:
    closing = {"[": "]", "{a: ": "}"}[opening]
    text = "\nname: " + opening * 5000 + "1" + closing * 5000
    with pytest.raises(SpecError, match=r"^spec:2: nested deeper than 64 levels"):
        parse_yaml(text, "spec")
    assert parse_yaml("name: " + opening * 60 + "1" + closing * 60, "spec")


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 5000, "0x" + "f" * 5000, "9" * 101])
def test_digits(number: str) -> None:
    with pytest.raises(SpecError, match=r"^spec:2: a number of \d+ digits: put it in quotes"):
        parse_yaml(f"\nname: {number}", "spec")
    with pytest.raises(SpecError, match="digits"):
        read_value(number)
    assert read_value(f"'{number}'") == number


@pytest.mark.parametrize("value", ["!!int word", "!!float x", "!!bool 3", "!!binary é", "!!map 3"])
def test_values_that_are_not_of_their_tag(value: str) -> None:
    with pytest.raises(SpecError):
        parse_yaml(f"name: {value}", "spec")
    with pytest.raises(SpecError):
        read_value(value)


def test_read_value_is_bounded() -> None:
    with pytest.raises(SpecError, match="nested deeper"):
        read_value("[" * 5000 + "]" * 5000)
    assert read_value("") is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("secret.txt", "extends: a spec is a .yaml or .yml file"),
        ("secret.yaml", "is no feature spec"),
        ("words.yml", "a feature spec is a mapping"),
    ],
)
def test_what_is_no_spec_is_not_quoted(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "secret.txt").write_text("hunter2: hunter2\n")
    (tmp_path / "secret.yaml").write_text("hunter2: {hunter2: 3}\n")
    (tmp_path / "words.yml").write_text("hunter2\n")
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"extends: {name}\nname: mine\n")
    with pytest.raises(SpecError, match=said) as error:
        load_spec(spec)
    assert "hunter2" not in str(error.value)
