"""Rows of embedding tables, from an earlier model to a new one."""

import numpy as np

from infnet_keras.models.spec_model import SpecModel
from infnet_keras.training.warm_start.fitted_table import FittedTable, fitted_tables
from infnet_keras.training.warm_start.row_map import NEW, row_map
from infnet_keras.training.warm_start.warm_start_record import TableCounts


def carry_tables(earlier: SpecModel, model: SpecModel) -> dict[str, TableCounts]:
    """Give the tables of a model the rows that an earlier model's tables have learnt.

    Args:
        earlier: the earlier model; tables of one name have rows of one width.
        model: the new one. Rows without an earlier one stay as they were drawn.

    Returns:
        Counts of rows, by table.
    """
    before, now = _read(earlier), _read(model)
    maps = {name: row_map(before[name], table) for name, table in now.items() if name in before}
    for group, tables in model.embedded_inputs.tables.items():
        source = earlier.embedded_inputs.tables.get(group)
        if source is None:
            continue
        learnt, rows = source.rows_of_tables(), tables.rows_of_tables()
        for name in learnt.keys() & rows.keys():
            sources = maps[name].sources
            rows[name] = np.where(sources[:, None] == NEW, rows[name], learnt[name][sources])
        tables.assign_rows(rows)
    counts = {
        name: TableCounts(maps[name].kept, maps[name].initialised, maps[name].dropped)
        if name in maps
        else TableCounts(0, table.rows, 0)
        for name, table in now.items()
    }
    gone = {n: TableCounts(0, 0, table.rows) for n, table in before.items() if n not in now}
    return counts | gone


def _read(model: SpecModel) -> dict[str, FittedTable]:
    """The tables that some input of a model reads."""
    assert model.assets is not None
    read = {name for t in model.embedded_inputs.tables.values() for name in t.offsets}
    fitted = fitted_tables(model.spec, model.assets)
    return {name: table for name, table in fitted.items() if name in read}
