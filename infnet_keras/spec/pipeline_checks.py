"""Checks of what a spec says for pipelines against the rest of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.nearest import nearest
from infnet_keras.spec.split_start import split_instant

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


def check_pipeline(spec: FeatureSpec) -> None:
    """Raise SpecProblem where splits, validation or evaluation contradict the spec."""
    _splits(spec)
    features = [*spec.input_columns, *(feature.name for feature in spec.sequence_features)]
    for block in ("drift", "skew"):
        for column in getattr(spec.validation, block):
            if column not in features:
                raise SpecProblem(
                    ("validation", block, column),
                    f"no field or sequence reads {column!r}; {nearest(column, features)}",
                )
    columns = list(spec.input_columns)
    for column in spec.validation.unseen:
        if column not in columns:
            raise SpecProblem(
                ("validation", "unseen", column),
                f"no field reads a column {column!r}; {nearest(column, columns)}",
            )
    for index, named in enumerate(spec.evaluation.slices):
        for column in [named] if isinstance(named, str) else named:
            if column not in columns:
                raise SpecProblem(
                    ("evaluation", "slices", index),
                    f"no field reads a column {column!r}; {nearest(column, columns)}",
                )
    for task in spec.evaluation.gates:
        if task not in spec.tasks:
            raise SpecProblem(
                ("evaluation", "gates", task),
                f"there is no task {task!r}; {nearest(task, spec.tasks)}",
            )
    for name, sequence in spec.sequences.items():
        if name in ("label", "weight") and sequence.attributes:
            raise SpecProblem(
                ("sequences", name),
                f"examples call the labels and weights of tasks {name}__<task>: rename the "
                "sequence",
            )
    _search(spec)


def _splits(spec: FeatureSpec) -> None:
    if spec.splits is None:
        return
    by_day = spec.time.column is not None
    for key in ("valid_from", "test_from"):
        value = getattr(spec.splits, key)
        if by_day and split_instant(value, spec.time.timezone) is None:
            raise SpecProblem(
                ("splits", key),
                "a log with a time column is split by days such as 2022-05-04, or times such as "
                f"'2022-05-04 18:00'; found {value!r}",
            )
        if not by_day and not (isinstance(value, float) and 0 < value <= 1):
            raise SpecProblem(
                ("splits", key),
                f"a log in row order is split by fractions such as 0.8; found {value!r}",
            )
    valid, test = spec.splits.valid_from, spec.splits.test_from
    starts = [split_instant(at, spec.time.timezone) if by_day else at for at in (valid, test)]
    if starts[0] > starts[1]:  # type: ignore[operator]  # both are times, or both are fractions
        raise SpecProblem(("splits", "test_from"), f"the test comes last, {valid} is after {test}")


def _search(spec: FeatureSpec) -> None:
    for key in spec.tuning.search if spec.tuning is not None else ():
        block, _, name = key.partition(".")
        options = {"model": spec.model, "training": spec.training}.get(block)
        known = [
            f"{part}.{option}"
            for part in ("model", "training")
            for option in type(getattr(spec, part)).model_fields
        ]
        if options is None or name.split(".")[0] not in type(options).model_fields:
            raise SpecProblem(
                ("tuning", "search", key),
                f"{key!r} is no option of the model or the training; {nearest(key, known)}",
            )
