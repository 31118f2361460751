"""What every worker of the Beam job knows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

import pyarrow as pa
from apache_beam.utils.shared import Shared

from infnet_keras.data.examples.columns import ExampleColumn
from infnet_keras.data.examples.manifest import FileFormat
from infnet_keras.data.history.events import LOG
from infnet_keras.data.history.group_histories import GroupHistories
from infnet_keras.data.history.partition import Partition
from infnet_keras.data.history.splits import SplitRule
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.joins.joined_sources import JoinedSources
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.beam.messages import PartitionInput, unpacked
from tfx_pipeline.beam.storage import storage_of


@dataclass(frozen=True)
class Job:
    """One run of the Beam job; it is pickled into every transform.

    Attributes:
        spec: what is prepared.
        plan: where columns come from.
        earlier: files of earlier events, by what kind they are: see `earlier_files`.
        earlier_columns: what is read of them.
        columns: of the examples.
        valid_from: where validation starts.
        test_from: where the test starts.
        partitions: of users.
        output: the examples directory.
        file_format: of its files.
    """

    spec: FeatureSpec
    plan: ColumnPlan
    earlier: dict[int, RawFiles]
    earlier_columns: dict[int, list[str]]
    columns: list[ExampleColumn]
    valid_from: str | float
    test_from: str | float
    partitions: int
    output: str
    file_format: FileFormat
    _shared: Shared = field(default_factory=Shared)

    @property
    def files(self) -> list[tuple[int, int, str]]:
        """Every file to read: LOG or the kind of earlier event, its number there, its path."""
        every = {LOG: self.plan.files[self.spec.log_source], **self.earlier}
        return [
            (source, number, path)
            for source, files in every.items()
            for number, path in enumerate(files.files)
        ]

    @property
    def split_rule(self) -> SplitRule:
        """Which impressions are training, validation and test."""
        return SplitRule(self.spec.time, self.valid_from, self.test_from)

    def reference(self) -> "Reference":
        """What this process looks up; loaded once, whatever transforms and threads ask for it.

        Raises:
            DataError: a joined source cannot be used.
        """
        reference: Reference = self._shared.acquire(lambda: Reference(self))
        return reference

    def partition(self, reference: "Reference", received: PartitionInput) -> Partition:
        """The events of a partition that was sent at least one row of the log."""
        assert received.log is not None
        return Partition(self.spec, self.plan, reference.sources, received.log, received.earlier)


class Reference:
    """The joined sources and the histories over all users, in the memory of one process.

    Raises:
        DataError: a joined source cannot be used.
    """

    def __init__(self, job: Job):
        self._spec = job.spec
        self._lock = Lock()
        self._histories: dict[str, GroupHistories] = {}
        self.sources = JoinedSources.of(job.plan)

    def histories(self, path: str | None) -> GroupHistories:
        """The histories over all users, from the file of the survey; None where none are needed."""
        if path is None:
            return GroupHistories(self._spec)
        with self._lock:
            if path not in self._histories:
                groups = GroupHistories(self._spec)
                groups.add_counted(dict(_surveyed(path)))
                groups.finish()
                self._histories[path] = groups
            return self._histories[path]


def _surveyed(path: str) -> Iterator[tuple[str, pa.Table]]:
    with storage_of(path).open(path) as stream:
        table = unpacked(stream.read())
    for row in table.to_pylist():
        yield row["by"], unpacked(row["counted"])
