"""Whatever the log looks up in memory."""

from dataclasses import dataclass

from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.joins.label_log import LabelLog
from infnet_keras.data.raw.joins.side_table import SideTable


@dataclass(frozen=True)
class JoinedSources:
    """The sources besides the log, opened.

    Attributes:
        tables: those that columns are looked up in.
        label_logs: those that labels are found in.
    """

    tables: dict[str, SideTable]
    label_logs: dict[str, LabelLog]

    @classmethod
    def of(cls, plan: ColumnPlan) -> "JoinedSources":
        """Read them.

        Raises:
            DataError: a file cannot be read, a value is not of its type, or rows of one key of a
                joined source differ.
        """
        tables = {
            name: SideTable(
                plan.files[name],
                plan.key_types(keys),
                plan.columns[name],
                plan.types,
                plan.separators,
                {**plan.reasons, **plan.key_reasons(keys)},
                plan.times,
                plan.compared,
            )
            for name, keys in plan.joins.items()
        }
        label_logs = {
            name: LabelLog(
                plan.files[name],
                plan.key_types(keys),
                plan.label_types[name],
                plan.key_reasons(keys),
            )
            for name, keys in plan.labels.items()
        }
        return cls(tables, label_logs)
