"""The `model` block: one class of options per model, told apart by `type`."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import ValidationError

from infnet_keras.errors import SpecError
from infnet_keras.spec import FeatureSpec, dump_spec, load_spec, override_spec, parse_spec
from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.models import INFNetOptions, SharedBottomOptions, model_options
from infnet_keras.spec.models.multi_task.task_order import ChainedModelOptions

Write = Callable[..., Path]
LINE = "model: {dim: 16, num_heads: 2, tower_hidden: [8]}"
TYPES = ", ".join(model_options())


@pytest.fixture
def spec(text: str, write: Write) -> FeatureSpec:
    return load_spec(write(text))


def with_model(text: str, model: str) -> str:
    assert text.count(LINE) == 1
    return text.replace(LINE, f"model: {model}")


def test_every_type_names_itself() -> None:
    for name, options in model_options().items():
        assert options.model_validate({"type": name}).type == name  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("model", "options"),
    [
        ("{}", INFNetOptions),
        ("{blocks: 2}", INFNetOptions),
        ("{type: infnet}", INFNetOptions),
        ("{type: shared_bottom, bottom_hidden: [4]}", SharedBottomOptions),
    ],
)
def test_type_says_which_options(text: str, write: Write, model: str, options: type) -> None:
    assert type(load_spec(write(with_model(text, model))).model) is options


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            "{type: shared_botom}",
            f"model.type: expected one of {TYPES}; found 'shared_botom'; did you mean "
            "'shared_bottom'?",
        ),
        ("{type: zzz}", f"model.type: expected one of {TYPES}; found 'zzz'"),
        ("{type: 3}", f"model.type: expected one of {TYPES}; found 3"),
        ("{type: null}", f"model.type: expected one of {TYPES}; found nothing"),
        (
            "{type: shared_bottom, blocks: 2}",
            "model.blocks: unknown key 'blocks'; valid: dim, dropout, tower_hidden, type, "
            "bottom_hidden",
        ),
        (
            "{type: shared_bottom, botom_hidden: [2]}",
            "model.botom_hidden: unknown key 'botom_hidden'; did you mean 'bottom_hidden'?",
        ),
        ("{type: shared_bottom, bottom_hidden: []}", "at least this many values: 1"),
        ("{type: [infnet]}", f"model.type: expected one of {TYPES}; found a list"),
        ("{bottom_hidden: [4]}", "model.bottom_hidden: unknown key 'bottom_hidden'; did you mean"),
        ("{type: shared_bottom, dropout: 1}", "model.dropout: expected less than 1"),
        (
            "{variant: papre}",
            "model.variant: expected one of default, paper, v2; found 'papre'",
        ),
        ("{without: gate}", "model.without: expected one of task_tokens, gates, attention"),
        (
            "{dim: 16, variant: v2, residual: false}",
            "model.residual: variant: v2 has residual: true in its equations, found false; leave",
        ),
        (
            "{dim: 16, variant: v2, gate_source: input}",
            "model.gate_source: variant: v2 has gate_source: output in its equations, found input",
        ),
        (
            "{dim: 16, variant: v2, without: gates}",
            "model.without: without: gates is an ablation of version 1; variant: v2 knows",
        ),
        ("3", "model: "),
        ("{dim: 16, num_heads: 3}", "model.num_heads: the token width 16 cannot be split between"),
        (
            "{dim: 16, tokens: fused}",
            "model.tokens: fused attributes need one width, found [8, 16]",
        ),
    ],
)
def test_mistake(text: str, write: Write, model: str, message: str) -> None:
    file = write(with_model(text, model))
    with pytest.raises(SpecError) as error:
        load_spec(file)
    place = f"{file}:33: "
    assert str(error.value).startswith(place)
    found = str(error.value).removeprefix(place)
    assert message in found
    assert found == message or not message.startswith("model.type")


def test_tokens_are_no_longer_at_the_top(text: str, write: Write) -> None:
    with pytest.raises(SpecError, match="tokens: unknown key 'tokens'"):
        load_spec(write(text + "tokens: fused\n"))


def test_common_keys_survive_another_type(spec: FeatureSpec) -> None:
    spec = override_spec(spec, {"model.dropout": 0.25, "model.blocks": 5})
    other = override_spec(spec, {"model.type": "shared_bottom"})
    assert other.model == SharedBottomOptions(
        type="shared_bottom", dim=16, dropout=0.25, tower_hidden=[8]
    )
    back = override_spec(other, {"model.type": "infnet"})
    assert back.model == INFNetOptions(dim=16, dropout=0.25, tower_hidden=[8])
    same = override_spec(spec, {"model.type": "infnet"})
    assert same == spec


def test_the_type_is_applied_first_in_whatever_order(spec: FeatureSpec) -> None:
    changes = {"model.bottom_hidden": [4], "model.type": "shared_bottom", "model.dim": 8}
    for order in itertools.permutations(changes.items()):
        found = override_spec(spec, dict(order)).model
        assert isinstance(found, SharedBottomOptions)
        assert (found.bottom_hidden, found.dim, found.tower_hidden) == ([4], 8, [8])
    block = {"model": {"type": "shared_bottom"}, "model.bottom_hidden": [4]}
    for order in itertools.permutations(block.items()):
        assert override_spec(spec, dict(order)).model.tower_hidden == [8]


def test_overrides_are_checked_against_the_new_type(spec: FeatureSpec) -> None:
    with pytest.raises(SpecError, match=r"model\.blocks: there is no 'blocks' in model"):
        override_spec(spec, {"model.blocks": 3, "model.type": "shared_bottom"})
    with pytest.raises(SpecError, match="found 'infnte'; did you mean 'infnet'"):
        override_spec(spec, {"model.type": "infnte"})


def test_common_keys_survive_another_type_through_extends(text: str, write: Write) -> None:
    write(text, "base.yaml")

    def extended(model: str) -> Any:
        return load_spec(write(f"extends: base.yaml\nmodel: {model}\n", "mine.yaml")).model

    assert extended("{type: shared_bottom, bottom_hidden: [4]}") == SharedBottomOptions(
        type="shared_bottom", dim=16, tower_hidden=[8], bottom_hidden=[4]
    )
    # The same type, named or not, refines the block.
    assert extended("{type: infnet, blocks: 2}").num_heads == 2
    assert extended("{blocks: 2}").num_heads == 2
    write("extends: base.yaml\nmodel: {type: shared_bottom}\n", "base2.yaml")
    refined = load_spec(write("extends: base2.yaml\nmodel: {dim: 4}\n", "mine2.yaml")).model
    assert refined == SharedBottomOptions(type="shared_bottom", dim=4, tower_hidden=[8])


def test_a_key_of_the_base_type_is_refused_after_a_change(text: str, write: Write) -> None:
    write(text, "base.yaml")
    file = write("extends: base.yaml\nmodel: {type: shared_bottom, blocks: 2}\n", "mine.yaml")
    with pytest.raises(SpecError, match=r"mine\.yaml:2: model\.blocks: unknown key 'blocks'"):
        load_spec(file)


@pytest.mark.parametrize("name", sorted(model_options()))
def test_every_type_survives_yaml(spec: FeatureSpec, name: str) -> None:
    changed = override_spec(spec, {"model.type": name})
    assert parse_spec(dump_spec(changed)) == changed


class TestVariant:
    """`variant: paper` fills in what is not given, and what was given stays through YAML."""

    PAPER: dict[str, Any] = {  # noqa: RUF012 (nobody changes it)
        "output_gate": False,
        "residual": False,
        "entry_norm": "none",
        "proxy_norm": "none",
        "task_scale": 0.05,
        "towers_read": "tasks",
    }

    def test_fills_in(self, text: str, write: Write) -> None:
        default = load_spec(write(with_model(text, "{dim: 16}"))).model
        paper = load_spec(write(with_model(text, "{dim: 16, variant: paper}"))).model
        assert paper.model_dump() == {**default.model_dump(), "variant": "paper", **self.PAPER}
        for key, value in self.PAPER.items():
            assert getattr(default, key) != value

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"residual": True},  # the field's default, not the variant's
            {"residual": False},  # the variant's
            {"proxy_norm": "layer", "task_scale": 1.0, "towers_read": "tasks_and_proxies"},
            {"task_scale": 0.3, "blocks": 2},
        ],
    )
    def test_round_trips(self, spec: FeatureSpec, given: dict[str, Any]) -> None:
        overrides = {"model.variant": "paper", **{f"model.{k}": v for k, v in given.items()}}
        changed = override_spec(spec, overrides)
        for found in (
            changed,
            parse_spec(dump_spec(changed)),
            override_spec(changed, {"training.epochs": changed.training.epochs}),
            FeatureSpec.model_validate(changed.model_dump(mode="json")),
        ):
            assert found == changed
            for key, value in {**self.PAPER, **given}.items():
                assert getattr(found.model, key) == value, key

    def test_a_dump_leaves_out_what_the_variant_says(self, spec: FeatureSpec) -> None:
        changed = override_spec(spec, {"model.variant": "paper", "model.residual": True})
        written = changed.model_dump(mode="json", exclude_defaults=True)["model"]
        assert written == {
            "variant": "paper",
            "dim": 16,
            "num_heads": 2,
            "tower_hidden": [8],
            "residual": True,
        }

    def test_is_left_again(self, spec: FeatureSpec) -> None:
        paper = override_spec(spec, {"model.variant": "paper"})
        assert override_spec(paper, {"model.variant": "default"}) == spec


class Chained(ChainedModelOptions):
    """A model that chains its tasks."""

    type: Literal["chained"] = "chained"
    """Which model."""


class TestTaskOrder:
    def test_the_specs_order_by_default(self, spec: FeatureSpec) -> None:
        Chained().check(spec)
        assert Chained().ordered_tasks(spec) == ["click", "buy"]

    def test_another_order(self, spec: FeatureSpec) -> None:
        options = Chained(task_order=["buy", "click"])
        options.check(spec)
        assert options.ordered_tasks(spec) == ["buy", "click"]

    @pytest.mark.parametrize(
        ("order", "path", "message"),
        [
            (["click", "bye"], (1,), "there is no task 'bye'; did you mean 'buy'?"),
            (["click"], (), "name each task once: click, buy; found click"),
            (["buy", "click", "buy"], (), "name each task once: click, buy; found buy, click, buy"),
        ],
    )
    def test_mistake(
        self, spec: FeatureSpec, order: list[str], path: tuple[int, ...], message: str
    ) -> None:
        with pytest.raises(SpecProblem) as error:
            Chained(task_order=order).check(spec)
        assert error.value.path == ("model", "task_order", *path)
        assert error.value.message == message

    def test_common_options_come_along(self) -> None:
        assert Chained(dim=4).dim == 4
        with pytest.raises(ValidationError):
            Chained.model_validate({"task_order": "click"})
