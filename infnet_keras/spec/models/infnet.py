"""INFNet's options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
    SerializationInfo,
    model_serializer,
    model_validator,
)

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.models.model_options import ModelOptions, Widths
from infnet_keras.spec.token_positions import Position, token_positions

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec

# What the paper's formulas say, where the defaults say something else.
_VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "paper": {
        "output_gate": False,
        "residual": False,
        "entry_norm": "none",
        "proxy_norm": "none",
        "task_scale": 0.05,
        "towers_read": "tasks",
    },
    "v2": {
        "output_gate": False,
        "entry_norm": "none",
        "towers_read": "tasks",
        "sequence_position": True,
    },
}
# What version 2's equations settle.
_SETTLED: dict[str, Any] = {"gate_source": "output", "residual": True, "proxy_norm": "layer"}


class INFNetOptions(ModelOptions):
    """INFNet's options (arXiv 2508.11565); `dim` is every token's width."""

    type: Literal["infnet"] = "infnet"
    """Which model."""
    variant: Literal["default", "paper", "v2"] = "default"
    """What the options below are where not given: the best found, the paper's formulas, or those of
    its version 2, whose blocks are others."""
    tokens: Literal["per_attribute", "fused"] = "per_attribute"
    """Whether each attribute of a behaviour is a sequence of its own, or a step is one token."""
    blocks: int = Field(default=3, ge=2)
    """Number of INFNet blocks; with one, the proxies would reach no output."""
    categorical_proxies: PositiveInt = 4
    """Proxy tokens of the categorical fields."""
    sequence_proxies: PositiveInt | None = None
    """Proxy tokens of the sequences; null: one per sequence feature."""
    shared_task_tokens: PositiveInt = 2
    """Learned tokens that all tasks share."""
    task_scale: PositiveFloat = 1.0
    """Standard deviation that the task tokens and the shared ones start with."""
    num_heads: PositiveInt = 1
    """Attention heads; the token width is split between them."""
    attention: Literal["softmax", "silu"] = "softmax"
    """What scores become: a softmax over the tokens, or each score's SiLU, not normalised."""
    output_gate: bool = True
    """Multiply what an attention gives by a sigmoid of its query, channel by channel."""
    gate_source: Literal["output", "input"] = "output"
    """Which proxies gate a block: those that it computes, or those that it was given."""
    residual: bool = True
    """Add a block's input to each proxy update and to the task tokens."""
    entry_norm: Literal["none", "layer"] = "layer"
    """Layer normalisation of the categorical and sequence tokens, once, where they enter."""
    proxy_norm: Literal["none", "layer"] = "layer"
    """Layer normalisation of the proxies and the task tokens after each block."""
    towers_read: Literal["tasks", "tasks_and_proxies"] = "tasks_and_proxies"
    """Whether a tower reads its task token, or adds the mean of the first categorical proxies."""
    categorical_hidden: Widths | None = None
    """Hidden widths of the network that makes the categorical proxies; null: 2 * dim."""
    sequence_hidden: Widths = Field(default_factory=list)
    """Hidden widths of the network over each step of a sequence; empty: linear."""
    gate_hidden: Widths | None = None
    """Hidden widths of each gate; null: dim, or none in version 2."""
    sequence_position: bool = False
    """Add a learned vector per position from the latest to each step of a sequence."""
    without: Literal["task_tokens", "gates", "attention"] | None = None
    """An ablation of the paper: one vector for all task tokens, gates of 1, no cross attention."""

    @model_validator(mode="before")
    @classmethod
    def _variant_fills_in(cls, data: Any) -> Any:
        if isinstance(data, Mapping):
            preset = _VARIANTS.get(str(data.get("variant", "default")), {})
            return {**preset, **data}
        return data

    @model_serializer(mode="wrap")
    def _without_presets(self, handler: Any, info: SerializationInfo) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        if not info.exclude_defaults:
            return written
        # A default is what the variant fills in, which may differ from the field's own.
        preset = _VARIANTS[self.variant]
        given = {name: getattr(self, name) for name, value in preset.items()}
        written = {name: value for name, value in written.items() if name not in preset}
        return written | {name: value for name, value in given.items() if value != preset[name]}

    def check(self, spec: FeatureSpec) -> None:
        super().check(spec)
        if spec.dim % self.num_heads:
            raise SpecProblem(
                ("model", "num_heads"),
                f"the token width {spec.dim} cannot be split between {self.num_heads} heads",
            )
        if self.variant == "v2":
            self._check_version_2()
        if self.tokens == "fused":
            dims = {spec.table_dim(f.table) for f in spec.sequence_features}
            if len(dims) > 1:
                raise SpecProblem(
                    ("model", "tokens"), f"fused attributes need one width, found {sorted(dims)}"
                )

    def _check_version_2(self) -> None:
        for name, settled in _SETTLED.items():
            if (given := getattr(self, name)) != settled:
                raise SpecProblem(
                    ("model", name),
                    f"variant: v2 has {name}: {_written(settled)} in its equations, found "
                    f"{_written(given)}; leave it out, or choose another variant",
                )
        if self.without in ("gates", "attention"):
            raise SpecProblem(
                ("model", "without"),
                f"without: {self.without} is an ablation of version 1; variant: v2 knows "
                "task_tokens alone",
            )

    def positions(self, spec: FeatureSpec) -> list[Position]:
        return [] if self.without == "attention" else token_positions(spec, self.tokens == "fused")

    def describe(self, spec: FeatureSpec) -> list[str]:
        lengths = {f.sequence: f.length for f in spec.sequence_features}
        if self.tokens == "fused":
            sequences, steps = len(lengths), sum(lengths.values())
        else:
            sequences = len(spec.sequence_features)
            steps = sum(f.length for f in spec.sequence_features)
        block = ["block: version 2, aggregate and broadcast"] if self.variant == "v2" else []
        return [
            *block,
            f"tokens: {len(spec.fields)} categorical (M), {sequences} sequence features (F) of "
            f"{steps} steps (L), width {spec.dim}",
        ]


def _written(value: Any) -> str:
    """As YAML has it."""
    return str(value).lower()
