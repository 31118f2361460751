"""Examples in Parquet as serialised tf.Examples."""

from collections.abc import Iterator

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq

from infnet_keras.errors import DataError
from tfx_pipeline.beam.encode import ExampleEncoder
from tfx_pipeline.beam.storage import storage_of

_BATCH_ROWS = 4096


def read_parquet_examples(
    pipeline: beam.Pipeline, directory: str, pattern: str = "*.parquet"
) -> beam.PCollection:
    """Read Parquet files of examples.

    Zeros and empty strings stay values, which TFX's own Parquet reader takes for missing ones; a
    null is a feature without a value, an empty list one too.

    Args:
        pipeline: of any runner.
        directory: of the files, such as an examples directory's `Split-train`, on any file system
            that Beam knows.
        pattern: of their names.

    Returns:
        A collection of bytes, a serialised tf.Example each.

    Raises:
        DataError: no file matches.

    Example:
        >>> with beam.Pipeline() as pipeline:
        ...     read_parquet_examples(pipeline, "examples/Split-train") | beam.Map(print)
    """
    files = storage_of(directory).match(directory, pattern)
    if not files:
        raise DataError(f"no file matches {pattern!r} in {directory}; correct the directory")
    label = f"{directory}/{pattern}"
    return (
        pipeline
        | f"Files {label}" >> beam.Create(files)
        | f"Spread {label}" >> beam.Reshuffle()
        | f"Read {label}" >> beam.ParDo(_ReadExamples())
    )


class _ReadExamples(beam.DoFn):
    def setup(self) -> None:
        self._encoder = ExampleEncoder()

    def process(self, path: str) -> Iterator[bytes]:
        with storage_of(path).open(path) as stream, pq.ParquetFile(stream) as parquet:
            for batch in parquet.iter_batches(_BATCH_ROWS):
                yield from self._encoder.encode(pa.Table.from_batches([batch]))
