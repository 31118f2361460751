"""The model's and the training's options."""

from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from infnet_keras.spec.base import Block

Widths = list[PositiveInt]


class ModelOptions(Block):
    """INFNet's options (arXiv 2508.11565); `dim` is every token's width."""

    type: Literal["infnet"] = "infnet"
    dim: PositiveInt | None = None  # defaults.dim where not given
    blocks: int = Field(default=3, ge=2)
    categorical_proxies: PositiveInt = 4
    sequence_proxies: PositiveInt | None = None  # null: one per sequence feature
    shared_task_tokens: PositiveInt = 2
    num_heads: PositiveInt = 1
    gate_source: Literal["output", "input"] = "output"
    residual: bool = False
    proxy_norm: Literal["none", "layer"] = "none"
    categorical_hidden: Widths | None = None  # null: one hidden layer of 2 * dim
    sequence_hidden: Widths = Field(default_factory=list)  # empty: linear
    gate_hidden: Widths | None = None  # null: one hidden layer of dim
    tower_hidden: Widths = Field(default_factory=lambda: [64, 32])
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    sequence_position: bool = False


class Schedule(Block):
    """How the learning rate moves: linear warm-up, then constant or cosine decay to `final`."""

    decay: Literal["constant", "cosine"] = "constant"
    warmup_steps: NonNegativeInt = 0
    final: float = Field(default=0.0, ge=0.0, le=1.0)  # fraction of learning_rate at the end


class TrainingOptions(Block):
    """Optimiser, regularisation and stopping."""

    batch_size: PositiveInt = 1024
    optimizer: Literal["adam", "adamw", "adagrad", "sgd"] = "adam"
    learning_rate: PositiveFloat = 1e-3
    schedule: Schedule = Field(default_factory=Schedule)
    epochs: PositiveInt = 5
    patience: PositiveInt = 2  # evaluations without a better mean validation AUC
    evaluations_per_epoch: PositiveInt = 1
    l2: NonNegativeFloat = 0.0  # on the embeddings that a batch looks up
    id_dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    clip_norm: PositiveFloat | None = None
    weight_decay: NonNegativeFloat = 0.0  # adamw
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16", "float64"] = "float32"
    seed: NonNegativeInt = 0


class Defaults(Block):
    """What a block takes where it says nothing."""

    dim: PositiveInt = 32
