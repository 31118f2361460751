"""What a study file says."""

from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from infnet_keras.spec.base import Block, SpecProblem
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.models import model_options
from infnet_keras.spec.nearest import nearest
from infnet_keras.spec.pipeline_options import Search

LIGHTGBM = "lightgbm"
ABLATIONS = ("task_tokens", "gates", "attention")


class ModelRow(Block):
    """One model of the study: a row of its tables."""

    type: str | None = None
    """The spec's `model: type`, or lightgbm; null: the row's name."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Values of the spec for this model alone, under dotted keys: model.variant, lightgbm.trees."""
    tuned: bool = True
    """Whether its settings are searched with the study's budget; else they stay as they are."""
    search: dict[str, Search] = Field(default_factory=dict)
    """What is searched besides what the study's `tuning` searches for every model."""
    looks_before: NonNegativeInt = 0
    """Settings of this model whose validation score was seen before the study."""


class Tuning(Block):
    """The budget of every tuned model."""

    trials: NonNegativeInt = 0
    """Settings that are tried for each; 0: none is tuned."""
    search: dict[str, Search] = Field(default_factory=dict)
    """For each dotted key of the spec, the values to try, whatever the model."""


class Sweep(Block):
    """One setting of a row in several values, all else as it is: a curve of figure 4."""

    of: str | None = None
    """The row; null: the reference."""
    key: str | None = None
    """Dotted key of the spec that takes the values."""
    values: list[int | float | str | bool | None] = Field(default_factory=list)
    """The values of `key`."""
    history: list[PositiveInt] = Field(default_factory=list)
    """Instead of a key: how many steps of each behaviour are read at most."""

    @model_validator(mode="after")
    def _one_kind(self) -> "Sweep":
        if (self.key is None) == (not self.history) or (self.key is None) != (not self.values):
            raise ValueError("give either `key` and `values`, or `history`")
        return self


class Timing(Block):
    """How inference is timed."""

    batch_size: PositiveInt = 1024
    """Impressions of a batch."""
    candidates: PositiveInt = 500
    """Candidates of a request."""
    rounds: PositiveInt = 20
    """How often each model is asked; 0 would time nothing."""


class StudyFile(Block):
    """A study: data, models, settings, seeds and one budget.

    Load one with `load_study`, whose errors name file and line.
    """

    name: str = Field(min_length=1)
    """What the study is called, in its report."""
    spec: str
    """The feature spec: a YAML file beside this one, or the name of a shipped spec."""
    backend: Literal["tensorflow", "jax", "torch"] = "torch"
    """Of Keras; part of a run's identity."""
    seeds: list[NonNegativeInt] = Field(default_factory=lambda: [0, 1, 2], min_length=1)
    """Seeds of every row; a search uses the first."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Values of the spec for every model, under dotted keys."""
    tuning: Tuning = Field(default_factory=Tuning)
    """The budget of every tuned model."""
    models: dict[str, ModelRow] = Field(min_length=1)
    """The rows of the tables, by name."""
    reference: str | None = None
    """The row that all others are compared with; null: the first one."""
    ablations: str | None = None
    """The row of INFNet that is also trained without task tokens, gates, attention (table 3)."""
    sweeps: dict[str, Sweep] = Field(default_factory=dict)
    """Curves of single settings, by title (figure 4)."""
    attention: str | None = None
    """The row whose attention is drawn (figure 5)."""
    timing: Timing = Field(default_factory=Timing)
    """How inference is timed (figure 6)."""
    bootstrap: PositiveInt = 1000
    """Resamples of users behind each p."""

    @model_validator(mode="after")
    def _agree(self) -> "StudyFile":
        types = [*model_options(), LIGHTGBM]
        for name, row in self.models.items():
            if row.type is None and name not in types:
                raise SpecProblem(
                    ("models", name), f"{name!r} is no model: say `type`; {nearest(name, types)}"
                )
            if row.type is not None and row.type not in types:
                raise SpecProblem(
                    ("models", name, "type"),
                    f"there is no model {row.type!r}; {nearest(row.type, types)}",
                )
        if len(set(self.seeds)) < len(self.seeds):
            raise SpecProblem(("seeds",), "each seed stands once")
        named: dict[tuple[str, ...], str | None] = {}
        named |= {("reference",): self.reference, ("ablations",): self.ablations}
        named |= {("attention",): self.attention}
        named |= {("sweeps", title, "of"): sweep.of for title, sweep in self.sweeps.items()}
        for path, row_name in named.items():
            if row_name is not None and row_name not in self.models:
                raise SpecProblem(
                    path, f"there is no row {row_name!r}; {nearest(row_name, self.models)}"
                )
        for path in (("ablations",), ("attention",)):
            row_name = named[path]
            if row_name is not None and self.type_of(row_name) != "infnet":
                raise SpecProblem(path, f"the row {row_name!r} is no INFNet")
        return self

    def check(self, spec: FeatureSpec) -> None:
        """Raise SpecProblem where a row cannot learn the tasks of the study's spec."""
        numbers = [name for name in spec.tasks if name not in spec.binary_tasks]
        for row in self.models if numbers else ():
            if self.type_of(row) == LIGHTGBM:
                raise SpecProblem(
                    ("models", row),
                    f"LightGBM's row grows forests of binary tasks, and task {numbers[0]!r} of "
                    f"spec {spec.name!r} is a regression: leave the row out, or the task",
                )

    def type_of(self, row: str) -> str:
        """The model's type of a row."""
        return self.models[row].type or row

    @property
    def reference_row(self) -> str:
        """The row that all others are compared with."""
        return self.reference or next(iter(self.models))

    def searched(self, row: str) -> dict[str, Search]:
        """What is searched for a row; nothing where it is not tuned."""
        model = self.models[row]
        if not self.tuning.trials or not model.tuned:
            return {}
        common = {} if self.type_of(row) == LIGHTGBM else self.tuning.search
        return {**common, **model.search}
