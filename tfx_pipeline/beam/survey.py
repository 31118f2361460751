"""The histories over all users: counted partition by partition, added up, put into one file."""

from collections.abc import Iterable, Iterator
from uuid import uuid4

import apache_beam as beam
import pyarrow as pa

from infnet_keras.data.history.group_histories import GroupHistories
from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.beam.example_file import TEMPORARY, replaced_file
from tfx_pipeline.beam.job import Job
from tfx_pipeline.beam.messages import Failure, Message, PartitionInput, Surveyed, packed, unpacked

# Arrow IPC by column: pickled, a table would carry the buffers of all its chunks once a chunk.
Counted = dict[str, bytes] | Failure


class SurveyPartition(beam.DoFn):
    """Counts the behaviours of one partition. Yields (0, counted)."""

    def __init__(self, job: Job):
        self._job = job

    def process(self, element: tuple[int, Iterable[Message]]) -> Iterator[tuple[int, Counted]]:
        """Survey one partition."""
        number, messages = element
        received = PartitionInput.of(messages, self._job.spec.time.column is None)
        if received.log is None:
            return
        try:
            partition = self._job.partition(self._job.reference(), received)
        except DataError as error:
            yield 0, Failure(1, 0, number, str(error))
            return
        groups = GroupHistories(self._job.spec)
        assert partition.days is not None  # the spec's checks ask for a time column
        groups.add(partition.values, partition.holds, partition.days)
        yield 0, _packed(groups)


class MergeCounted(beam.CombineFn):
    """The counts of all partitions, or the first failure."""

    def __init__(self, spec: FeatureSpec):
        self._spec = spec

    def create_accumulator(self) -> Counted:
        """Nothing yet."""
        return {}

    def add_input(self, accumulator: Counted, counted: Counted) -> Counted:
        """With one more partition."""
        return self.merge_accumulators([accumulator, counted])

    def merge_accumulators(self, accumulators: Iterable[Counted]) -> Counted:
        """Of several workers."""
        groups = GroupHistories(self._spec)
        failures = []
        for counted in accumulators:
            if isinstance(counted, Failure):
                failures.append(counted)
            else:
                groups.add_counted({by: unpacked(content) for by, content in counted.items()})
        return min(failures) if failures else _packed(groups)

    def extract_output(self, accumulator: Counted) -> Counted:
        """The sum itself."""
        return accumulator


class ShareSurvey(beam.DoFn):
    """Writes the histories over all users into a file and tells every partition."""

    def __init__(self, job: Job):
        self._job = job

    def process(self, element: tuple[int, Counted]) -> Iterator[tuple[int, Message]]:
        """Share the counts of all partitions."""
        counted = element[1]
        message: Message
        if isinstance(counted, Failure):
            message = counted
        else:
            tables = [{"by": by, "counted": content} for by, content in counted.items()]
            schema = pa.schema([("by", pa.string()), ("counted", pa.large_binary())])
            name = f"{TEMPORARY}/survey-{uuid4().hex}"
            with replaced_file(self._job.output, name) as stream:
                stream.write(packed(pa.Table.from_pylist(tables, schema)))
            message = Surveyed(beam.io.filesystems.FileSystems.join(self._job.output, name))
        for partition in range(self._job.partitions):
            yield partition, message


def _packed(groups: GroupHistories) -> dict[str, bytes]:
    return {by: packed(table) for by, table in groups.counted.items()}
