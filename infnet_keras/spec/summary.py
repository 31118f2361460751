"""A spec in a page of text: what `infnet spec check` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from textwrap import fill, wrap
from typing import TYPE_CHECKING

from infnet_keras.spec.feature_spec import FeatureSpec

if TYPE_CHECKING:
    from infnet_keras.spec.lookup_group import LookupGroup
    from infnet_keras.spec.tasks import Task

_WIDTH = 100
_CELL = 40  # a longer text goes on in the next line
_BYTES = {"float64": 8}  # of a number of a table, by precision; else 4


def summarize(
    spec: FeatureSpec,
    table_rows: Mapping[str, int] | None = None,
    model_parameters: int | None = None,
    lookup_groups: Sequence[LookupGroup] = (),
) -> str:
    """Fields, tables, sequences, tasks and warnings of a spec, at most 100 columns wide.

    Args:
        spec: the spec.
        table_rows: rows of fitted tables; others have the rows that the spec declares.
        model_parameters: trainable parameters of the whole model, where they are known.
        lookup_groups: the sets of tables that the model wants, `spec.model.lookup_groups(spec)`.

    Returns:
        Lines joined by newlines.

    Example:
        >>> from infnet_keras.spec import load_spec
        >>> print(summarize(load_spec("minimal")).splitlines()[0])
        minimal: 7 fields, 2 behaviours, 2 tasks
    """
    tables = spec.embedding_tables.items()
    rows = {name: (table_rows or {}).get(name, table.rows()) for name, table in tables}
    parts = [
        f"{spec.name}: {len(spec.fields)} fields, {len(spec.sequences)} behaviours, "
        f"{len(spec.tasks)} tasks",
        _fields(spec),
        _tables(spec, rows),
        _groups(spec, rows, lookup_groups),
        _vectors(spec),
        _sequences(spec),
        _tasks(spec),
        _sample(spec),
        _names(spec),
        _fixed(spec),
        _totals(spec, rows, model_parameters, lookup_groups),
    ]
    warnings = _warnings(spec, rows)
    if warnings:
        parts += [
            fill(f"warning: {warning}", _WIDTH, subsequent_indent=" " * len("warning: "))
            for warning in warnings
        ]
    return "\n\n".join(part for part in parts if part)


def _fields(spec: FeatureSpec) -> str:
    lines = [
        (
            name,
            field.side,
            spec.values_column(name) if field.derivation is None else field.derivation.describe(),
            field.table or ("none" if field.numeric is not None else "its own"),
            _field_kind(spec, name),
        )
        for name, field in spec.fields.items()
    ]
    return _columns(("field", "side", "reads", "table", "kind"), lines)


def _field_kind(spec: FeatureSpec, field: str) -> str:
    numeric = spec.numbers.get(field)
    if numeric is None:
        return spec.all_tables[spec.field_table(field)].kind
    return f"numeric, {numeric.transform}, {numeric.embedding}"


def _until(until: str) -> str:
    return " to yesterday" if until == "day" else ""


def _tables(spec: FeatureSpec, rows: Mapping[str, int | None]) -> str:
    lines = []
    for name, table in spec.embedding_tables.items():
        count, dim = rows[name], spec.table_dim(name)
        weights = None if count is None else count * dim
        lines.append((name, table.kind, _number(count), str(dim), _number(weights)))
    return _columns(("table", "kind", "rows", "dim", "parameters"), lines, right=(2, 3, 4))


def _groups(
    spec: FeatureSpec, rows: Mapping[str, int | None], groups: Sequence[LookupGroup]
) -> str:
    lines = []
    for group in groups:
        tables = group_tables(spec, group)
        counts = [count for table in tables if (count := rows[table]) is not None]
        known = "" if len(counts) == len(tables) else "at least "
        weights = sum((rows[table] or 0) * width for table, width in tables.items())
        widths = sorted(set(tables.values()))
        lines.append(
            (
                group.name,
                "every input" if group.inputs is None else ", ".join(group.inputs),
                str(len(tables)),
                ", ".join(map(str, widths)),
                known + _number(sum(counts)),
                known + _number(weights * _BYTES.get(spec.training.precision or "", 4)),
            )
        )
    return _columns(("lookup group", "of", "tables", "width", "rows", "bytes"), lines, (2, 3, 4, 5))


def _vectors(spec: FeatureSpec) -> str:
    lines = [
        (
            table,
            given.file,
            str(given.width),
            "trained" if given.trained else "frozen",
            "instead of the id" if given.only else "added to the id",
        )
        for table, given in spec.vectors.items()
    ]
    return _columns(("table", "vectors of", "width", "vectors", "use"), lines, right=(2,))


def group_tables(spec: FeatureSpec, group: LookupGroup) -> dict[str, int]:
    """The tables that a lookup group holds, each with the width of its rows."""
    read = [(name, spec.field_table(name)) for name in spec.id_fields]
    read += [(feature.name, feature.table) for feature in spec.sequence_features]
    alone = {name for name, vectors in spec.vectors.items() if vectors.only}  # which read no row
    tables = {t for name, t in read if group.inputs is None or name in group.inputs} - alone
    return {t: group.width or spec.table_dim(t) for t in spec.all_tables if t in tables}


def _sequences(spec: FeatureSpec) -> str:
    lines = []
    for name, sequence in spec.sequences.items():
        features = [f for f in spec.sequence_features if f.sequence == name]
        attributes = ", ".join(f.column for f in features) or "(counted only)"
        events = "every event" if sequence.source is None else f"every event of {sequence.source}"
        when = (sequence.when or events) + _until(sequence.until)
        if sequence.column is not None:
            when = f"ready made in {sequence.column}"
        lines.append((name, str(sequence.length), when, attributes))
    return _columns(("behaviour", "length", "when", "attributes"), lines, right=(1,))


def _tasks(spec: FeatureSpec) -> str:
    lines: list[tuple[str, ...]] = [
        (
            name,
            task.label_text,
            _task_kind(task),
            _weight(spec, name),
            task.mask or "every impression",
        )
        for name, task in spec.tasks.items()
    ]
    header: tuple[str, ...] = ("task", "label", "kind", "weight", "measured on")
    if len(spec.binary_tasks) == len(lines):  # the common case needs no column
        header, lines = _without_kind(header), [_without_kind(line) for line in lines]
    return _columns(header, lines, right=(len(header) - 2,))


def _task_kind(task: Task) -> str:
    """A regression with what its loss is of."""
    if task.is_binary:
        return task.kind
    return f"regression, {task.loss_options['error']} of label / {task.answer_scale:g}"


def _without_kind(line: tuple[str, ...]) -> tuple[str, ...]:
    return (*line[:2], *line[3:])


def _sample(spec: FeatureSpec) -> str:
    """What part of the training impressions is trained on, where it is not all."""
    if spec.sample is None:
        return ""
    share = spec.sample.negatives
    return (
        f"trained on: {share:.3g} of the training impressions without any positive label, each "
        f"weighing {1 / share:.3g}, and all others"
    )


def _weight(spec: FeatureSpec, name: str) -> str:
    """The factors of a task's loss: a number, columns, or both."""
    number, columns = spec.tasks[name].loss_weight, spec.weight_columns[name]
    return " x ".join([*([f"{number:g}"] if number != 1 or not columns else []), *columns])


