"""What a spec must be like for a log to be made up for it."""

from typing import NamedTuple

from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec


class GeneratedKeys(NamedTuple):
    """The columns by which a generated log is put together.

    Attributes:
        user: of the users' key.
        item: of the items' key.
        labels: the column of each binary task's label.
        joins: of each joined source its key, which the log calls the same.
    """

    user: str
    item: str
    labels: dict[str, str]
    joins: dict[str, str]

    @classmethod
    def of(cls, spec: FeatureSpec) -> "GeneratedKeys":
        """The columns of a spec.

        Raises:
            DataError: the spec's log is of a shape that is read but not made up.
        """
        if spec.keys.user is None:
            raise _refused(spec, "`keys` names no user")
        if spec.other_logs:
            raise _refused(spec, f"{', '.join(spec.other_logs)} is another log")
        labels = {}
        for name, task in spec.tasks.items():
            if not task.is_binary:
                continue
            if task.condition is not None:
                raise _refused(spec, f"the label of task {name!r} is a condition")
            labels[name] = task.label_columns[0]
        if not labels:
            raise _refused(spec, "every task is a regression")
        joins = {}
        for name in spec.joined_sources:
            keys = spec.sources[name].keys
            if len(keys) > 1 or any(ours != theirs for ours, theirs in keys.items()):
                raise _refused(
                    spec, f"source {name!r} is joined by several keys or one with two names"
                )
            joins[name] = next(iter(keys))
        return cls(spec.keys.user, spec.keys.item, labels, joins)


def _refused(spec: FeatureSpec, reason: str) -> DataError:
    return DataError(
        f"no log can be generated for spec {spec.name!r}: {reason}, which is read from real files "
        "and not made up; generate a log for a spec without it"
    )
