"""From a model's inputs to embeddings: what is read, and what the rows that were read mean."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers.embeddings.buckets import parts_of
from infnet_keras.layers.embeddings.embedded import Embedded
from infnet_keras.layers.embeddings.embedding_tables import EmbeddingTables
from infnet_keras.layers.embeddings.input_feature import InputFeature
from infnet_keras.layers.embeddings.lookup import Lookup, gather
from infnet_keras.layers.embeddings.number_embedding import NumberEmbedding
from infnet_keras.layers.embeddings.table_vectors import TableVectors
from infnet_keras.layers.embeddings.value_pooling import ValuePooling
from infnet_keras.layers.embeddings.vector_embedding import VectorEmbedding
from infnet_keras.layers.split_sizes import split_sizes
from infnet_keras.served_names import served_names
from infnet_keras.spec.lookup_group import LookupGroup


@keras.saving.register_keras_serializable(package="infnet_keras")
class EmbeddedInputs(keras.layers.Layer):
    """Owns every embedding table of a model, and is the one place where tables are read.

    Its call has two halves, with a gather between them that may be done elsewhere: `lookups`
    lists what a step reads, `spread` says what the rows mean. Inputs that a model makes itself,
    such as sampled negatives, are declared and given like any other.

    Args:
        features: what the inputs are; `InputFeature`s, or their fields as dicts.
        rows: table -> number of rows, padding included.
        dim: width of the embeddings, which projected ones have.
        groups: the sets of tables; `LookupGroup`s, or their fields as dicts.
        dims: table -> width of its rows in groups without a width; `dim` where none is given.
        vectors: tables whose values have vectors; `TableVectors`, or their fields as dicts. They
            are zeros until `vector_embeddings[table].assign` gives them.
        first_value_ids, id_dropout, l2, initializer, row_wise: as `EmbeddingTables` takes them.
        **kwargs: of `keras.layers.Layer`.

    Call:
        inputs: dict of any subset of the features: ids int [batch], [batch, max_values],
            [batch, length] or [batch, length, max_values], 0 being padding and valid steps first;
            numbers float [batch] or [batch, width], NaN where missing. The features of sequences
            may be in buckets: tuples of ids [rows_k, length_k] or [rows_k, length_k, max_values],
            one for each bucket k, the rows of the batch being those of one bucket after those of
            another.
        rows: what `gather(lookups(inputs))` gives; None gathers here.
        Returns dict group name -> `Embedded`, in buckets as the inputs are.

    Raises:
        ModelError: a feature reads a table without rows, or an input is no feature.

    Example:
        >>> features = [InputFeature("item", "item"), InputFeature("views", "item", length=3)]
        >>> layer = EmbeddedInputs(features, {"item": 50}, dim=8)
        >>> embedded = layer({"item": np.array([7]), "views": np.array([[7, 9, 0]])})
        >>> embedded["embeddings"].sequences["views"].shape
        (1, 3, 8)
    """

    def __init__(
        self,
        features: Sequence[InputFeature | Mapping[str, Any]],
        rows: Mapping[str, int],
        dim: int,
        groups: Sequence[LookupGroup | Mapping[str, Any]] = (LookupGroup(),),
        dims: Mapping[str, int] | None = None,
        first_value_ids: Mapping[str, int] | None = None,
        id_dropout: float = 0.0,
        l2: float = 0.0,
        initializer: Any = None,
        row_wise: bool = False,
        vectors: Mapping[str, TableVectors | Mapping[str, Any]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.features = [f if isinstance(f, InputFeature) else InputFeature(**f) for f in features]
        self.groups = [g if isinstance(g, LookupGroup) else _group(g) for g in groups]
        self.rows = dict(rows)
        self.dim = dim
        self.dims = dict(dims or {})
        self.first_value_ids = dict(first_value_ids or {})
        self.id_dropout = id_dropout
        self.l2 = l2
        self.row_wise = row_wise
        self.vectors = {
            table: each if isinstance(each, TableVectors) else TableVectors(**each)
            for table, each in (vectors or {}).items()
        }
        self.initializer = keras.initializers.get(initializer)
        # Keras takes no slash in a layer's name, PyTorch no point.
        names = served_names(feature.name for feature in self.features)
        self._layer_names = names
        self._by_name = {feature.name: feature for feature in self.features}
        self.tables = {group.name: self._tables(group) for group in self.groups}
        self.poolings = {
            feature.name: ValuePooling(
                feature.pooling, dtype=self.dtype_policy, name=f"{names[feature.name]}_pooling"
            )
            for feature in self.features
            if feature.max_values is not None
        }

    def _tables(self, group: LookupGroup) -> EmbeddingTables:
        widths = self.dims if group.width is None else dict.fromkeys(self.rows, group.width)
        return EmbeddingTables(
            self.rows,
            self.dim,
            {f.name: str(f.table) for f in self.features_of(group) if self._reads_rows(f)},
            dims=widths,
            project=group.project,
            first_value_ids=self.first_value_ids,
            id_dropout=self.id_dropout,
            l2=self.l2,
            initializer=self.initializer,
            row_wise=self.row_wise,
            dtype=self.dtype_policy,
            name=group.name,
        )

    def _reads_rows(self, feature: InputFeature) -> bool:
        """Whether a row of a table is a part of its embedding, or all of it."""
        return feature.table is not None and not (
            feature.table in self.vectors and self.vectors[feature.table].only
        )

    def features_of(self, group: LookupGroup) -> list[InputFeature]:
        """The features that a group embeds."""
        return [f for f in self.features if group.inputs is None or f.name in group.inputs]

    def build(self, inputs_shape: Any = None) -> None:
        self.vector_embeddings = {}
        names = served_names(self.vectors)
        for table, each in self.vectors.items():
            dims = {
                group.name: self._width_of(group, table)
                for group in self.groups
                if any(f.table == table for f in self.features_of(group))
            }
            if dims:
                self.vector_embeddings[table] = VectorEmbedding(
                    self.rows[table],
                    each.width,
                    dims,
                    each.trained,
                    dtype=self.dtype_policy,
                    name=f"vectors_of_{names[table]}",
                )
                self.vector_embeddings[table].build()
        self.number_embeddings = {}
        for group in self.groups:
            self.tables[group.name].build()
            for feature in self.features_of(group):
                if feature.table is None:
                    key = f"{group.name}_{feature.name}"
                    layer = NumberEmbedding(
                        self._width_of(group),
                        feature.frequencies,
                        feature.frequency_scale,
                        initializer=self.initializer,
                        dtype=self.dtype_policy,
                        name=f"{group.name}_{self._layer_names[feature.name]}",
                    )
                    layer.build((None, feature.width))
                    self.number_embeddings[key] = layer

    @property
    def weights_read(self) -> dict[str, Any]:
        """The weight [rows, width] that each lookup reads, once built, under the lookup's name."""
        return {
            f"{name}/{width}": weight
            for name, tables in self.tables.items()
            for width, weight in tables.tables.items()
        }

    def redraw(self) -> None:
        """Draw every table anew, as it was drawn at first; projections stay.

        Reference:
            Fan et al., Multi-epoch learning with data augmentation for deep click-through rate
            prediction (MEDA), arXiv 2407.01607.
        """
        for tables in self.tables.values():
            tables.redraw()

    def lookups(self, inputs: Mapping[str, Any], training: bool = False) -> dict[str, Lookup]:
        """Every (table, ids) that a step over these inputs reads, under a name of its own.

        Where inputs are in buckets, the ids of all are [1, positions], as rows have different ones.
        """
        found = [self._lookups(part, training) for part in parts_of(inputs)]
        if len(found) == 1:
            return found[0]
        joined: dict[str, list[Lookup]] = {}
        for part in found:
            for name, lookup in part.items():
                joined.setdefault(name, []).append(lookup)
        return {
            name: Lookup(
                lookups[0].table,
                ops.concatenate([ops.reshape(each.ids, (1, -1)) for each in lookups], axis=1),
            )
            for name, lookups in joined.items()
        }

    def _lookups(self, inputs: Mapping[str, Any], training: bool) -> dict[str, Lookup]:
        ids = self._ids(inputs)
        return {
            f"{group.name}/{width}": lookup
            for group in self.groups
            for width, lookup in self.tables[group.name]
            .lookups(self._of_group(group, ids), training)
            .items()
        }

    def spread(
        self, rows: Mapping[str, Any], inputs: Mapping[str, Any], training: bool = False
    ) -> dict[str, Embedded]:
        """The embeddings that gathered rows are.

        Args:
            rows: float [batch, positions, width], under the names of `lookups`.
            inputs: what `lookups` was given.
            training: as there; in training the rows are penalised by `l2`.
        """
        parts = parts_of(inputs)
        if len(parts) == 1:
            return self._spread(rows, inputs, training)
        counts = [ops.shape(next(iter(part.values())))[0] if part else 0 for part in parts]
        split = self._split(rows, parts, counts)
        whole, *buckets = (
            self._spread(*each, training, batch=sum(counts[1:]))
            for each in zip(split, parts, strict=True)
        )
        return {
            name: Embedded.of_buckets(found.fields, [bucket[name] for bucket in buckets])
            for name, found in whole.items()
        }

    def _split(
        self, rows: Mapping[str, Any], parts: Sequence[Mapping[str, Any]], counts: Sequence[Any]
    ) -> list[dict[str, Any]]:
        """The gathered rows of each part [rows of the part, positions, width]."""
        positions = [
            {
                f"{group.name}/{width}": sum(math.prod(ids[name].shape[1:]) for name in names)
                for group in self.groups
                for width, names in self.tables[group.name]
                .widths(self._of_group(group, ids))
                .items()
            }
            for ids in map(self._ids, parts)
        ]
        found: list[dict[str, Any]] = [{} for _ in parts]
        for name, values in rows.items():
            reading = [number for number, sizes in enumerate(positions) if name in sizes]
            sizes = [counts[number] * positions[number][name] for number in reading]
            for number, flat in zip(reading, split_sizes(values, sizes), strict=True):
                shape = (-1, positions[number][name], values.shape[-1])
                found[number][name] = ops.reshape(flat, shape)
        return found

    def _spread(
        self,
        rows: Mapping[str, Any],
        inputs: Mapping[str, Any],
        training: bool,
        batch: Any = None,
    ) -> dict[str, Embedded]:
        """As `spread`, of a part of a batch of so many rows; by default it is all of it."""
        ids = self._ids(inputs)
        masks = {
            name: ops.not_equal(values if len(values.shape) == 2 else values[..., 0], 0)
            for name, values in ids.items()
            if self._by_name[name].length is not None
        }
        lengths = {name: ops.sum(ops.cast(m, "int32"), axis=1) for name, m in masks.items()}
        found = {}
        for group in self.groups:
            tables, of_group = self.tables[group.name], self._of_group(group, ids)
            widths = {width: rows[f"{group.name}/{width}"] for width in tables.widths(of_group)}
            values = tables.spread(widths, of_group, training, batch)
            self._add_vectors(group, ids, values)
            for name, pooling in self.poolings.items():
                if name in values:
                    values[name] = pooling(values[name], ops.not_equal(ids[name], 0))
            values |= self._numbers(group, inputs)
            # In the order of the inputs, whatever each is made of.
            values = {name: values[name] for name in inputs if name in values}
            found[group.name] = Embedded(
                {name: v for name, v in values.items() if self._by_name[name].length is None},
                {name: v for name, v in values.items() if name in masks},
                {name: mask for name, mask in masks.items() if name in values},
                {name: length for name, length in lengths.items() if name in values},
                {name: ids[name] for name in masks if name in values},
            )
        return found

    def call(
        self,
        inputs: Mapping[str, Any],
        rows: Mapping[str, Any] | None = None,
        training: bool | None = None,
    ) -> dict[str, Embedded]:
        if rows is None:
            rows = gather(self.lookups(inputs, bool(training)))
        return self.spread(rows, inputs, bool(training))

    def _ids(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        unknown = [name for name in inputs if name not in self._by_name]
        if unknown:
            raise ModelError(
                f"no table embeds {', '.join(unknown)}; inputs: {', '.join(self._by_name)}"
            )
        return {
            name: ops.cast(ops.convert_to_tensor(values), "int32")
            for name, values in inputs.items()
            if self._by_name[name].table is not None
        }

    def _width_of(self, group: LookupGroup, table: str | None = None) -> int:
        """The width of a group's embeddings: of a table's ids, or of numbers."""
        if group.project:
            return self.dim
        return group.width or (self.dim if table is None else self.dims.get(table, self.dim))

    def _of_group(self, group: LookupGroup, ids: Mapping[str, Any]) -> dict[str, Any]:
        """The ids whose rows a group reads."""
        reads = self.tables[group.name].lookup_tables
        return {name: values for name, values in ids.items() if name in reads}

    def _add_vectors(
        self, group: LookupGroup, ids: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        """The embeddings of what has vectors: added to those of the rows, or alone."""
        for feature in self.features_of(group):
            if feature.table in self.vector_embeddings and feature.name in ids:
                layer = self.vector_embeddings[feature.table]
                found = layer(ids[feature.name], name=group.name)
                before = values.get(feature.name)
                values[feature.name] = found if before is None else before + found

    def _numbers(self, group: LookupGroup, inputs: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for feature in self.features_of(group):
            if feature.table is None and feature.name in inputs:
                values = ops.convert_to_tensor(inputs[feature.name])
                if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(values.dtype)):
                    values = ops.cast(values, "float32")
                embedding = self.number_embeddings[f"{group.name}_{feature.name}"]
                found[feature.name] = embedding(ops.reshape(values, (-1, feature.width)))
        return found

    def get_config(self) -> dict[str, Any]:
        groups = [group._asdict() for group in self.groups]
        return {
            **super().get_config(),
            "features": [feature._asdict() for feature in self.features],
            "rows": self.rows,
            "dim": self.dim,
            "groups": [
                {**g, "inputs": None if g["inputs"] is None else list(g["inputs"])} for g in groups
            ],
            "dims": self.dims,
            "first_value_ids": self.first_value_ids,
            "id_dropout": self.id_dropout,
            "l2": self.l2,
            "initializer": keras.initializers.serialize(self.initializer),
            "row_wise": self.row_wise,
            "vectors": {table: each._asdict() for table, each in self.vectors.items()},
        }


def _group(fields: Mapping[str, Any]) -> LookupGroup:
    inputs = fields.get("inputs")
    return LookupGroup(**{**fields, "inputs": None if inputs is None else tuple(inputs)})
