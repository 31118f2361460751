"""Names and meaning of the columns of a shard."""

from typing import NamedTuple

import numpy as np

from infnet_keras.features.transform_plan import TransformPlan
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sequences import TIME_GAP

USER = "user"
SPLIT = "split"
HISTORY_END = "history_end"
DAY_END = "day_end"
TIME = "time"


class IdColumn(NamedTuple):
    """Encoded ids of one raw column, or of a derived field where `is_derived`, under one table;
    where `is_number` a numeric field's standardised values, float32.

    Fields and sequence attributes that read alike share it. With a `separator` it stands in a
    shard as `max_values` columns, one a position.
    """

    column: str
    table: str
    separator: str | None
    max_values: int
    is_derived: bool = False
    is_number: bool = False

    @property
    def name(self) -> str:
        """Name in a shard; a position is appended where values are split."""
        split = "" if self.separator is None else f":{self.separator}:{self.max_values}"
        # Colons part what may hold colons itself: no two columns get one name.
        column, table = (text.replace("%", "%25").replace(":", "%3A") for text in self[:2])
        kind = "numbers" if self.is_number else "ids"
        return f"{kind}:{'derived:' if self.is_derived else ''}{column}:{table}{split}"

    @property
    def dtype(self) -> type[np.int32] | type[np.float32]:
        """Of its values."""
        return np.float32 if self.is_number else np.int32

    @property
    def shard_columns(self) -> list[str]:
        """The columns of a shard that hold it."""
        if self.separator is None:
            return [self.name]
        return [f"{self.name}:{position}" for position in range(self.max_values)]


def field_columns(spec: FeatureSpec) -> dict[str, IdColumn]:
    """The id column of each field; a derived field reads the column of its own name."""
    return {
        step.name: IdColumn(
            step.column,
            step.table,
            step.separator,
            step.max_values,
            is_derived=step.derivation is not None,
            is_number=step.is_number,
        )
        for step in TransformPlan.of(spec).fields
    }


def sequence_columns(spec: FeatureSpec) -> dict[str, IdColumn]:
    """The id column of each sequence feature, under the feature's name.

    A time gap has none: it is another one for each impression that sees the event.
    """
    return {
        step.name: IdColumn(step.column, step.table, step.separator, step.max_values)
        for step in TransformPlan.of(spec).sequences
        if step.column != TIME_GAP
    }


def ready_made(spec: FeatureSpec) -> dict[str, list[str]]:
    """The sequences whose histories stand ready made in cells, with their sequence features."""
    return {
        name: [f.name for f in spec.sequence_features if f.sequence == name]
        for name, sequence in spec.sequences.items()
        if sequence.column is not None
    }


def steps_column(feature: str) -> str:
    """Where the ids of a ready-made history stand: lists, oldest step first.

    Where an attribute has several values, each step has `max_values` ids.
    """
    return f"steps:{feature}"


def derived_column(field: str) -> str:
    """Where the value of a derived field stands before it is encoded."""
    return f"derived:{field}"


def label_column(task: str) -> str:
    """Where the label of a task stands: float32, NaN where missing or outside the task's mask."""
    return f"label:{task}"


def weight_column(task: str) -> str:
    """Where what an impression weighs in a task's loss stands: float32; only if the spec weighs."""
    return f"weight:{task}"


def weighed_tasks(spec: FeatureSpec) -> list[str]:
    """The tasks in whose losses impressions weigh differently: all or none."""
    return list(spec.tasks) if spec.weighs else []


def behaviour_column(sequence: str) -> str:
    """Where it stands whether an event is one of a behaviour."""
    return f"when:{sequence}"


def behaviours(spec: FeatureSpec) -> list[str]:
    """Sequences whose events a reader has to tell from others.

    They have tokens and a `when`, or there are events of several logs.
    """
    several = bool(spec.event_sources)
    return [
        n for n, s in spec.sequences.items() if s.attributes and (several or s.when is not None)
    ]


def needs_day_end(spec: FeatureSpec) -> bool:
    """Whether some sequence of tokens ends before the impression's own day."""
    return any(s.attributes and s.until == "day" for s in spec.sequences.values())


def needs_time(spec: FeatureSpec) -> bool:
    """Whether a shard holds the time of its events, in milliseconds, for gaps up to impressions."""
    return any(s.time_gap is not None for s in spec.sequences.values())


def id_columns(spec: FeatureSpec) -> list[IdColumn]:
    """Every distinct column of ids an event, in a fixed order; ready-made histories aside."""
    return list(dict.fromkeys([*field_columns(spec).values(), *event_columns(spec)]))


def event_columns(spec: FeatureSpec) -> list[IdColumn]:
    """The id columns of sequences that consist of events."""
    ready = {feature for features in ready_made(spec).values() for feature in features}
    return [column for name, column in sequence_columns(spec).items() if name not in ready]


def is_shard_column(name: str) -> bool:
    """Whether a column of an ordered partition goes into its shard as it is."""
    return name in (USER, SPLIT, HISTORY_END, DAY_END, TIME) or name.startswith(
        ("label:", "weight:", "when:")
    )
