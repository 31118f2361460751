"""One spec refines another."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infnet_keras.errors import SpecError
from infnet_keras.spec import load_spec

Write = Callable[..., Path]


def test_mappings_merge_lists_and_scalars_are_replaced_null_removes(
    text: str, write: Write
) -> None:
    write(text, "base.yaml")
    refined = load_spec(
        write(
            """\
extends: base.yaml
name: refined
outcomes: [seconds, minutes]
sources:
  items: {types: {born: string}}
tables:
  item: {vocabulary: null, size: null, hash: 30}
fields:
  clicks: null
  rate: null
  slot: {side: context, identity: 3}
model: {tower_hidden: [4, 2]}
"""
        )
    )
    base = load_spec(write(text, "base.yaml"))
    assert refined.name == "refined"
    assert refined.outcomes == ["seconds", "minutes"]
    assert refined.sources["items"].types == {
        "price": "float32",
        "brand": "int64",
        "born": "string",
    }
    assert refined.tables["item"].kind == "hash"
    assert refined.model.tower_hidden == [4, 2]
    assert refined.dim == base.dim
    removed = {"clicks", "rate"}
    assert list(refined.fields) == [n for n in base.fields if n not in removed] + ["slot"]


def test_chain_over_directories(text: str, write: Write, tmp_path: Path) -> None:
    write(text, "base.yaml")
    (tmp_path / "team").mkdir()
    write("extends: ../base.yaml\nmodel: {dim: 8}\n", "team/middle.yaml")
    spec = load_spec(write("extends: middle.yaml\ntasks: {buy: {weight: 3}}\n", "team/top.yaml"))
    assert (spec.dim, spec.tasks["buy"].weight, spec.tasks["buy"].label) == (8, 3.0, "bought")


def test_a_shipped_spec_is_extended_by_its_bare_name(write: Write) -> None:
    spec = load_spec(write("extends: minimal\nname: mine\n"))
    assert (spec.name, list(spec.tasks)) == ("mine", list(load_spec("minimal").tasks))


def test_a_mistake_is_told_where_it_was_written(text: str, write: Write, tmp_path: Path) -> None:
    base = write(text.replace("table: tag,", "table: tga,"), "base.yaml")
    top = write("extends: base.yaml\n\nmodel: {dmi: 8}\n", "top.yaml")
    with pytest.raises(SpecError) as error:
        load_spec(top)
    assert str(error.value) == f"{top}:3: model.dmi: unknown key 'dmi'; did you mean 'dim'?"
    write("extends: base.yaml\n\nmodel: {dim: 8}\n", "top.yaml")
    with pytest.raises(SpecError) as error:
        load_spec(top)
    assert str(error.value).startswith(f"{base}:16: fields.tags.table: there is no shared table")


def test_a_null_for_nothing_is_a_mistake(text: str, write: Write) -> None:
    write(text, "base.yaml")
    top = write("extends: base.yaml\nfields:\n  brnad: null\n", "top.yaml")
    with pytest.raises(SpecError, match=r"top.yaml:3: fields.brnad: expected a block .*nothing"):
        load_spec(top)


def test_a_circle(text: str, write: Write) -> None:
    write("name: a\nextends: b.yaml\n", "a.yaml")
    b = write("extends: c.yaml\n", "b.yaml")
    c = write("\nextends: a.yaml\n", "c.yaml")
    with pytest.raises(SpecError) as error:
        load_spec(b)
    circle = "b.yaml -> c.yaml -> a.yaml -> b.yaml"
    a = c.with_name("a.yaml")
    assert str(error.value) == f"{a}:2: extends: the specs extend each other in a circle: {circle}"


def test_extending_itself(write: Write) -> None:
    with pytest.raises(SpecError, match=r"spec.yaml:1: extends: .* spec.yaml -> spec.yaml"):
        load_spec(write("extends: spec.yaml\n"))


@pytest.mark.parametrize(
    ("extends", "message"),
    [
        ("[a.yaml, b.yaml]", r"spec.yaml:1: extends: expected the path of one spec$"),
        ("absent.yaml", r"spec.yaml:1: extends: there is no file .*absent.yaml, and no shipped"),
        ("minimla", r"no shipped spec 'minimla'; did you mean 'minimal'\?"),
    ],
)
def test_what_cannot_be_extended(write: Write, extends: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        load_spec(write(f"extends: {extends}\n"))
