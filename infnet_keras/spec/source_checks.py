"""Checks of what each source of a spec is for: the log, columns, labels, or earlier events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.nearest import nearest
from infnet_keras.spec.tasks import FoundIn

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


def check_sources(spec: FeatureSpec) -> None:
    """Raise SpecProblem where a source cannot be what the spec uses it for."""
    _known_names(spec)
    logs = [
        name
        for name, source in spec.sources.items()
        if source.join is None and name not in spec.event_sources
    ]
    if len(logs) != 1:
        found = ", ".join(logs) or "none"
        raise SpecProblem(
            ("sources",),
            f"exactly one source, the log of impressions, has no `join`; found {found}",
        )
    log = logs[0]
    for name, source in spec.sources.items():
        path = ("sources", name)
        if name == log:
            if source.time is None:
                raise SpecProblem(path, "the log needs `time`: a column of it, or `row_order`")
            if source.misses != "refused":
                raise SpecProblem((*path, "misses"), "the log is not joined to anything")
            continue
        if source.deduplicate:
            raise SpecProblem(
                (*path, "deduplicate"), f"`deduplicate` belongs to the log of impressions, {log}"
            )
        if source.time is not None and name not in spec.event_sources:
            raise SpecProblem((*path, "time"), f"`time` belongs to the log of impressions, {log}")
    for name in spec.event_sources:
        source = spec.sources[name]
        if source.time is None or source.time.column is None:
            raise SpecProblem(
                ("sources", name),
                "the events of a sequence need a `time` with a `column`: it says which of them "
                "come before an impression",
            )
        if spec.time.column is None:
            raise SpecProblem(
                ("sources", name, "time"),
                f"these events have a time, and the log, {log}, has only its row order: nothing "
                "says which come first",
            )


def _known_names(spec: FeatureSpec) -> None:
    """What sequences and tasks name is there, and is not the log itself."""
    for name, sequence in spec.sequences.items():
        if sequence.source is not None and sequence.source not in spec.sources:
            raise SpecProblem(
                ("sequences", name, "source"),
                f"there is no source {sequence.source!r}; {nearest(sequence.source, spec.sources)}",
            )
    for name, task in spec.tasks.items():
        if not isinstance(task.label, FoundIn):
            continue
        found_in, path = task.label.found_in, ("tasks", name, "label", "found_in")
        if found_in not in spec.sources:
            raise SpecProblem(
                path, f"there is no source {found_in!r}; {nearest(found_in, spec.sources)}"
            )
        if spec.sources[found_in].join is None:
            raise SpecProblem(
                path,
                f"source {found_in!r} has no `join`, which says by which columns of the log its "
                "rows are found",
            )
