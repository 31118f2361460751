"""Rows of embedding tables, from an earlier model to a new one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from infnet_keras.layers.embeddings.embedding_tables import EmbeddingTables
from infnet_keras.models.spec_model import SpecModel
from infnet_keras.training.warm_start.fitted_table import FittedTable, fitted_tables
from infnet_keras.training.warm_start.row_map import NEW, RowMap, row_map
from infnet_keras.training.warm_start.warm_start_record import TableCounts


def carry_tables(earlier: SpecModel, model: SpecModel) -> dict[str, TableCounts]:
    """Give the tables of a model the rows that an earlier model's tables have learnt.

    Args:
        earlier: the earlier model; tables of one name have rows of one width.
        model: the new one. Rows without an earlier one stay as they were drawn. Where both train
            their tables row by row by one rule, what it keeps for a row goes with the row.

    Returns:
        Counts of rows, by table.
    """
    before, now = _read(earlier), _read(model)
    maps = {name: row_map(before[name], table) for name, table in now.items() if name in before}
    slots_before, slots_now = _slots(earlier), _slots(model)
    for group, tables in model.embedded_inputs.tables.items():
        source = earlier.embedded_inputs.tables.get(group)
        if source is None:
            continue
        _carry(maps, source, tables)
        for slot in slots_before.get(group, {}).keys() & slots_now.get(group, {}).keys():
            _carry(maps, source, tables, slots_before[group][slot], slots_now[group][slot])
    _carry_vectors(maps, earlier, model)
    counts = {
        name: TableCounts(maps[name].kept, maps[name].initialised, maps[name].dropped)
        if name in maps
        else TableCounts(0, table.rows, 0)
        for name, table in now.items()
    }
    gone = {n: TableCounts(0, 0, table.rows) for n, table in before.items() if n not in now}
    return counts | gone


def _carry(
    maps: Mapping[str, RowMap],
    source: EmbeddingTables,
    tables: EmbeddingTables,
    learnt_in: Mapping[int, Any] | None = None,
    write_to: Mapping[int, Any] | None = None,
) -> None:
    """The rows of one group, or what stands beside them."""
    learnt, rows = source.rows_of_tables(learnt_in), tables.rows_of_tables(write_to)
    for name in learnt.keys() & rows.keys():
        sources = maps[name].sources
        rows[name] = np.where(sources[:, None] == NEW, rows[name], learnt[name][sources])
    tables.assign_rows(rows, write_to)


def _carry_vectors(maps: Mapping[str, RowMap], earlier: SpecModel, model: SpecModel) -> None:
    """Trained vectors go with their rows; frozen ones are those of the new data."""
    before = earlier.embedded_inputs.vector_embeddings
    for name, layer in model.embedded_inputs.vector_embeddings.items():
        if name in before and layer.trained and before[name].trained:
            sources = maps[name].sources
            learnt = ops.convert_to_numpy(before[name].vectors)
            own = ops.convert_to_numpy(layer.vectors)
            layer.vectors.assign(np.where(sources[:, None] == NEW, own, learnt[sources]))


def _slots(model: SpecModel) -> dict[str, dict[str, dict[int, Any]]]:
    """What row-wise training keeps beside the tables: group -> slot -> width -> weight.

    Slots of different rules have different names.
    """
    found: dict[str, dict[str, dict[int, Any]]] = {}
    for lookup, slots in model.row_updates.slots.items() if model.row_updates else ():
        group, width = lookup.rsplit("/", 1)
        for slot, weight in slots.items():
            found.setdefault(group, {}).setdefault(slot, {})[int(width)] = weight
    return found


def _read(model: SpecModel) -> dict[str, FittedTable]:
    """The tables of which some input of a model reads rows, or vectors."""
    assert model.assets is not None
    read = {name for t in model.embedded_inputs.tables.values() for name in t.offsets}
    read |= set(model.embedded_inputs.vector_embeddings)
    fitted = fitted_tables(model.spec, model.assets)
    return {name: table for name, table in fitted.items() if name in read}
