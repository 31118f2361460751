"""The columns of an examples directory: what one impression holds there, raw.

Whoever writes, checks, transforms or trains on examples takes names and types from here.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Literal, NamedTuple

import pyarrow as pa

from infnet_keras.data.raw.values.conversion import ARROW_TYPES
from infnet_keras.errors import DataError
from infnet_keras.features.raw_inputs import raw_inputs
from infnet_keras.input_names import KEPT, label_inputs, loss_weight_input
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import ColumnType

Kind = Literal["value", "sequence", "fitting", "user", "label", "weight", "loss_weight", "kept"]


class ExampleColumn(NamedTuple):
    """One column of the examples.

    Attributes:
        name: in the files: of a feature in tf.Examples, of a column in Parquet. It is a served
            name, `FeatureSpec.served_names`.
        dtype: of its values; int64 is an int64_list, float32 a float_list, string a bytes_list.
        kind: "value", one value or none where it is missing; "sequence", a list, oldest event
            first; "fitting", a value that only fits vocabularies or quantiles; "user", the user's
            key where no raw input holds it; "label", 0 or 1, or a regression's number; "weight",
            1.0, or 0.0 where the label does not count; "loss_weight", what the example weighs in
            the task's loss, where the spec weighs; "kept", 1, or 0 where the spec's sample leaves
            it out of training.
        column: the raw column it holds (of a label, what it comes from), or the field
            whose history count or rate it is.
        sequence: the behaviour of a "sequence", else None.
        task: the task of a "label", a "weight" or a "loss_weight", else None.
        own: the name that is served under `name`; that of the raw input, where it holds one.
    """

    name: str
    dtype: ColumnType
    kind: Kind
    column: str
    sequence: str | None = None
    task: str | None = None
    own: str = ""

    @property
    def arrow_type(self) -> pa.DataType:
        """Its type in Parquet files: a missing value is null, also one inside a list."""
        values = ARROW_TYPES[self.dtype]
        return pa.list_(values) if self.kind == "sequence" else values


def label_name(spec: FeatureSpec, task: str) -> str:
    """The column that holds a task's label: int64 0 or 1, or a regression's float32."""
    return spec.served_names[label_inputs(task)[0]]


def weight_name(spec: FeatureSpec, task: str) -> str:
    """The column that says, as float32 1.0 or 0.0, whether a task's label counts."""
    return spec.served_names[label_inputs(task)[1]]


def loss_columns(spec: FeatureSpec) -> list[str]:
    """The own names of the columns that say how an example is trained on, where the spec has any:
    a loss weight a task, float32, and whether its sample keeps the example, int64."""
    weights = [loss_weight_input(task) for task in spec.tasks] if spec.weighs else []
    return weights + ([KEPT] if spec.sample is not None else [])


def example_columns(
    spec: FeatureSpec, column_types: Mapping[str, ColumnType]
) -> list[ExampleColumn]:
    """Every column of an examples directory, in the order in which files hold them.

    First the raw inputs of a request save the lengths of its sequences (lists have their own),
    then what only fitting needs, the user's key, labels and weights. Each name occurs once: a
    user's key that is a raw input is a "value".

    Args:
        spec: the feature spec.
        column_types: type of each raw column, as in `Assets` or `ExamplesManifest`.

    Raises:
        DataError: a column has no type, or one that its table cannot use, or its name is taken.

    Example:
        >>> [column.name for column in example_columns(spec, {"user": "int64", "item": "int64"})]
        ['user', 'item', 'view__item', 'click__item', 'label__click', 'weight__click']
    """
    columns = _input_columns(spec, column_types)
    names = {column.name for column in columns}
    for name in spec.fitting_columns:
        if name not in names:
            columns.append(ExampleColumn(name, column_types[name], "fitting", name))
            names.add(name)
    user = spec.keys.user
    if user is not None and user not in names:
        if user not in column_types:
            raise DataError(f"the column types hold none of the user's key {user!r}; add it")
        columns.append(ExampleColumn(user, column_types[user], "user", user))
    for name, task in spec.tasks.items():
        label, weight = label_inputs(name)
        dtype: ColumnType = "int64" if task.is_binary else "float32"
        columns.append(ExampleColumn(label, dtype, "label", task.label_text, task=name))
        columns.append(ExampleColumn(weight, "float32", "weight", task.label_text, task=name))
        if spec.weighs:
            own = loss_weight_input(name)
            columns.append(ExampleColumn(own, "float32", "loss_weight", task.label_text, task=name))
    if spec.sample is not None:
        columns.append(ExampleColumn(KEPT, "int64", "kept", "sample"))
    for name, count in Counter(column.name for column in columns).items():
        if count > 1:
            raise DataError(
                f"the examples would hold two columns {name!r}: the names of labels and weights "
                "are taken; rename the raw column, the sequence or the task"
            )
    return _served(spec, columns)


def input_columns(spec: FeatureSpec, column_types: Mapping[str, ColumnType]) -> list[ExampleColumn]:
    """Those columns that a request holds too: values and sequences; see `example_columns`."""
    return _served(spec, _input_columns(spec, column_types))


def arrow_schema(columns: list[ExampleColumn]) -> pa.Schema:
    """The schema of Parquet files with these columns."""
    return pa.schema([(column.name, column.arrow_type) for column in columns])


def _served(spec: FeatureSpec, columns: list[ExampleColumn]) -> list[ExampleColumn]:
    names = spec.served_names
    return [column._replace(name=names[column.name], own=column.name) for column in columns]


def _input_columns(
    spec: FeatureSpec, column_types: Mapping[str, ColumnType]
) -> list[ExampleColumn]:
    columns = []
    for raw in raw_inputs(spec, column_types):
        if raw.kind == "value":
            columns.append(ExampleColumn(raw.name, raw.dtype, "value", raw.name))
        elif raw.kind == "sequence":
            columns.append(
                ExampleColumn(raw.name, raw.dtype, "sequence", str(raw.column), raw.sequence)
            )
    return columns
