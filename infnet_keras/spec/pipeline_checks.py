"""Checks of what a spec says for pipelines against the rest of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.nearest import nearest
from infnet_keras.spec.pipeline_options import METRICS_OF
from infnet_keras.spec.split_start import split_fraction, split_instant

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
    _metrics_fit(spec)
    for name, sequence in spec.sequences.items():
        taken = ["label", "weight"]
        taken += ["loss_weight"] if spec.weighs else []
        taken += ["sample"] if spec.sample is not None else []
        if name in taken and sequence.attributes:
            raise SpecProblem(
                ("sequences", name),
                f"examples have columns of their own that begin with {name}__: rename the sequence",
            )
    _search(spec)


def _metrics_fit(spec: FeatureSpec) -> None:
    """No gate is on a metric that its task does not have, no limit on one that no task has."""
    for name, gates in spec.evaluation.gates.items():
        kind = spec.tasks[name].kind
        for metric in gates.given:
            if metric not in METRICS_OF[kind]:
                raise SpecProblem(
                    ("evaluation", "gates", name, metric),
                    f"task {name!r} is of kind {kind}, which has no {metric}: bound one of "
                    f"{', '.join(METRICS_OF[kind])}",
                )
    kinds = {task.kind for task in spec.tasks.values()}
    known = {metric for kind in kinds for metric in METRICS_OF[kind]}
    for metric in spec.evaluation.change.given:
        if metric not in known:
            raise SpecProblem(
                ("evaluation", "change", metric),
                f"every task is of kind {' or '.join(sorted(kinds))}, which has no {metric}",
            )


def _splits(spec: FeatureSpec) -> None:
    if spec.splits is None:
        return
    starts = []
    for key in ("valid_from", "test_from"):
        value = getattr(spec.splits, key)
        start = split_fraction(value) if isinstance(value, float) else None
        if start is None and spec.time.column is not None:
            start = split_instant(value, spec.time.timezone)
        if start is None:
            allowed = "a log in row order is split by fractions such as 0.8"
            if spec.time.column is not None:
                allowed = (
                    "a split begins at a day such as 2022-05-04, a time such as '2022-05-04 18:00' "
                    "or after a fraction of the rows such as 0.8"
                )
            raise SpecProblem(("splits", key), f"{allowed}; found {value!r}")
        starts.append(start)
    valid, test = starts
    if isinstance(valid, float) == isinstance(test, float) and valid > test:
        said = f"the test comes last, {spec.splits.valid_from} is after {spec.splits.test_from}"
        raise SpecProblem(("splits", "test_from"), said)


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