def _names(spec: FeatureSpec) -> str:
    """What is served under another name than its own."""
    lines = [(own, served) for own, served in spec.served_names.items() if own != served]
    return _columns(("input", "served as"), lines)


def _fixed(spec: FeatureSpec) -> str:
    """What no request sends."""
    return "\n".join(
        f"{column}: the log's value in training, "
        f"{'missing' if value == '' else repr(value)} when served; no request sends it"
        for column, value in spec.served_values.items()
    )


def _totals(
    spec: FeatureSpec,
    rows: Mapping[str, int | None],
    model_parameters: int | None,
    groups: Sequence[LookupGroup],
) -> str:
    held = [item for group in groups for item in group_tables(spec, group).items()]
    held = held or [(table, spec.table_dim(table)) for table in rows]
    counts = [count * width for table, width in held if (count := rows[table]) is not None]
    known = "" if len(counts) == len(held) else " at least"
    totals = [
        f"model: {spec.model.type}",
        *spec.model.describe(spec),
        f"parameters in tables:{known} {sum(counts):,}",
    ]
    if model_parameters is not None:
        totals.append(f"parameters in the model: {model_parameters:,}")
    return "\n".join(totals)


def _warnings(spec: FeatureSpec, rows: Mapping[str, int | None]) -> list[str]:
    warnings = [
        f"source {name!r} leaks: {source.leaks}"
        for name, source in spec.sources.items()
        if source.leaks is not None
    ]
    unsized = [name for name, count in rows.items() if count is None]
    if unsized:
        warnings.append(
            f"without prepared data there is no model: no `size` for {', '.join(unsized)}"
        )
    used = {spec.field_table(name) for name in spec.fields}
    used |= {feature.table for feature in spec.sequence_features}
    unused = [name for name in spec.tables if name not in used]
    if unused:
        warnings.append(f"no field and no sequence uses the tables {', '.join(unused)}")
    derivations = (field.derivation for field in spec.fields.values())
    counted = {name for kind in derivations if kind is not None for name in kind.sequences}
    idle = [n for n, s in spec.sequences.items() if not s.attributes and n not in counted]
    if idle:
        warnings.append(f"no attribute and no count uses the sequences {', '.join(idle)}")
    return warnings


def _number(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _columns(
    header: tuple[str, ...], lines: Sequence[tuple[str, ...]], right: tuple[int, ...] = ()
) -> str:
    """Text in aligned columns under a header; nothing where there are no lines."""
    if not lines:
        return ""
    cells = [[wrap(cell, _CELL, break_long_words=False) or [""] for cell in row] for row in lines]
    cells.insert(0, [[title] for title in header])
    widths = [max(len(part) for row in cells for part in row[i]) for i in range(len(header))]
    printed = []
    for row in cells:
        for parts in zip_longest(*row, fillvalue=""):
            aligned = (
                part.rjust(width) if i in right else part.ljust(width)
                for i, (part, width) in enumerate(zip(parts, widths, strict=True))
            )
            printed.append("  ".join(aligned).rstrip())
    return "\n".join(printed)
