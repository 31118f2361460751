"""What the shards of a scoring job add up to."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import apache_beam as beam

from infnet_keras.scoring.unreadable_cells import UnreadableCells


@dataclass
class ShardOutcome:
    """The result of some shards.

    Attributes:
        rows: of each file that was written.
        unreadable: what could not be read, and was scored as missing.
        failures: why the table cannot be used, by the number of the shard.
    """

    rows: dict[str, int] = field(default_factory=dict)
    unreadable: UnreadableCells = field(default_factory=UnreadableCells)
    failures: dict[int, str] = field(default_factory=dict)


class MergeShards(beam.CombineFn):
    """The outcome of all shards."""

    def create_accumulator(self) -> ShardOutcome:
        """Nothing yet."""
        return ShardOutcome()

    def add_input(self, accumulator: ShardOutcome, outcome: ShardOutcome) -> ShardOutcome:
        """With one more shard."""
        accumulator.rows |= outcome.rows
        accumulator.unreadable.merge(outcome.unreadable.found)
        accumulator.failures |= outcome.failures
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[ShardOutcome]) -> ShardOutcome:
        """Of several workers."""
        total = ShardOutcome()
        for accumulator in accumulators:
            self.add_input(total, accumulator)
        return total

    def extract_output(self, accumulator: ShardOutcome) -> ShardOutcome:
        """The sum itself."""
        return accumulator
