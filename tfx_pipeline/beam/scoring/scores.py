"""A table of raw rows to a directory of scores: the scoring job's entry points."""

import json
from collections.abc import Sequence
from typing import Any

import apache_beam as beam

from infnet_keras.data.examples.manifest import FILE_NAME
from infnet_keras.errors import DataError
from infnet_keras.scoring.table_plan import TablePlan
from tfx_pipeline.beam.finish import FAILURE
from tfx_pipeline.beam.scoring.finish_scores import FinishScores
from tfx_pipeline.beam.scoring.score_shard import ScoreShard
from tfx_pipeline.beam.scoring.scoring_job import ScoringJob, loaded
from tfx_pipeline.beam.scoring.shard_outcome import MergeShards
from tfx_pipeline.beam.storage import storage_of


def write_scores(
    pipeline: beam.Pipeline,
    model: str,
    data: Sequence[str],
    output: str,
    *,
    keep: Sequence[str] = (),
    split: str | None = None,
    batch_size: int = 1024,
    refuse_unreadable: bool = False,
) -> beam.PCollection:
    """Add to a pipeline what scores a table of raw rows.

    The model is loaded and the headers of the files are read here, everything else when the
    pipeline runs. Rows, and what is kept of them, are those of `infnet predict --data`. Afterwards
    call `check_scores`: what is wrong with the values of the table is found out there.

    Args:
        pipeline: of any runner.
        model: an exported model, local or of any file system that Beam knows.
        data: files or directories of raw rows; all of one file system.
        output: the directory of the scores: absent, empty, or of an earlier attempt that did not
            end. A file of scores for each file of the table, in the order of its rows, and
            `manifest.json`, written last.
        keep: further columns to keep.
        split: of a directory of examples.
        batch_size: rows scored at a time.
        refuse_unreadable: whether a value that cannot be read ends the run.

    Returns:
        A collection of the manifest, empty if the table cannot be used.

    Raises:
        DataError: files or columns are missing, or `output` holds complete scores.
        ExportError: the model cannot be loaded.

    Example:
        >>> with beam.Pipeline() as pipeline:
        ...     write_scores(pipeline, "models/shop", ["rows"], "scores")
        >>> check_scores("scores")["rows"]
        {'scores-00000-of-00001.parquet': 1000000}
    """
    if storage_of(output).match(output, FILE_NAME):
        raise DataError(f"{output} holds complete scores already; choose another directory")
    scorer = loaded(model)
    storage = storage_of(data[0])
    job = ScoringJob(
        model=model,
        plan=TablePlan.of(scorer, data, keep=keep, split=split, storage=storage),
        tasks=scorer.tasks,
        output=output,
        batch_size=batch_size,
        refuse_unreadable=refuse_unreadable,
    )
    return (
        pipeline
        | "Files" >> beam.Create(job.shards)
        | "Spread" >> beam.Reshuffle()
        | "ScoreShard" >> beam.ParDo(ScoreShard(job))
        | "Outcome" >> beam.CombinePerKey(MergeShards())
        | "Finish" >> beam.ParDo(FinishScores(job))
    )


def check_scores(output: str) -> dict[str, Any]:
    """The manifest of a directory that `write_scores` wrote.

    Raises:
        DataError: the table could not be used, or the run did not end.
    """
    storage = storage_of(output)
    for path in storage.match(output, FAILURE):
        with storage.open(path) as stream:
            raise DataError(json.loads(stream.read())["error"])
    for path in storage.match(output, FILE_NAME):
        with storage.open(path) as stream:
            manifest: dict[str, Any] = json.loads(stream.read())
            return manifest
    raise DataError(f"{output} holds no complete scores: the run did not end")
