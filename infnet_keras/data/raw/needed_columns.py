"""Which raw columns a spec reads."""

from infnet_keras.spec import Condition, FeatureSpec, Sequence
from infnet_keras.spec.tasks import FoundIn


def needed_columns(spec: FeatureSpec) -> dict[str, str]:
    """Every raw column that a spec reads, joins aside, with what reads it (for errors)."""
    return {**event_columns(spec), **impression_columns(spec)}


def impression_columns(spec: FeatureSpec) -> dict[str, str]:
    """Those that the log of impressions or a joined source must have."""
    needed = {spec.keys.item: "keys.item"}
    if spec.keys.user is not None:
        needed = {spec.keys.user: "keys.user", **needed}
    if spec.time.column is not None:
        needed[spec.time.column] = "the log's time"
    for name, field in spec.fields.items():
        reads = spec.field_reads(name)
        if field.derivation is not None and field.derivation.shared_by is not None:
            reads = (*reads, field.derivation.shared_by)
        for column in reads:
            needed.setdefault(column, f"field {name}")
    for name, sequence in spec.sequences.items():
        if sequence.source is None:
            needed = {**_sequence_columns(name, sequence), **needed}
    for name, task in spec.tasks.items():
        for column in task.label_columns:
            needed.setdefault(column, f"the label of task {name}")
        for column in _columns(task.mask):
            needed.setdefault(column, f"the mask of task {name}")
        for column in spec.weight_columns[name]:
            needed.setdefault(column, f"the weight of task {name}")
    return needed


def event_columns(spec: FeatureSpec, source: str | None = None) -> dict[str, str]:
    """Those that sequences read of other logs: of all of them, or of one."""
    needed: dict[str, str] = {}
    for name, sequence in spec.sequences.items():
        if sequence.source is not None and source in (None, sequence.source):
            needed = {**_sequence_columns(name, sequence), **needed}
    return needed


def compared_columns(spec: FeatureSpec) -> frozenset[str]:
    """Those that `when`, masks and labels compare, and weights, in the log and where it looks
    columns up."""
    texts = [sequence.when for sequence in spec.sequences.values()]
    texts += [task.mask for task in spec.tasks.values()]
    weights = spec.weight_columns.values()
    return frozenset(spec.label_columns).union(*map(_columns, texts), *weights)


def other_log_columns(spec: FeatureSpec, source: str) -> list[str]:
    """The columns that conditions of labels found in a log read there."""
    labels = (task.label for task in spec.tasks.values())
    conditions = [
        label.when for label in labels if isinstance(label, FoundIn) and label.found_in == source
    ]
    return list(dict.fromkeys(column for when in conditions for column in _columns(when)))


def _sequence_columns(name: str, sequence: Sequence) -> dict[str, str]:
    read = dict.fromkeys(_columns(sequence.when), f"`when` of sequence {name}")
    return read | dict.fromkeys(sequence.attributes, f"sequence {name}")


def _columns(condition: str | None) -> tuple[str, ...]:
    return () if condition is None else Condition.parse(condition).columns
