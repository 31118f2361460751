"""An examples directory that was written beforehand, taken over into a TFX artifact."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import tensorflow as tf
from apache_beam.io.filesystems import FileSystems

from infnet_keras.data.examples.manifest import (
    FILE_NAME,
    LEFT_OUT,
    ExamplesManifest,
    FileFormat,
)
from infnet_keras.data.history.splits import SPLITS, start_number
from infnet_keras.errors import DataError
from infnet_keras.features.assets import definition_of
from infnet_keras.features.raw_examples_file import RAW_EXAMPLES
from infnet_keras.spec import FeatureSpec, parse_spec
from tfx_pipeline.beam.encode import ExampleEncoder
from tfx_pipeline.beam.example_file import SUFFIXES, replaced_file, write_example_file
from tfx_pipeline.beam.finish import SPEC
from tfx_pipeline.beam.storage import storage_of
from tfx_pipeline.beam.write_partition import CHUNK_ROWS

_COUNTS = "rows.txt"


def check_asked(
    spec: FeatureSpec,
    manifest: ExamplesManifest,
    directory: str,
    history: str,
    valid_from: str,
    test_from: str,
) -> None:
    """Raise DataError if a run asks for what the examples, already written, are not.

    They may be of another spec, or have other splits.

    Args:
        spec: of this run.
        manifest: of the examples directory.
        directory: the examples directory.
        history: file of earlier events that the run names; empty: none.
        valid_from: first day (or fraction) of validation that the run asks for; empty: any.
        test_from: the same for the test.
    """
    _check_spec(spec, directory)
    if history:
        raise DataError(
            f"the history {history} cannot be added to the examples in {directory}, which hold "
            "their histories: leave it out, or write the examples again with it"
        )
    starts = (
        ("valid_from", valid_from, manifest.valid_from),
        ("test_from", test_from, manifest.test_from),
    )
    for name, asked, written in starts:
        if asked and start_number(spec.time, asked) != start_number(spec.time, written):
            raise DataError(
                f"the examples in {directory} were written with {name} {written}, this run asks "
                f"for {asked}: give theirs, or write the examples again"
            )


def take_over(
    pipeline: beam.Pipeline,
    manifest: ExamplesManifest,
    directory: str,
    output: str,
) -> Callable[[], ExamplesManifest]:
    """Add to a pipeline what copies examples, encoding those that are Parquet.

    Args:
        pipeline: of any runner.
        manifest: of the examples directory.
        directory: the examples directory.
        output: the artifact's directory.

    Returns:
        A function that, after the run, checks that every row came over, writes the manifest and
        returns it.

    Raises:
        DataError: from the function: rows lack.
    """
    suffix = SUFFIXES[manifest.file_format]
    files = [
        (split, path)
        for split in SPLITS
        for path in storage_of(directory).match(
            os.path.join(directory, f"Split-{split}"), f"*{suffix}"
        )
    ]
    counts = os.path.join(output, _COUNTS)
    _ = (
        pipeline
        | "Files" >> beam.Create(files)
        | "Spread" >> beam.Reshuffle()
        | "Copy" >> beam.ParDo(_CopyFile(manifest.file_format, output))
        | "Rows" >> beam.CombinePerKey(sum)
        | "Print" >> beam.MapTuple(lambda split, rows: f"{split} {rows}")
        | "Write" >> beam.io.WriteToText(counts, shard_name_template="")
    )
    return lambda: _finish(manifest, directory, output)


def _finish(manifest: ExamplesManifest, directory: str, output: str) -> ExamplesManifest:
    counts = os.path.join(output, _COUNTS)
    with storage_of(counts).open(counts) as stream:
        rows = dict(line.split() for line in stream.read().decode().splitlines())
    FileSystems.delete([counts])
    for split, impressions in manifest.impressions.items():
        left_out = manifest.counters.get(LEFT_OUT, 0) if split == "train" else 0
        expected = impressions + left_out
        if int(rows.get(split, 0)) != expected:
            raise DataError(
                f"{directory}/Split-{split} holds {rows.get(split, 0)} examples, its manifest says "
                f"{expected}: a file is missing or was added, write the examples again"
            )
    taken_over = replace(manifest, file_format="tfrecord")
    for name in (RAW_EXAMPLES, SPEC):
        with (
            storage_of(directory).open(os.path.join(directory, name)) as source,
            replaced_file(output, name) as target,
        ):
            shutil.copyfileobj(source, target)
    with replaced_file(output, FILE_NAME) as target:
        target.write(taken_over.to_json().encode())
    return taken_over


class _CopyFile(beam.DoFn):
    def __init__(self, file_format: FileFormat, output: str):
        self._format, self._output = file_format, output

    def process(self, element: tuple[str, str]) -> list[tuple[str, int]]:
        """Copy one file and count its rows."""
        split, path = element
        stem = os.path.basename(path).removesuffix(SUFFIXES[self._format])
        name = f"Split-{split}/{stem}{SUFFIXES['tfrecord']}"
        if self._format == "tfrecord":
            with storage_of(path).open(path) as source, replaced_file(self._output, name) as target:
                shutil.copyfileobj(source, target)
            copied = os.path.join(self._output, name)
            records = tf.data.TFRecordDataset(copied, compression_type="GZIP")
            return [(split, sum(1 for _ in records))]
        with storage_of(path).open(path) as source, pq.ParquetFile(source) as parquet:
            # As the file has it: whether that is what the spec expects, ExampleValidator says.
            tables = (pa.Table.from_batches([batch]) for batch in parquet.iter_batches(CHUNK_ROWS))
            write_example_file(
                self._output, name, "tfrecord", parquet.schema_arrow, tables, ExampleEncoder()
            )
            return [(split, parquet.metadata.num_rows)]


def _check_spec(spec: FeatureSpec, directory: str) -> None:
    """What the examples hold must be what this spec asks for; model and training may differ."""
    path = os.path.join(directory, SPEC)
    with storage_of(path).open(path) as stream:
        written = parse_spec(stream.read().decode())
    compared: dict[str, Callable[[FeatureSpec], object]] = {
        "tables, fields, sequences, types or time": definition_of,
        "keys": lambda s: s.keys,
        "outcomes": lambda s: s.outcomes,
        "tasks": lambda s: {n: (t.label, t.missing, t.mask) for n, t in s.tasks.items()},
        "weights": lambda s: s.weight_columns,
        "sample": lambda s: s.sample,
    }
    differing = [name for name, part in compared.items() if part(spec) != part(written)]
    if differing:
        raise DataError(
            f"the examples in {directory} were written for another spec, with other "
            f"{', '.join(differing)}: write them again with this one"
        )
