"""The probabilities of a table of raw rows, written as they are computed."""

from pathlib import Path

import pyarrow as pa

from infnet_keras.files.whole_file import write_whole
from infnet_keras.progress import Phase
from infnet_keras.scoring.score_writer import ScoreWriter
from infnet_keras.scoring.scorer import RawArrays, Scorer
from infnet_keras.scoring.table_plan import RowBatch, TablePlan
from infnet_keras.scoring.unreadable_cells import UnreadableCells


def score_table(
    scorer: Scorer,
    plan: TablePlan,
    out: Path,
    *,
    batch_size: int,
    unreadable: UnreadableCells | None = None,
    phase: Phase | None = None,
) -> int:
    """Score every row, in order; the file appears whole or not at all.

    Args:
        scorer: the model.
        plan: the table, planned for this scorer.
        out: a .parquet or .csv file: the columns of `plan.schema`, then a float32 column a task.
        batch_size: rows at a time.
        unreadable: takes what cannot be read, and was scored as missing.
        phase: told of every batch.

    Returns:
        How many rows there were.

    Raises:
        DataError: the table cannot be read, or unreadable values are refused.
        OSError: the file cannot be written.

    Example:
        >>> scorer = SavedModelScorer("models/qb_video")
        >>> plan = TablePlan.of(scorer, ["rows.parquet"])
        >>> score_table(scorer, plan, Path("scores.parquet"), batch_size=1024)
        1000000
    """
    unreadable = UnreadableCells() if unreadable is None else unreadable
    schema = score_schema(plan.schema, scorer.tasks)
    rows = 0

    def write(partial: Path) -> None:
        nonlocal rows
        with ScoreWriter(out, schema, str(partial)) as writer:
            for file in plan.files:
                for batch in plan.batches(file, batch_size, unreadable):
                    writer.write(scored(scorer, batch))
                    rows += batch.kept.num_rows
                    if phase is not None:
                        phase.advance(phase.done + batch.kept.num_rows)

    write_whole(out, write)
    return rows


def score_schema(kept: pa.Schema, tasks: list[str]) -> pa.Schema:
    """The columns of a file of scores: what is kept, then a float32 column a task."""
    return pa.schema([*kept, *(pa.field(task, pa.float32()) for task in tasks)])


def scored(scorer: Scorer, batch: RowBatch) -> pa.Table:
    """What is kept of some rows, with their probabilities."""
    return with_scores(batch.kept, scorer.score(batch.inputs), scorer.tasks)


def with_scores(kept: pa.Table, scores: RawArrays, tasks: list[str]) -> pa.Table:
    """Probabilities appended to a table of as many rows."""
    arrays = [*kept.columns, *(pa.array(scores[task], pa.float32()) for task in tasks)]
    return pa.Table.from_arrays(arrays, schema=score_schema(kept.schema, tasks))
