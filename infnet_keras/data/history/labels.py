"""Labels of impressions: 0, 1, a regression's number or missing, from their columns' values."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.data.history.as_numbers import as_numbers
from infnet_keras.spec.condition import TRUTHS, Condition, ConditionError
from infnet_keras.spec.tasks import Missing, Task


class Labels(NamedTuple):
    """The labels of some rows.

    Attributes:
        values: float32 [rows], 0 or 1, of a regression any finite number, NaN where a label is
            missing or wrong.
        wrong: bool [rows], where the column holds a value that is no label.
    """

    values: npt.NDArray[np.float32]
    wrong: npt.NDArray[np.bool_]


def column_labels(task: Task, columns: Mapping[str, npt.NDArray[Any]]) -> Labels:
    """The labels that a task's column, or its condition, gives.

    A label is missing where any of its columns is, or holds a value that the task calls missing.

    Args:
        task: whose label is no other log's.
        columns: the label's columns, as `Condition.evaluate` takes them.

    Raises:
        ConditionError: a condition does not fit its columns.

    Example:
        >>> bought = np.array([1.0, 0.0, -1.0, 7.0], np.float32)
        >>> labels = column_labels(Task(label="bought", missing=-1), {"bought": bought})
        >>> labels.values.tolist(), labels.wrong.tolist()
        ([1.0, 0.0, nan, nan], [False, False, False, True])
    """
    known = {name: _without(columns[name], task.means_missing) for name in task.label_columns}
    missing = np.any([np.ma.getmaskarray(values) for values in known.values()], axis=0)
    if (condition := task.condition) is not None:
        held, wrong = condition.evaluate(known), np.zeros(len(missing), bool)
    elif not task.is_binary:
        (values,) = known.values()
        numbers = as_numbers(np.ma.getdata(values))
        # However a number is spelt in a column of text: -1 is also "-1.0".
        said = as_numbers(np.array([str(value) for value in task.means_missing], object))
        missing = missing | np.isin(numbers, said[~np.isnan(said)])
        wrong = ~(np.abs(numbers) <= np.finfo(np.float32).max) & ~missing
        # What float32 does not hold is gone before the cast, which would warn.
        return Labels(np.where(missing | wrong, np.nan, numbers).astype(np.float32), wrong)
    else:
        (values,) = known.values()
        held, wrong = _is(values, 1), ~(_is(values, 0) | _is(values, 1) | missing)
    labels = np.where(missing | wrong, np.float32(np.nan), held.astype(np.float32))
    return Labels(labels, wrong)


def wrong_label(task: Task, column: str, value: Any) -> str:
    """What is said of a value that is no label; a fraction is rather a threshold than a word."""
    value = value.item() if isinstance(value, np.generic) else value
    if not task.is_binary:
        return (
            f"label {column!r} holds {value!r}; the label of a regression is a finite number that "
            f"float32 holds, or missing: correct the row, say `missing: {value!r}` if that means "
            "no label, or `mask` if the row does not count"
        )
    is_fraction = isinstance(value, float) and not value.is_integer()
    spelt = f"{value:.6g}" if is_fraction else repr(value)
    condition = f"{_in_condition(column)} {'>=' if is_fraction else '=='} {spelt}"
    if condition.startswith("`"):
        condition = f'"{condition}"'  # YAML keeps a backtick at the beginning for itself
    return (
        f"label {column!r} holds {spelt}; a label is 0, 1 or missing: correct the row, say "
        f"`missing: {value}` if that means no label, `mask` if the row does not count, or compare, "
        f"as in `label: {condition}`"
    )


def _in_condition(column: str) -> str:
    """A column's name as a condition spells it."""
    try:
        is_plain = Condition.parse(f"{column} == 1").columns == (column,)
    except ConditionError:
        is_plain = False
    return column if is_plain else f"`{column}`"


def _without(values: npt.NDArray[Any], means_missing: list[Missing]) -> np.ma.MaskedArray[Any, Any]:
    """The values with every missing one masked."""
    missing = np.ma.getmaskarray(values).copy()
    values = np.ma.getdata(values)
    if values.dtype.kind == "O":
        missing |= np.array([value is None for value in values], bool)
    elif values.dtype.kind == "f":
        missing |= np.isnan(values)
    for value in means_missing:
        missing |= _equals(values, value)
    return np.ma.MaskedArray(values, missing)


def _equals(values: npt.NDArray[Any], value: Missing) -> npt.NDArray[np.bool_]:
    """Equality however the two are spelt: -1 is "-1" in a column of text, and the reverse."""
    if values.dtype.kind == "O":
        return np.asarray(values == str(value), bool)
    try:
        return np.asarray(values == (float(value) if isinstance(value, str) else value), bool)
    except ValueError:
        return np.zeros(len(values), bool)  # no number is spelt so


def _is(values: npt.NDArray[Any], truth: int) -> npt.NDArray[np.bool_]:
    known = np.ma.getdata(values)
    if known.dtype.kind == "O":
        spellings = {spelling for spelling, value in TRUTHS.items() if value == truth}
        found = np.array([str(v).strip().lower() in spellings for v in known], bool)
    else:
        found = np.asarray(known == truth, bool)
    return found & ~np.ma.getmaskarray(values)
