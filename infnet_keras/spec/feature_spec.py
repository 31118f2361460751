"""The feature spec: everything a model, its data and its serving signatures follow from."""

from functools import cached_property
from typing import Literal, NamedTuple

from pydantic import ConfigDict, Field, model_validator

from infnet_keras.input_names import (
    KEPT,
    SequenceInputs,
    label_inputs,
    loss_weight_input,
    sequence_inputs,
)
from infnet_keras.served_names import served_names
from infnet_keras.spec.base import Block
from infnet_keras.spec.checks import check
from infnet_keras.spec.derived.since import DaysSince
from infnet_keras.spec.fields import CategoricalField, Side
from infnet_keras.spec.models import AnyModel, INFNetOptions
from infnet_keras.spec.numeric import Numeric
from infnet_keras.spec.options import Defaults, TrainingOptions
from infnet_keras.spec.pipeline_options import Evaluation, Splits, Tuning, Validation
from infnet_keras.spec.sampling import Sample
from infnet_keras.spec.sequences import TIME_GAP, Sequence, SequenceAttribute
from infnet_keras.spec.sources import ColumnType, Keys, Source, Time
from infnet_keras.spec.tables import Table
from infnet_keras.spec.tasks import FoundIn, Task
from infnet_keras.spec.vectors import Vectors


class SequenceFeature(NamedTuple):
    """One (behaviour, attribute) pair, resolved: what a reader fills and a model embeds.

    `name` is the model's input: ids of shape [batch, length], or [batch, length, max_values] when
    `multivalue` is set. `field` is the field that reads the same column to ids, None where there is
    none: target attention compares the two.
    """

    name: str
    sequence: str
    column: str
    table: str
    length: int
    multivalue: str | None
    pooling: Literal["mean", "sum"]
    max_values: int
    field: str | None


