"""The training's options."""

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


class Schedule(Block):
    """How the learning rate moves: linear warm-up, then constant or cosine decay to `final`."""

    decay: Literal["constant", "cosine"] = "constant"
    """The shape after the warm-up."""
    warmup_steps: NonNegativeInt = 0
    """Steps in which the rate rises from 0."""
    final: float = Field(default=0.0, ge=0.0, le=1.0)
    """Where cosine decay ends, as a fraction of the learning rate."""
    steps: PositiveInt | None = None
    """Steps until cosine decay ends, the warm-up included; null: as many as `fit` takes."""

    @model_validator(mode="after")
    def _final_is_reached(self) -> "Schedule":
        if self.final and self.decay == "constant":
            raise ValueError("`final` needs `decay: cosine`: a constant rate ends where it starts")
        if self.steps is not None and self.decay == "constant":
            raise ValueError("`steps` needs `decay: cosine`: a constant rate has no end")
        if self.steps is not None and self.warmup_steps >= self.steps:
            raise ValueError(
                f"`warmup_steps` is {self.warmup_steps} of {self.steps} `steps`: nothing is left "
                "to decay in"
            )
        return self


class TableTraining(Block):
    """How the embedding tables are trained."""

    optimizer: Literal["dense", "adagrad_rowwise", "adam_lazy"] = "dense"
    """`dense`: by the optimiser, like any other weight, so that every step rewrites every row.
    The others move the rows that a step reads and no others: `adagrad_rowwise` keeps one number
    of memory for each row, `adam_lazy` Adam's two for each number of a row."""
    learning_rate: PositiveFloat | None = None
    """The tables' learning rate after warm-up, which moves by the same schedule; null: the
    optimiser's. Needs an optimiser of their own."""

    @model_validator(mode="after")
    def _rate_is_used(self) -> "TableTraining":
        if self.learning_rate is not None and self.optimizer == "dense":
            raise ValueError(
                "`learning_rate` of tables needs `optimizer: adagrad_rowwise` or `adam_lazy`: "
                "dense tables move by the optimiser's"
            )
        return self


class TrainingOptions(Block):
    """Optimiser, regularisation and stopping."""

    batch_size: PositiveInt = 1024
    """Impressions per step."""
    bucket_by_length: bool = False
    """Whether the histories of a batch are padded in three buckets by their lengths, instead of all
    to `length`. The model's answers and losses are the same; steps are faster where most histories
    are short, and compile for longer."""
    optimizer: Literal["adam", "adamw", "adagrad", "sgd"] = "adam"
    """The optimiser."""
    learning_rate: PositiveFloat = 1e-3
    """The learning rate after warm-up."""
    schedule: Schedule = Field(default_factory=Schedule)
    """How the learning rate moves."""
    tables: TableTraining = Field(default_factory=TableTraining)
    """What moves the rows of the embedding tables."""
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
    redraw_tables: bool = False
    """Draw the embedding tables anew when an epoch begins, and keep all else (MEDA)."""
    clip_norm: PositiveFloat | None = None
    """Clip the gradient's global norm; null: never."""
    weight_decay: NonNegativeFloat = 0.0
    """Decoupled weight decay of adamw."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16", "float64"] | None = None
    """Keras' dtype policy; null: the global one, float32 unless the process says otherwise."""
    xla: bool | None = None
    """Whether TensorFlow compiles a step by XLA; null: on a processor where a training has 100
    steps or more, tables are dense and every layer can be compiled; elsewhere as Keras decides."""
    cuda_graph: bool = True
    """Whether torch on a GPU records a step of training or prediction as a CUDA graph and plays it
    again; false runs its operations one by one, as a layer or metric needs that reads numbers on
    the host."""
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
