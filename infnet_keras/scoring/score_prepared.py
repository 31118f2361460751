"""The probabilities of a split of prepared data."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.errors import DataError
from infnet_keras.files.whole_file import write_whole
from infnet_keras.progress import Phase
from infnet_keras.scoring.kept_columns import ROW
from infnet_keras.scoring.run_scorer import RunScorer
from infnet_keras.scoring.score_table import score_schema, with_scores
from infnet_keras.scoring.score_writer import ScoreWriter


def score_prepared(
    scorer: RunScorer,
    prepared: PreparedData,
    split: Split,
    out: Path,
    *,
    batch_size: int,
    phase: Phase | None = None,
) -> int:
    """Score every impression of a split, by user and time; the file appears whole or not at all.

    Args:
        scorer: the run's model.
        prepared: its data, or others of the same vocabularies.
        split: "train", "valid" or "test".
        out: a .parquet or .csv file: `row`, the impression's place in the split, from 0, then a
            float32 column a task. Prepared data hold no keys.
        batch_size: impressions at a time.
        phase: told of every batch.

    Returns:
        How many impressions there were.

    Raises:
        DataError: the split has no impression, or the ids of the data are not the model's.
        OSError: the file cannot be written.
    """
    if prepared.assets.digest != scorer.assets.digest or (
        prepared.assets.vocabularies != scorer.assets.vocabularies
        or prepared.assets.boundaries != scorer.assets.boundaries
        or prepared.assets.numbers != scorer.assets.numbers
    ):
        raise DataError(
            f"{prepared.directory} was prepared with other vocabularies than the run was trained "
            "on: its ids mean other values; score the data of the run, or raw rows"
        )
    reader = prepared.reader(split, batch_size)
    kept = pa.schema([(ROW, pa.int64())])
    rows = 0

    def write(partial: Path) -> None:
        nonlocal rows
        with ScoreWriter(out, score_schema(kept, scorer.tasks), str(partial)) as writer:
            for batch in reader.batches():
                count = len(batch.users)
                numbers = pa.array(np.arange(rows, rows + count))
                table = pa.Table.from_arrays([numbers], schema=kept)
                writer.write(with_scores(table, scorer.score_ids(batch.inputs), scorer.tasks))
                rows += count
                if phase is not None:
                    phase.advance(phase.done + count)

    write_whole(out, write)
    return rows
