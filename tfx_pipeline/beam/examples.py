"""Raw logs to an examples directory: the Beam job's entry points."""

import json
from collections.abc import Callable

import apache_beam as beam

from infnet_keras.data.examples.columns import example_columns
from infnet_keras.data.examples.manifest import FILE_NAME, ExamplesManifest, FileFormat
from infnet_keras.data.history.group_histories import GroupHistories
from infnet_keras.data.history.splits import SplitRule, split_starts
from infnet_keras.data.preparation.earlier_pass import (
    earlier_columns,
    earlier_files,
    history_files,
)
from infnet_keras.data.preparation.prepare import partitions_of
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.misread_histories import misread_histories
from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.beam.finish import FAILURE, FinishExamples
from tfx_pipeline.beam.job import Job
from tfx_pipeline.beam.outcome import MergeOutcomes
from tfx_pipeline.beam.read_rows import ReadRows
from tfx_pipeline.beam.split_instants import (
    MergeInstants,
    ShareSplit,
    counted_instants,
    is_to_partition,
)
from tfx_pipeline.beam.storage import storage_of
from tfx_pipeline.beam.survey import MergeCounted, ShareSurvey, SurveyPartition
from tfx_pipeline.beam.write_partition import WritePartition

MOST_PARTITIONS = 100_000  # 25 billion rows; each is told of every file


def write_examples(
    pipeline: beam.Pipeline,
    spec: FeatureSpec,
    input: str,
    output: str,
    *,
    history: str | None = None,
    valid_from: str | float | None = None,
    test_from: str | float | None = None,
    file_format: FileFormat = "tfrecord",
    partitions: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> beam.PCollection:
    """Add to a pipeline what turns raw logs into an examples directory.

    Rows and histories are those of `infnet data prepare`. Headers of the raw files are read here,
    everything else when the pipeline runs. Afterwards call `check_examples`: what is wrong with the
    values of the input is found out there, not raised by the run. Files are replaced when work is
    done again; `manifest.json` is written last.

    Args:
        pipeline: of any runner.
        spec: what the columns mean.
        input: directory of the raw files, local or of any file system that Beam knows.
        output: the examples directory: absent, empty, or of an earlier attempt that did not end.
            Every worker must be able to write there.
        history: a file of events from before the log; see `infnet_keras.data.preparation.prepare`.
        valid_from: first local day of validation, or the fraction of rows before it; None for the
            spec's `splits`.
        test_from: the same for the test.
        file_format: what to write, "tfrecord" (GZIP) or "parquet".
        partitions: of users; each is ordered in the memory of one worker. None for one per 250,000
            rows, at most 100,000: every partition is told of every file, and has a file a split.
        progress: called with warnings about the input.

    Returns:
        A collection of the `ExamplesManifest`, empty if the input cannot be used. It depends on
        all work: the Dask runner computes nothing else.

    Raises:
        DataError: files or columns are missing, the splits are no days or fractions, or `output`
            holds complete examples.

    Example:
        >>> with beam.Pipeline() as pipeline:
        ...     write_examples(pipeline, spec, "raw", "examples", valid_from="2022-05-04",
        ...                    test_from="2022-05-05")
        >>> check_examples("examples").impressions
        {'train': 900, 'valid': 50, 'test': 50}
    """
    if storage_of(output).match(output, FILE_NAME):
        raise DataError(f"{output} holds complete examples already; choose another directory")
    valid_from, test_from = split_starts(spec, valid_from, test_from)
    SplitRule(spec.time, valid_from, test_from)
    plan = ColumnPlan.of(spec, input, storage_of(input))
    columns = example_columns(spec, plan.types)
    for name in (spec.log_source, *plan.joins):
        if (reason := spec.sources[name].leaks) is not None and progress is not None:
            progress(f"warning: source {name!r} must not be trusted offline: {reason}")
    if progress is not None:
        for warning in misread_histories(spec, plan):
            progress(f"warning: {warning}")
    past = None if history is None else history_files(history, storage_of(history))
    earlier = earlier_files(spec, plan, past)
    if partitions is not None and partitions < 1:
        raise DataError(f"{partitions} partitions of users: give at least one")
    job = Job(
        spec=spec,
        plan=plan,
        earlier=earlier,
        earlier_columns={
            source: earlier_columns(spec, plan, source, files) for source, files in earlier.items()
        },
        columns=columns,
        valid_from=valid_from,
        test_from=test_from,
        partitions=partitions or partitions_of(spec, plan, past, MOST_PARTITIONS),
        output=output,
        file_format=file_format,
    )
    pieces = (
        pipeline
        | "Files" >> beam.Create(job.files)
        | "Spread" >> beam.Reshuffle()
        | "ReadRows" >> beam.ParDo(ReadRows(job))
    )
    # Whatever all partitions must know goes through the shuffle to each of them: the Dask runner
    # knows neither tagged outputs nor side inputs that are not computed yet.
    told = []
    if job.split_rule.asks_instants:
        told.append(
            pieces
            | "Counted" >> beam.FlatMap(counted_instants)
            | "AddInstants" >> beam.CombinePerKey(MergeInstants())
            | "ShareSplit" >> beam.ParDo(ShareSplit(job))
        )
        pieces = pieces | "ToPartitions" >> beam.Filter(is_to_partition)
    if GroupHistories(spec).needed:
        told.append(
            pieces
            | "ToSurvey" >> beam.GroupByKey()
            | "SurveyPartition" >> beam.ParDo(SurveyPartition(job))
            | "AddUp" >> beam.CombinePerKey(MergeCounted(spec))
            | "ShareSurvey" >> beam.ParDo(ShareSurvey(job))
        )
    if told:
        pieces = (pieces, *told) | "WithWhatIsTold" >> beam.Flatten()
    return (
        pieces
        | "ByPartition" >> beam.GroupByKey()
        | "WritePartition" >> beam.ParDo(WritePartition(job))
        | "Outcome" >> beam.CombinePerKey(MergeOutcomes())
        | "Finish" >> beam.ParDo(FinishExamples(job))
    )


def check_examples(output: str) -> ExamplesManifest:
    """The manifest of an examples directory that `write_examples` wrote.

    Raises:
        DataError: the input could not be used (as `prepare` would say it), or the run did not end.
    """
    storage = storage_of(output)
    for path in storage.match(output, FAILURE):
        with storage.open(path) as stream:
            raise DataError(json.loads(stream.read())["error"])
    return ExamplesManifest.load(output, storage)
