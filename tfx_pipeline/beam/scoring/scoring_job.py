"""What every worker of the scoring job knows."""

from dataclasses import dataclass, field

from apache_beam.utils.shared import Shared

from infnet_keras.scoring.saved_model_scorer import SavedModelScorer
from infnet_keras.scoring.table_plan import TablePlan
from tfx_pipeline.beam.scoring.model_copy import model_copy


@dataclass(frozen=True)
class ScoringJob:
    """One run of the scoring job; it is pickled into every transform.

    Attributes:
        model: where the exported model lies.
        plan: the files of the table.
        tasks: what is predicted.
        output: the directory of the scores.
        batch_size: rows scored at a time.
        refuse_unreadable: whether a value that cannot be read ends the run.
    """

    model: str
    plan: TablePlan
    tasks: list[str]
    output: str
    batch_size: int
    refuse_unreadable: bool
    _shared: Shared = field(default_factory=Shared)

    @property
    def shards(self) -> list[tuple[int, str]]:
        """The number and the file of each shard: one for each file of the table, one at least."""
        count = max(len(self.plan.files), 1)
        return [(shard, f"scores-{shard:05d}-of-{count:05d}.parquet") for shard in range(count)]

    def scorer(self) -> SavedModelScorer:
        """The model in this process; loaded once, whatever transforms and threads ask for it.

        Raises:
            ExportError: it cannot be loaded.
        """
        scorer: SavedModelScorer = self._shared.acquire(lambda: loaded(self.model))
        return scorer


def loaded(model: str) -> SavedModelScorer:
    """An exported model of any file system.

    Raises:
        ExportError: it cannot be loaded.
    """
    with model_copy(model) as directory:
        return SavedModelScorer(directory)
