"""Examples as the main job would read them."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from infnet_keras.data import ImpressionReader, PreparedData
from infnet_keras.data.examples.columns import input_columns, label_name, weight_name
from infnet_keras.data.examples.manifest import ExamplesManifest
from infnet_keras.data.examples.raw_examples import MISSING
from infnet_keras.features.numpy.row_transform import RowTransform
from infnet_keras.input_names import KEPT, loss_weight_input
from infnet_keras.spec import FeatureSpec


def read_examples(directory: Path, split: str) -> pa.Table:
    """All examples of a split, in Parquet, in the order of its files."""
    return pa.concat_tables(
        pq.read_table(file) for file in sorted((directory / f"Split-{split}").glob("*.parquet"))
    )


def as_request(spec: FeatureSpec, types: dict[str, Any], examples: pa.Table) -> dict[str, Any]:
    """Examples as a raw `predict` batch, padded."""
    request: dict[str, Any] = {}
    for column in input_columns(spec, types):
        values = examples[column.name].combine_chunks()
        if column.sequence is None:
            request[column.own] = _array(values, column.dtype)
            continue
        length = spec.sequences[column.sequence].length
        counts = pc.list_value_length(values).to_numpy()
        inside = _array(values.flatten(), column.dtype)
        padded = np.full((len(counts), length), MISSING[column.dtype], inside.dtype)
        padded[np.arange(length) < counts[:, None]] = inside
        request[f"{column.sequence}__length"] = counts.astype(np.int64)
        request[column.own] = padded
    return request


def _array(values: pa.Array, dtype: str) -> npt.NDArray[Any]:
    filled = values.fill_null(MISSING[dtype]).to_numpy(zero_copy_only=False)
    return filled.astype(object) if dtype == "string" else filled


def example_rows(data: PreparedData, directory: Path, split: str) -> npt.NDArray[np.int32]:
    """Ids, labels and loss weights of the examples to train on, a row each, sorted."""
    types = ExamplesManifest.load(directory).column_types
    examples = read_examples(directory, split)
    inputs = RowTransform(data.spec, data.assets)(as_request(data.spec, types, examples))
    labels = {
        task: np.where(
            examples[weight_name(data.spec, task)].to_numpy() == 1,
            examples[label_name(data.spec, task)].to_numpy().astype(np.float32),
            np.float32(np.nan),
        )
        for task in data.spec.tasks
    }
    weights = {task: weight.to_numpy() for task, weight in _loss_weights(data.spec, examples)}
    if data.spec.sample is not None:
        kept = examples[data.spec.served_names[KEPT]].to_numpy() == 1
        inputs, labels, weights = (
            {name: values[kept] for name, values in part.items()}
            for part in (inputs, labels, weights)
        )
    return _sorted_rows(data.spec, inputs, labels, weights)


def _loss_weights(spec: FeatureSpec, examples: pa.Table) -> list[tuple[str, Any]]:
    tasks = spec.tasks if spec.weighs else ()
    return [(task, examples[spec.served_names[loss_weight_input(task)]]) for task in tasks]


def prepared_rows(data: PreparedData, split: str) -> npt.NDArray[np.int32]:
    """The same of what `prepare` wrote."""
    batch = next(ImpressionReader(data, split, 10_000_000).batches())  # type: ignore[arg-type]
    return _sorted_rows(data.spec, batch.inputs, batch.labels, batch.weights)


def _sorted_rows(
    spec: FeatureSpec, inputs: dict[str, Any], labels: dict[str, Any], weights: dict[str, Any]
) -> npt.NDArray[np.int32]:
    names = [*spec.fields, *(feature.name for feature in spec.sequence_features)]
    inputs = {name: np.asarray(values) for name, values in inputs.items()}
    for name in spec.numbers:  # to millionths; a missing one is further than any is cut
        inputs[name] = np.round(np.nan_to_num(inputs[name].astype(np.float64), nan=-99.0) * 1e6)
    columns = [inputs[name].reshape(len(inputs[name]), -1) for name in names]
    columns += [np.nan_to_num(labels[task], nan=-1.0)[:, None] for task in spec.tasks]
    columns += [np.round(values * 1000)[:, None] for values in weights.values()]
    rows = np.concatenate(columns, axis=1).astype(np.int32)
    # By a hash of each row, many times faster than column by column.
    factors = np.random.default_rng(0).integers(1, 1 << 62, rows.shape[1])
    hashes = np.zeros(len(rows), np.int64)
    for column, factor in zip(rows.T, factors, strict=True):
        hashes += column * factor
    return rows[np.argsort(hashes)]
