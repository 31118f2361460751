"""Checks of sequences whose steps hold the time from them to the impression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.derived.derivation import check_clock
from infnet_keras.spec.nearest import nearest
from infnet_keras.spec.sequences import TIME_GAP

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


def check_time_gap(spec: FeatureSpec, name: str) -> None:
    """Raise SpecProblem where the `time_gap` of a sequence cannot be computed or placed."""
    sequence, path = spec.sequences[name], ("sequences", name, TIME_GAP)
    tables, given = spec.all_tables, str(sequence.time_gap)
    check_clock(spec, path)
    if given not in tables:
        raise SpecProblem(path, f"there is no table {given!r}; {nearest(given, tables)}")
    if tables[given].boundaries is None:
        raise SpecProblem(
            path,
            f"table {given!r} has {tables[given].kind}: seconds need `boundaries`, such as [60, "
            "3600, 86400], as nothing is fitted on them",
        )
    if not sequence.attributes:
        raise SpecProblem(
            path, "a behaviour without attributes has no steps in the model: drop `time_gap`"
        )
    if sequence.column is not None:
        raise SpecProblem(
            path,
            "the steps of a ready-made history stand in a cell, and their times are not kept: drop "
            "`time_gap`, or `column` to have the history made of the user's earlier events",
        )
    if TIME_GAP in sequence.attributes or TIME_GAP in spec.input_columns:
        raise SpecProblem(
            path,
            f"a column is called {TIME_GAP!r} already: give it another name in its source, or drop "
            "`time_gap`",
        )
