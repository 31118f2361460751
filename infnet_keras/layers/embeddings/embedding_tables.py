"""Embedding tables side by side in one weight a width, and what is read of them."""

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from infnet_keras.devices.row_sharding import padded_rows
from infnet_keras.devices.whole_batch import whole_batch
from infnet_keras.errors import ModelError
from infnet_keras.layers.embeddings.lookup import Lookup, gather
from infnet_keras.layers.split_sizes import split_sizes

UNKNOWN_ID = 1


@keras.saving.register_keras_serializable(package="infnet_keras")
class EmbeddingTables(keras.layers.Layer):
    """Embeds ids; tables of one width share one weight, and one gather serves all their lookups.

    Within a table, id 0 is padding and id 1 is a value that the table does not know. An id outside
    its table (negative, or not below the number of rows) is read as id 1: it can neither crash
    nor reach the rows of another table. Row 0 is a row like any other; callers mask padding.

    Args:
        rows: table -> number of rows, padding included.
        dim: width of the output. A table of another width gets it by a linear projection without
            bias, one per width.
        lookups: input name -> table that embeds it. Tables that no input reads take no memory.
        dims: table -> width of its rows; `dim` where a table is not named.
        project: whether rows of another width than `dim` are projected to it; else they come back
            as they are.
        first_value_ids: table -> id of its first value, for the tables that take part in id
            dropout; values of the others are never dropped.
        id_dropout: probability with which, in training, an id of a value becomes id 1, each
            occurrence by itself: so that the unknown row learns what an unseen value is worth.
        l2: in training, adds l2 * (mean over the batch of the sum of squares of the table rows that
            an example looks up, padding left out) to the model's losses.
        initializer: of the rows; a Keras initialiser or its name. None is a normal distribution of
            standard deviation 0.01: an id that was seen once then says little, which on real logs
            ranks better than Keras' 0.05.
        row_wise: the tables are no trainable variables: something else than the optimiser moves
            their rows.
        **kwargs: of `keras.layers.Layer`.

    Call:
        ids: dict input name -> integer tensor [batch, ...], any subset of the lookups, all of one
            batch size, other dimensions static.
        Returns dict input name -> float [batch, ..., dim].

    Raises:
        ModelError: a lookup names a table without rows, or ids come for an unknown input.

    Example:
        >>> tables = EmbeddingTables({"video": 100}, dim=8, lookups={"video_id": "video"})
        >>> tables({"video_id": np.array([2, 7])})["video_id"].shape
        (2, 8)
    """

    def __init__(
        self,
        rows: Mapping[str, int],
        dim: int,
        lookups: Mapping[str, str],
        dims: Mapping[str, int] | None = None,
        project: bool = True,
        first_value_ids: Mapping[str, int] | None = None,
        id_dropout: float = 0.0,
        l2: float = 0.0,
        initializer: Any = None,
        row_wise: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, table in lookups.items():
            if table not in rows:
                raise ModelError(
                    f"input {name!r} reads table {table!r}, which has no rows; "
                    f"tables with rows: {', '.join(rows) or 'none'}"
                )
        self.rows = dict(rows)
        self.dim = dim
        self.lookup_tables = dict(lookups)
        self.dims = {table: (dims or {}).get(table, dim) for table in rows}
        self.project = project
        self.first_value_ids = dict(first_value_ids or {})
        self.id_dropout = id_dropout
        self.l2 = l2
        self.row_wise = row_wise
        self.initializer = keras.initializers.get(
            keras.initializers.RandomNormal(stddev=0.01) if initializer is None else initializer
        )
        self.seed_generator = keras.random.SeedGenerator() if id_dropout > 0.0 else None
        # Offsets of the tables inside the fused weight of their width, in the order of `rows`.
        self.offsets: dict[str, int] = {}
        self.fused_rows: dict[int, int] = {}
        read = set(self.lookup_tables.values())
        for table in rows:
            if table in read:
                width = self.dims[table]
                self.offsets[table] = self.fused_rows.get(width, 0)
                self.fused_rows[width] = self.offsets[table] + self.rows[table]

    def build(self, ids_shape: Any = None) -> None:
        self.tables = {}
        self.projections = {}
        for width, count in self.fused_rows.items():
            # autocast would convert the whole table at every step; its gathered rows are few.
            self.tables[width] = self.add_weight(
                shape=(padded_rows(count), width),
                initializer=self.initializer,
                name=f"tables_{width}",
                trainable=not self.row_wise,
                autocast=False,
            )
            if self.project and width != self.dim:
                self.projections[width] = keras.layers.Dense(
                    self.dim, use_bias=False, dtype=self.dtype_policy, name=f"projection_{width}"
                )
                self.projections[width].build((None, width))

    def redraw(self) -> None:
        """Draw the rows of every table anew."""
        for width, table in self.tables.items():
            count = self.fused_rows[width]
            initializer = self.initializer.clone()  # an initialiser gives equal numbers each time
            rows = initializer((count, width), table.dtype)
            padding = table.shape[0] - count
            table.assign(ops.pad(rows, ((0, padding), (0, 0))) if padding else rows)

    def rows_of_tables(
        self, weights: Mapping[int, Any] | None = None
    ) -> dict[str, npt.NDArray[Any]]:
        """The rows of every table that some input reads: table -> [rows, width].

        Args:
            weights: what stands beside the tables row by row, width of the tables -> weight
                [rows, numbers]; None takes the tables themselves.
        """
        found = {w: ops.convert_to_numpy(weight) for w, weight in (weights or self.tables).items()}
        return {
            table: found[self.dims[table]][first : first + self.rows[table]]
            for table, first in self.offsets.items()
        }

    def assign_rows(
        self, rows: Mapping[str, npt.NDArray[Any]], weights: Mapping[int, Any] | None = None
    ) -> None:
        """Replace the rows of some tables; the others stay.

        Args:
            rows: table -> [rows, width], all its rows.
            weights: as `rows_of_tables` takes them.
        """
        for width, weight in (weights or self.tables).items():
            given = {table: values for table, values in rows.items() if self.dims[table] == width}
            if given:
                whole = np.array(ops.convert_to_numpy(weight))
                for table, values in given.items():
                    whole[self.offsets[table] : self.offsets[table] + self.rows[table]] = values
                weight.assign(whole)

    def call(self, ids: Mapping[str, Any], training: bool | None = None) -> dict[str, Any]:
        rows = gather(self.lookups(ids, bool(training)))
        return self.spread(rows, ids, bool(training))

    def widths(self, ids: Mapping[str, Any]) -> dict[str, list[str]]:
        """The inputs whose tables have rows of each width; a width is named as text."""
        unknown = [name for name in ids if name not in self.lookup_tables]
        if unknown:
            raise ModelError(
                f"no table embeds {', '.join(unknown)}; inputs: {', '.join(self.lookup_tables)}"
            )
        found = {
            str(width): [name for name in ids if self.dims[self.lookup_tables[name]] == width]
            for width in self.fused_rows
        }
        return {width: names for width, names in found.items() if names}

    def lookups(self, ids: Mapping[str, Any], training: bool = False) -> dict[str, Lookup]:
        """One lookup for all inputs whose tables have rows of one width, under the width.

        In training, ids are dropped here: what is listed is what is read.
        """
        found = {}
        for width, names in self.widths(ids).items():
            flat = self._known({name: ids[name] for name in names})
            if training and self.seed_generator is not None:
                first = self._per_position(
                    names, ids, self.first_value_ids, default=np.iinfo("int32").max
                )
                drawn = ops.less(
                    keras.random.uniform(ops.shape(flat), seed=self.seed_generator),
                    self.id_dropout,
                )
                drawn = ops.logical_and(drawn, ops.greater_equal(flat, first))
                flat = ops.where(drawn, UNKNOWN_ID, flat)
            fused = ops.add(flat, self._per_position(names, ids, self.offsets))
            found[width] = Lookup(self.tables[int(width)], fused)
        return found

    def spread(
        self,
        rows: Mapping[str, Any],
        ids: Mapping[str, Any],
        training: bool = False,
        batch: Any = None,
    ) -> dict[str, Any]:
        """The embedding of every input, from the rows of `lookups`.

        Args:
            rows: width, as text -> float [batch, positions, width].
            ids: what `lookups` was given.
            training: whether the rows are penalised by `l2`.
            batch: rows of the batch that these are a part of; None: they are all of it.
        """
        embedded: dict[str, Any] = {}
        for width, names in self.widths(ids).items():
            values = rows[width]
            if training and self.l2 > 0.0:
                valid = ops.not_equal(self._flat({name: ids[name] for name in names}), 0)
                squares = ops.sum(ops.square(values), axis=-1) * ops.cast(valid, values.dtype)
                squares = ops.sum(squares, axis=-1)
                count = ops.cast(ops.shape(values)[0] if batch is None else batch, values.dtype)
                shared = (
                    ops.mean(whole_batch(squares)) if batch is None else ops.sum(squares) / count
                )
                self.add_loss(self.l2 * shared)
            values = ops.cast(values, self.compute_dtype)
            if int(width) in self.projections:
                values = self.projections[int(width)](values)
            sizes = [_size(ids[name]) for name in names]
            for name, part in zip(names, split_sizes(values, sizes), strict=True):
                shape = (-1, *ids[name].shape[1:], values.shape[-1])
                embedded[name] = ops.reshape(part, shape)
        return {name: embedded[name] for name in ids}

    def _flat(self, ids: Mapping[str, Any]) -> Any:
        """int32 [batch, positions], all ids side by side."""
        return ops.concatenate(
            [
                ops.cast(ops.reshape(values, (-1, _size(values))), "int32")
                for values in ids.values()
            ],
            axis=1,
        )

    def _known(self, ids: Mapping[str, Any]) -> Any:
        """All ids side by side, those outside their tables as unknown ones."""
        flat = self._flat(ids)
        rows = self._per_position(list(ids), ids, self.rows)
        known = ops.logical_and(ops.greater_equal(flat, 0), ops.less(flat, rows))
        return ops.where(known, flat, UNKNOWN_ID)

    def _per_position(
        self,
        names: list[str],
        ids: Mapping[str, Any],
        values: Mapping[str, int],
        default: int = 0,
    ) -> Any:
        """A number of each table, at every position of the ids that read it: int32 [1, all]."""
        numbers = [values.get(self.lookup_tables[name], default) for name in names]
        sizes = [_size(ids[name]) for name in names]
        return np.repeat(np.asarray(numbers, "int32"), sizes)[None]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rows": self.rows,
            "dim": self.dim,
            "lookups": self.lookup_tables,
            "dims": self.dims,
            "project": self.project,
            "first_value_ids": self.first_value_ids,
            "id_dropout": self.id_dropout,
            "l2": self.l2,
            "initializer": keras.initializers.serialize(self.initializer),
            "row_wise": self.row_wise,
        }


def _size(ids: Any) -> int:
    """Ids that one example has."""
    return math.prod(ids.shape[1:])
