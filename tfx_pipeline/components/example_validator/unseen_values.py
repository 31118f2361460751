"""How much of the test part the training part's vocabularies do not hold."""

import json
import os
from collections.abc import Callable, Iterable, Iterator

import apache_beam as beam
import tensorflow as tf

from infnet_keras.spec import FeatureSpec
from tfx_pipeline.beam.storage import storage_of

Value = int | float | bytes
Counts = tuple[int, int]  # in the training part, in the test part


def unseen_shares(
    pipeline: beam.Pipeline, spec: FeatureSpec, examples: str, directory: str
) -> Callable[[], dict[str, float]]:
    """Count, for each column of `validation.unseen`, the values that training saw too rarely.

    Args:
        pipeline: in which it is counted.
        spec: a value counts as seen if the training part holds it as often as the `min_count` of
            the column's vocabulary asks, or once where it has none.
        examples: directory of raw examples.
        directory: where `unseen_values.json` is written; workers on other machines must reach it.

    Returns:
        A function that, after the run, gives for each column the share of unseen values among
        those of the test part; a column without any has 0.
    """
    columns = list(spec.validation.unseen)
    separators = {column: _separator(spec, column) for column in columns}
    least = {column: _min_count(spec, column) for column in columns}
    counted = [
        pipeline
        | f"Files of {split}" >> beam.Create(_files(examples, split))
        | f"Spread {split}" >> beam.Reshuffle()
        | f"Values of {split}" >> beam.FlatMap(_values, separators, position)
        for position, split in enumerate(("train", "test"))
    ]
    path = os.path.join(directory, "unseen_values.json")
    _ = (
        counted
        | beam.Flatten()
        | "Count" >> beam.CombinePerKey(_add)
        | "Judge" >> beam.MapTuple(lambda key, counts: _judge(key, counts, least))
        | "Sum" >> beam.CombinePerKey(_add)
        | "Print" >> beam.MapTuple(lambda column, counts: json.dumps([column, *counts]))
        | "Write" >> beam.io.WriteToText(path, shard_name_template="")
    )

    def shares() -> dict[str, float]:
        with storage_of(path).open(path) as stream:
            lines = [json.loads(line) for line in stream.read().splitlines()]
        return {column: unseen / max(total, 1) for column, unseen, total in lines}

    return shares


def _files(examples: str, split: str) -> list[str]:
    return storage_of(examples).match(os.path.join(examples, f"Split-{split}"), "*.gz")


def _values(
    file: str, separators: dict[str, str | None], position: int
) -> Iterator[tuple[tuple[str, Value], Counts]]:
    """The file's values, counted: a combiner gets one number for each, not one a row."""
    found: dict[tuple[str, Value], int] = {}
    for record in tf.data.TFRecordDataset(file, compression_type="GZIP").as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        for column, separator in separators.items():
            feature = features[column]
            kind = feature.WhichOneof("kind")
            values = list(getattr(feature, kind).value) if kind else []
            if separator is not None and kind == "bytes_list":
                values = [part for text in values for part in text.split(separator.encode())]
            for value in values:
                found[column, value] = found.get((column, value), 0) + 1
    for key, number in found.items():
        yield key, (number, 0) if position == 0 else (0, number)


def _add(counts: Iterable[Counts]) -> Counts:
    first = second = 0
    for a, b in counts:
        first, second = first + a, second + b
    return first, second


def _judge(key: tuple[str, Value], counts: Counts, least: dict[str, int]) -> tuple[str, Counts]:
    column, (training, test) = key[0], counts
    return column, (test if training < least[column] else 0, test)


def _separator(spec: FeatureSpec, column: str) -> str | None:
    separators = [columns[column] for columns in spec.table_columns.values() if column in columns]
    return next((separator for separator in separators if separator is not None), None)


def _min_count(spec: FeatureSpec, column: str) -> int:
    tables = [name for name, columns in spec.table_columns.items() if column in columns]
    vocabularies = [v for name in tables if (v := spec.all_tables[name].vocabulary) is not None]
    return max((vocabulary.min_count for vocabulary in vocabularies), default=1)