class FeatureSpec(Block):
    """A feature spec, checked: blocks agree with one another.

    Load one from YAML with `infnet_keras.load_spec`, whose errors name file and line. Built in
    Python, a contradiction raises `SpecProblem` with the path to it.
    """

    model_config = ConfigDict(ignored_types=(cached_property,))

    name: str = Field(min_length=1)
    """What the spec is called, in reports and exported models."""
    sources: dict[str, Source]
    """Raw files: the log of impressions and what is joined to it."""
    keys: Keys
    """The columns that identify users and items."""
    outcomes: list[str] = Field(default_factory=list)
    """Columns that, like every label, are known only after the impression: never its features."""
    defaults: Defaults = Field(default_factory=Defaults)
    """What blocks take where they say nothing."""
    tables: dict[str, Table] = Field(default_factory=dict)
    """Embedding tables that fields and sequence attributes share by naming them."""
    fields: dict[str, CategoricalField]
    """Fields, one token each."""
    sequences: dict[str, Sequence] = Field(default_factory=dict)
    """Behaviours: earlier events of the same user."""
    tasks: dict[str, Task]
    """What is predicted."""
    weight: str | None = None
    """The column that holds the weight of each impression, at least 0, in every task's loss."""
    sample: Sample | None = None
    """Which part of the training impressions is trained on; without it all."""
    weighting: Literal["fixed", "uncertainty"] = "fixed"
    """Whether the tasks' weights stay as given or are learned from their uncertainty."""
    model: AnyModel = Field(default_factory=INFNetOptions)
    """The model, named by `type`, and its options."""
    training: TrainingOptions = Field(default_factory=TrainingOptions)
    """How the model is trained: optimiser, regularisation and stopping."""
    splits: Splits | None = None
    """Where validation and test begin, unless the command says otherwise."""
    validation: Validation = Field(default_factory=Validation)
    """How far values may drift before a pipeline stops."""
    evaluation: Evaluation = Field(default_factory=Evaluation)
    """When a pipeline may serve a model."""
    tuning: Tuning | None = None
    """What `infnet tune`, or a pipeline's tuner, tries."""

    @model_validator(mode="after")
    def _agree(self) -> "FeatureSpec":
        check(self)
        return self

    @cached_property
    def log_source(self) -> str:
        """Name of the source that holds the impressions: without `join`, and not a sequence's."""
        return next(
            name
            for name, source in self.sources.items()
            if source.join is None and name not in self.event_sources
        )

    @cached_property
    def event_sources(self) -> list[str]:
        """The sources of sequences besides the log of impressions, each once."""
        return list(dict.fromkeys(s.source for s in self.sequences.values() if s.source))

    @cached_property
    def found_in(self) -> list[str]:
        """The sources that labels are found in, each once."""
        labels = (task.label for task in self.tasks.values())
        return list(dict.fromkeys(one.found_in for one in labels if isinstance(one, FoundIn)))

    @cached_property
    def joined_sources(self) -> list[str]:
        """The sources that columns are looked up in."""
        return [n for n in self.sources if n not in (self.log_source, *self.other_logs)]

    @property
    def other_logs(self) -> list[str]:
        """Logs besides that of the impressions, which gives them labels or earlier events."""
        return list(dict.fromkeys([*self.event_sources, *self.found_in]))

    @cached_property
    def label_columns(self) -> dict[str, str]:
        """Columns that labels are made of, each with what says so."""
        return {
            column: f"the label of task {name}"
            for name, task in self.tasks.items()
            for column in task.label_columns
        }

    @property
    def weight_columns(self) -> dict[str, tuple[str, ...]]:
        """For each task, the columns whose product an impression weighs in its loss."""
        return {
            name: tuple(c for c in (self.weight, task.weight_column) if c is not None)
            for name, task in self.tasks.items()
        }

    @property
    def binary_tasks(self) -> list[str]:
        """The tasks whose label is 0 or 1."""
        return [name for name, task in self.tasks.items() if task.is_binary]

    @property
    def weighs(self) -> bool:
        """Whether impressions weigh differently: by columns, or because some are left out."""
        return self.sample is not None or any(self.weight_columns.values())

    @property
    def time(self) -> Time:
        """When an impression happened."""
        time = self.sources[self.log_source].time
        assert time is not None  # check() demands it
        return time

    @property
    def dim(self) -> int:
        """Width of every token."""
        return self.model.dim or self.defaults.dim

    @cached_property
    def all_tables(self) -> dict[str, Table]:
        """Every table: the shared ones, then the fields' own, under the field's name. That of a
        number has no rows."""
        own = {n: f.own_table() for n, f in self.fields.items() if f.table is None}
        return {**self.tables, **own}

    @cached_property
    def vectors(self) -> dict[str, Vectors]:
        """The tables whose values have vectors of their own."""
        given = {name: table.vectors for name, table in self.embedding_tables.items()}
        return {name: vectors for name, vectors in given.items() if vectors is not None}

    def table_dim(self, table: str) -> int:
        """Width of a table's rows: its own `dim`, else the default."""
        return self.all_tables[table].dim or self.dim

    def field_table(self, field: str) -> str:
        """Name of the table that embeds a field."""
        return self.fields[field].table or field

    def field_column(self, field: str) -> str | None:
        """The raw column that a field reads; None for a derived one."""
        declared = self.fields[field]
        return None if declared.derive is not None else self.values_column(field)

    def field_reads(self, field: str) -> tuple[str, ...]:
        """Columns of the impression itself that a field reads or computes from; time aside."""
        derivation = self.fields[field].derivation
        if derivation is not None:
            return derivation.columns
        return (self.values_column(field),)

    def values_column(self, field: str) -> str:
        """Where a field's values stand: the raw column, or the field itself if it is derived."""
        column = self.fields[field].column
        return field if column is None else column

    @cached_property
    def served_values(self) -> dict[str, int | float | str]:
        """Raw columns that no request sends, with what serving takes for each; `""` is missing."""
        return {
            self.values_column(name): field.serve_as
            for name, field in self.fields.items()
            if field.serve_as is not None
        }

    @cached_property
    def declared_types(self) -> dict[str, ColumnType]:
        """Types that the sources declare: the log's own first, then of the first that has one."""
        types: dict[str, ColumnType] = {}
        for source in sorted(self.sources.values(), key=lambda source: source.join is not None):
            types = {**source.types, **types}
        return types

    @cached_property
    def sequence_inputs(self) -> dict[str, SequenceInputs]:
        """The raw inputs of every behaviour that has attributes."""
        return {
            name: sequence_inputs(name, sequence.step_columns)
            for name, sequence in self.sequences.items()
            if sequence.attributes
        }

    @cached_property
    def served_names(self) -> dict[str, str]:
        """Under which name each raw input is served, and each column of an example is written."""
        names = [*self.input_columns, *self.fitting_columns]
        for inputs in self.sequence_inputs.values():
            names += [*inputs.attributes.values(), inputs.length]
        names += [name for task in self.tasks for name in label_inputs(task)]
        if self.weighs:
            names += map(loss_weight_input, self.tasks)
        if self.sample is not None:
            names.append(KEPT)
        return served_names([*names, *([] if self.keys.user is None else [self.keys.user])])

    @cached_property
    def fitting_columns(self) -> list[str]:
        """Raw columns that feed a fitted table; derived fields are computed from raw inputs."""
        found: dict[str, None] = {}
        for name, columns in self.table_columns.items():
            if self.all_tables[name].is_fitted:
                found |= dict.fromkeys(columns)
        derived = {name for name, field in self.fields.items() if field.derive is not None}
        return [name for name in found if name not in derived]

    @cached_property
    def numbers(self) -> dict[str, Numeric]:
        """The fields that enter as numbers, in order; all others become ids."""
        kinds = {name: field.numeric for name, field in self.fields.items()}
        return {name: numeric for name, numeric in kinds.items() if numeric is not None}

    @property
    def id_fields(self) -> list[str]:
        """The fields whose values become rows of a table."""
        return [name for name in self.fields if name not in self.numbers]

    @cached_property
    def embedding_tables(self) -> dict[str, Table]:
        """Every table that has rows: all but what stands for a number."""
        return {name: t for name, t in self.all_tables.items() if t.numeric is None}

    @cached_property
    def sequence_features(self) -> list[SequenceFeature]:
        """Every (behaviour, attribute) pair, in order: the paper's F sequence features."""
        found = []
        for sequence_name, sequence in self.sequences.items():
            for column, declared in sequence.attributes.items():
                attribute = (
                    SequenceAttribute(table=declared) if isinstance(declared, str) else declared
                )
                name = next((n for n in self.id_fields if self.field_column(n) == column), None)
                field = None if name is None else self.fields[name]
                found.append(
                    SequenceFeature(
                        name=self.sequence_inputs[sequence_name].attributes[column],
                        sequence=sequence_name,
                        column=column,
                        table=attribute.table,
                        length=sequence.length,
                        multivalue=attribute.multivalue or (field.multivalue if field else None),
                        pooling=attribute.pooling or (field.pooling if field else "mean"),
                        max_values=attribute.max_values or (field.max_values if field else 8),
                        field=name,
                    )
                )
            if sequence.time_gap is not None and sequence.attributes:
                name = self.sequence_inputs[sequence_name].attributes[TIME_GAP]
                found.append(
                    SequenceFeature(
                        name,
                        sequence_name,
                        TIME_GAP,
                        sequence.time_gap,
                        sequence.length,
                        multivalue=None,
                        pooling="mean",
                        max_values=1,
                        field=None,
                    )
                )
        return found

    def sequence_feature(self, sequence: str, column: str) -> SequenceFeature:
        """The feature of one attribute of a behaviour."""
        return next(
            f for f in self.sequence_features if (f.sequence, f.column) == (sequence, column)
        )

    def history_element(self, sequence: str) -> str:
        """Of a ready-made history, the column whose values its elements are."""
        attributes = self.sequences[sequence].attributes
        return self.keys.item if self.keys.item in attributes else next(iter(attributes))

    @cached_property
    def table_columns(self) -> dict[str, dict[str, str | None]]:
        """Which raw columns feed each table, with their separators: its vocabulary comes from them.

        A derived field feeds its table under its own name.
        """
        feeds: dict[str, dict[str, str | None]] = {name: {} for name in self.all_tables}
        for name, field in self.fields.items():
            feeds[self.field_table(name)][self.values_column(name)] = field.multivalue
        for feature in self.sequence_features:
            feeds[feature.table].setdefault(feature.column, feature.multivalue)
        return feeds

    @cached_property
    def dates(self) -> dict[str, DaysSince]:
        """How each field that counts days since a date reads it, by the field's name."""
        kinds = {name: field.derivation for name, field in self.fields.items()}
        return {name: kind for name, kind in kinds.items() if isinstance(kind, DaysSince)}

    @cached_property
    def whole_number_columns(self) -> dict[str, str]:
        """The column of every field whose ids are its own whole numbers, by the field's name."""
        columns = {name: self.field_column(name) for name in self.fields}
        return {
            name: column
            for name, column in columns.items()
            if column is not None
            and self.fields[name].multivalue is None
            and self.all_tables[self.field_table(name)].identity is not None
        }

    def column_side(self, column: str) -> Side:
        """Who owns a raw input column: the side of the fields that read it; time is context's."""
        for name, field in self.fields.items():
            if column in self.field_reads(name) or (field.derive is not None and name == column):
                return field.side
        return "context"

    @cached_property
    def input_columns(self) -> dict[str, Side]:
        """Raw inputs of one candidate besides its sequences, with their sides, in a fixed order.

        What fields read (`field_reads`), under the field's own name the number of a derived one
        that is sent, and the time column if any field derives from it.
        """
        columns: dict[str, Side] = {}
        needs_time = False
        for name, field in self.fields.items():
            for column in (name,) if field.is_sent else self.field_reads(name):
                columns[column] = field.side
            needs_time |= field.derivation is not None and field.derivation.reads_time
        if needs_time and self.time.column is not None:
            columns.setdefault(self.time.column, "context")
        return columns
