"""Where fractions of a log with a clock begin: rows counted by instant, file by file, added up."""

import logging
from collections.abc import Iterable, Iterator

import apache_beam as beam

from infnet_keras.data.history.instant_counts import InstantCounts
from infnet_keras.errors import DataError
from tfx_pipeline.beam.job import Job
from tfx_pipeline.beam.messages import Counted, Failure, Message, Split

NO_PARTITION = -1
"""In place of a partition's number, with what is counted over all of them."""
_LOGGER = logging.getLogger(__name__)


def counted_instants(element: tuple[int, Message]) -> Iterator[tuple[int, InstantCounts]]:
    """What was counted of a file; nothing of other messages."""
    number, message = element
    if isinstance(message, Counted):
        yield number, message.instants


def is_to_partition(element: tuple[int, Message]) -> bool:
    """Whether a message goes to a partition."""
    return element[0] != NO_PARTITION


class MergeInstants(beam.CombineFn):
    """The counts of all files."""

    def create_accumulator(self) -> InstantCounts:
        """Nothing yet."""
        return InstantCounts()

    def add_input(self, accumulator: InstantCounts, counted: InstantCounts) -> InstantCounts:
        """With one more file."""
        accumulator.merge(counted)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[InstantCounts]) -> InstantCounts:
        """Of several workers."""
        merged = InstantCounts()
        for counted in accumulators:
            merged.merge(counted)
        return merged

    def extract_output(self, accumulator: InstantCounts) -> InstantCounts:
        """The sum itself."""
        return accumulator


class ShareSplit(beam.DoFn):
    """Tells every partition where the splits begin."""

    def __init__(self, job: Job):
        self._job = job

    def process(self, element: tuple[int, InstantCounts]) -> Iterator[tuple[int, Message]]:
        """Share the counts of all files."""
        message: Message
        try:
            message = Split(self._job.split_rule.at_instants(element[1]))
            _LOGGER.warning("%s", message.rule)
        except DataError as error:
            message = Failure(1, 0, 0, str(error))
        for partition in range(self._job.partitions):
            yield partition, message
