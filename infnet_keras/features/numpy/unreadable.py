"""Values of a request that are given and cannot be read: dates, times and numbers in text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy.clock import parse_dates, to_epoch_ms
from infnet_keras.spec.derived.since import DaysSince
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.time_spelling import TimeSpelling

Array = npt.NDArray[Any]
_Read = Callable[[Array], npt.NDArray[np.bool_]]
_Reading = tuple[str, _Read]
_MOST_KNOWN = 2**16
_MOST_DIGITS = 18  # what the encoders read as a number


@dataclass(frozen=True)
class Unreadable:
    """What cannot be read in one input.

    Args:
        count: how many values.
        first: one of them.
        expected: how the spec says that they are spelt.
    """

    count: int
    first: str
    expected: str


class UnreadableValues:
    """Finds the values of raw inputs that the transform reads as missing though they are given.

    The served graph has no output for it, as one more would change the contract of its signatures;
    the kernels here read what its own read, which the tests of the engines hold to each other.

    Args:
        spec: says which inputs hold dates, times, or numbers as text, and how they are spelt.

    Example:
        >>> from infnet_keras.spec import load_spec
        >>> values = UnreadableValues(load_spec("minimal"))
        >>> values.find({"timestamp": np.array([1_700_000_000, 10**18])})
        {'timestamp': Unreadable(count=1, first='1000000000000000000', expected='a time of unit s')}
    """

    def __init__(self, spec: FeatureSpec) -> None:
        self._read: dict[str, list[_Reading]] = {}
        self._known: dict[str, set[Any]] = {}
        zone, time = spec.time.timezone, spec.time
        if time.column is not None and time.column in spec.input_columns:
            self._add(
                spec.served_names[time.column],
                f"a time of {time.said()}",
                lambda values: to_epoch_ms(values, time) != MISSING_INTEGER,
            )
        for field in spec.fields.values():
            date = field.derivation
            if isinstance(date, DaysSince):
                self._add(
                    spec.served_names[date.column],
                    _said_of_date(date),
                    lambda values, date=date: ~np.isnan(parse_dates(values, date, zone)),  # type: ignore[misc]
                )
        for column in spec.whole_number_columns.values():
            self._add(spec.served_names[column], "a whole number from 0", _are_decimal)
        for feature in spec.sequence_features:
            if feature.multivalue is None and spec.all_tables[feature.table].identity is not None:
                served = spec.served_names[feature.name]
                self._add(served, "a whole number from 0", _are_decimal)
        for column in spec.served_values:  # which no request holds
            self._read.pop(spec.served_names[column], None)

    @property
    def inputs(self) -> list[str]:
        """The served names of the inputs that can hold such values."""
        return sorted(self._read)

    def find(self, inputs: Mapping[str, Array]) -> dict[str, Unreadable]:
        """What cannot be read in a request.

        Args:
            inputs: served name of the raw input -> int64, float32 or bytes of dtype object, of any
                shape; others and those of no concern are not looked at.

        Returns:
            For each input that has such values how many, one of them, and what was expected.
        """
        found = {}
        for name, readings in self._read.items():
            values = inputs.get(name)
            if values is None or values.dtype.kind not in "iO":
                continue
            given = values.ravel().tolist()
            missing = b"" if values.dtype.hasobject else MISSING_INTEGER
            # Requests hold the same few dates again and again: what was read once is known.
            known = self._known[name]
            new = [
                value for value in dict.fromkeys(given) if value != missing and value not in known
            ]
            unread = self._unread(new, values.dtype, readings)
            if len(known) + len(new) > _MOST_KNOWN:
                known.clear()
            known.update(value for value in new if value not in unread)
            if unread:
                first, expected = next(iter(unread.items()))
                count = sum(value in unread for value in given)
                found[name] = Unreadable(count, _shown(first), expected)
        return found

    def _unread(
        self, new: list[Any], dtype: np.dtype[Any], readings: list[_Reading]
    ) -> dict[Any, str]:
        """Those of some distinct values that cannot be read, with what was expected."""
        if not new:
            return {}
        values = np.array(new, dtype)
        unread: dict[Any, str] = {}
        for expected, read in readings:
            for place in np.flatnonzero(~read(values)).tolist():
                unread.setdefault(new[place], expected)
        return unread

    def _add(self, name: str, expected: str, read: _Read) -> None:
        self._read.setdefault(name, []).append((expected, read))
        self._known.setdefault(name, set())


def _are_decimal(values: Array) -> npt.NDArray[np.bool_]:
    if not values.dtype.hasobject:
        return np.ones(values.shape, np.bool_)
    return np.array([_is_decimal(value) for value in values.tolist()], np.bool_)


def are_whole_numbers(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Which of some texts are whole numbers from 0, spelt as an identity table reads them.

    Example:
        >>> are_whole_numbers(pa.array(["7", "007", "seven", "0"])).tolist()
        [True, False, False, True]
    """
    found = texts.dictionary_encode()  # the same few values again and again
    known = [_is_decimal(value.encode()) for value in found.dictionary.to_pylist()]
    taken: npt.NDArray[np.bool_] = np.array(known, np.bool_)[found.indices.to_numpy()]
    return taken


def _is_decimal(text: bytes) -> bool:
    return text == b"0" or (
        text.isdigit() and len(text) <= _MOST_DIGITS and not text.startswith(b"0")
    )


def _said_of_date(date: TimeSpelling) -> str:
    if date.unit is None and date.format is None:
        return "a date with the year first, such as 2024-01-31"
    return f"a date of {date.said()}"


def _shown(value: Any) -> str:
    return value[:100].decode(errors="replace") if isinstance(value, bytes) else str(value)
