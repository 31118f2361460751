"""What the partitions add up to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import apache_beam as beam

from infnet_keras.data.examples.manifest import LEFT_OUT
from infnet_keras.data.examples.raw_examples import MOST, Drawn
from infnet_keras.data.preparation.counts import Counts
from tfx_pipeline.beam.messages import Failure


@dataclass
class Outcome:
    """The result of some partitions.

    Attributes:
        counts: of their events.
        rows_read: rows of the log; the first partition reports them for all.
        history_rows_read: rows of the earlier history; likewise.
        without_user: of each source of events, rows that name no user and are left out; likewise.
        drawn: raw examples, by partition; only of the first ones, which hold as many as are taken.
        files: that were written, by their paths in the examples directory.
        failures: why the input cannot be used.
    """

    counts: Counts = field(default_factory=Counts)
    rows_read: int = 0
    history_rows_read: int = 0
    without_user: Counter[str] = field(default_factory=Counter)
    drawn: dict[int, Drawn] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    failures: list[Failure] = field(default_factory=list)

    def merge(self, other: "Outcome") -> None:
        """Add another one's result to this."""
        self.counts.merge(other.counts)
        self.rows_read += other.rows_read
        self.history_rows_read += other.history_rows_read
        self.without_user.update(other.without_user)
        self.drawn = _first({**self.drawn, **other.drawn})
        self.files |= other.files
        self.failures = sorted({*self.failures, *other.failures})[:1]

    def counters(self, log: str) -> dict[str, int]:
        """How many rows were read, kept and dropped, by reason.

        Args:
            log: the source of the impressions.
        """
        counts = self.counts
        kept = self.rows_read - self.without_user[log]
        found = {
            "rows_read": self.rows_read,
            "duplicates_dropped": kept - counts.log_rows,
            "history_rows_read": self.history_rows_read,
            "history_rows_kept": counts.history_rows,
            "history_rows_dropped": self.history_rows_read - counts.history_rows,
        }
        for reason, by_name in (
            ("rows_without_user", self.without_user),
            ("impressions", counts.impressions),
            ("joins_missed", counts.joins_missed),
            ("event_rows_kept", counts.event_rows),
            ("values_unread", counts.unread),
            ("labels_missing", counts.unlabelled),
            ("labels_masked", counts.masked),
            ("history_events_later", counts.later),
        ):
            found |= {f"{reason}:{name}": count for name, count in by_name.items()}
        if counts.left_out:
            found[LEFT_OUT] = counts.left_out
        return found


def _first(drawn: dict[int, Drawn]) -> dict[int, Drawn]:
    """What `raw_batch` takes of them: tables of all partitions would not fit into one worker."""
    kept: dict[int, Drawn] = {}
    held_out = training = 0
    for number, each in sorted(drawn.items()):
        more_held_out, more_training = each.held_out.num_rows, each.training.num_rows
        if (more_held_out and held_out < MOST) or (more_training and training < MOST):
            kept[number] = each
        held_out += more_held_out
        training += more_training
    return kept


class MergeOutcomes(beam.CombineFn):
    """The outcome of all partitions."""

    def create_accumulator(self) -> Outcome:
        """Nothing yet."""
        return Outcome()

    def add_input(self, accumulator: Outcome, outcome: Outcome) -> Outcome:
        """With one more partition."""
        accumulator.merge(outcome)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Outcome]) -> Outcome:
        """Of several workers."""
        total = Outcome()
        for accumulator in accumulators:
            total.merge(accumulator)
        return total

    def extract_output(self, accumulator: Outcome) -> Outcome:
        """The sum itself."""
        return accumulator
