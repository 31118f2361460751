"""The model's and the training's options."""

from typing import Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from infnet_keras.spec.base import Block

Widths = list[PositiveInt]


class ModelOptions(Block):
    """INFNet's options (arXiv 2508.11565); `dim` is every token's width."""

    type: Literal["infnet"] = "infnet"
    """Which model."""
    dim: PositiveInt | None = None
    """Width of every token; null: defaults.dim."""
    blocks: int = Field(default=3, ge=2)
    """Number of INFNet blocks; with one, the proxies would reach no output."""
    categorical_proxies: PositiveInt = 4
    """Proxy tokens of the categorical fields."""
    sequence_proxies: PositiveInt | None = None
    """Proxy tokens of the sequences; null: one per sequence feature."""
    shared_task_tokens: PositiveInt = 2
    """Learned tokens that all tasks share."""
    num_heads: PositiveInt = 1
    """Attention heads; the token width is split between them."""
    gate_source: Literal["output", "input"] = "output"
    """Which proxies gate a block: those that it computes, or those that it was given."""
    residual: bool = False
    """Add a block's input to each proxy update and to the task tokens."""
    proxy_norm: Literal["none", "layer"] = "none"
    """Layer normalisation of the proxies and the task tokens after each block."""
    categorical_hidden: Widths | None = None
    """Hidden widths of the network that makes the categorical proxies; null: 2 * dim."""
    sequence_hidden: Widths = Field(default_factory=list)
    """Hidden widths of the network over each step of a sequence; empty: linear."""
    gate_hidden: Widths | None = None
    """Hidden widths of each gate; null: dim."""
    tower_hidden: Widths = Field(default_factory=lambda: [64, 32])
    """Hidden widths of each task's tower."""
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Dropout on the proxies after each block and in the towers."""
    sequence_position: bool = False
    """Add a learned vector per position from the latest to each step of a sequence."""


class Schedule(Block):
    """How the learning rate moves: linear warm-up, then constant or cosine decay to `final`."""

    decay: Literal["constant", "cosine"] = "constant"
    """The shape after the warm-up."""
    warmup_steps: NonNegativeInt = 0
    """Steps in which the rate rises from 0."""
    final: float = Field(default=0.0, ge=0.0, le=1.0)
    """Where cosine decay ends, as a fraction of the learning rate."""

    @model_validator(mode="after")
    def _final_is_reached(self) -> "Schedule":
        if self.final and self.decay == "constant":
            raise ValueError("`final` needs `decay: cosine`: a constant rate ends where it starts")
        return self


class TrainingOptions(Block):
    """Optimiser, regularisation and stopping."""

    batch_size: PositiveInt = 1024
    """Impressions per step."""
    optimizer: Literal["adam", "adamw", "adagrad", "sgd"] = "adam"
    """The optimiser."""
    learning_rate: PositiveFloat = 1e-3
    """The learning rate after warm-up."""
    schedule: Schedule = Field(default_factory=Schedule)
    """How the learning rate moves."""
    epochs: PositiveInt = 5
    """Passes over the training part at most."""
    patience: PositiveInt = 2
    """Stop after so many evaluations without a better mean validation AUC."""
    evaluations_per_epoch: PositiveInt = 1
    """How often the validation part is scored."""
    l2: NonNegativeFloat = 0.0
    """L2 penalty on the embeddings that a batch looks up."""
    id_dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    """How often training reads the unknown row instead of a value's own."""
    clip_norm: PositiveFloat | None = None
    """Clip the gradient's global norm; null: never."""
    weight_decay: NonNegativeFloat = 0.0
    """Decoupled weight decay of adamw."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16", "float64"] = "float32"
    """Keras' dtype policy."""
    seed: NonNegativeInt = 0
    """Seed of initialisation, shuffling and dropout."""

    @model_validator(mode="after")
    def _decay_is_applied(self) -> "TrainingOptions":
        if self.weight_decay and self.optimizer != "adamw":
            raise ValueError(f"`weight_decay` needs `optimizer: adamw`, not {self.optimizer}")
        return self


class Defaults(Block):
    """What a block takes where it says nothing."""

    dim: PositiveInt = 32
    """Width of every token and table row."""
