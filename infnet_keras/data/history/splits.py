"""Which part of the data each impression belongs to."""

from copy import copy
from typing import Literal

import numpy as np
import numpy.typing as npt

from infnet_keras.data.history.instant_counts import InstantCounts
from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import Time
from infnet_keras.spec.split_start import local_time, split_fraction, split_instant

Split = Literal["train", "valid", "test"]

SPLITS: dict[Split, int] = {"train": 1, "valid": 2, "test": 3}
ONLY_HISTORY = 0


class SplitRule:
    """Training, then validation, then test, in time.

    Args:
        time: the log's time.
        valid_from: local day (YYYY-MM-DD) or time (YYYY-MM-DD HH:MM) with which validation starts,
            or the fraction of the log's rows before it; with `row_order: user`, of each user's
            rows. A log in row order has fractions alone.
        test_from: the same for the test.
        train_from: the same for training; what comes before it is history. None: the whole log.

    Raises:
        DataError: not days, times or fractions as the log's time asks for, or not in order.

    Example:
        >>> rule = SplitRule(Time(column="time_ms"), "2022-05-04", "2022-05-05")
        >>> rule.by_time(86_400_000 * np.array([19115, 19116, 19117]))
        array([1, 2, 3], dtype=int8)
    """

    def __init__(
        self,
        time: Time,
        valid_from: str | float,
        test_from: str | float,
        train_from: str | float | None = None,
    ):
        self._time = time
        self._spelt = {"_valid": valid_from, "_test": test_from}
        if train_from is not None:
            self._spelt["_train"] = train_from
        self._valid, self._test = start_number(time, valid_from), start_number(time, test_from)
        self._train = None if train_from is None else start_number(time, train_from)
        self._check_order()

    @property
    def asks_instants(self) -> bool:
        """Whether a fraction stands for an instant, which only the rows of the log can tell."""
        fractions = any(isinstance(getattr(self, name), float) for name in self._spelt)
        return self._time.column is not None and fractions

    def at_instants(self, counts: InstantCounts) -> "SplitRule":
        """This rule with an instant in place of each fraction.

        Args:
            counts: of all rows of the log.

        Raises:
            DataError: the splits would not be in order.
        """
        found = copy(self)
        for name in self._spelt:
            start = getattr(self, name)
            if isinstance(start, float):
                setattr(found, name, counts.start(start))
        found._check_order()
        return found

    def __str__(self) -> str:
        """Where the splits begin, by the log's own clocks."""
        valid, test = (
            str(start)
            if isinstance(start, float)
            else f"{local_time(start, self._time.timezone):%Y-%m-%d %H:%M:%S.%f}"[:-3]
            for start in (self._valid, self._test)
        )
        return f"validation starts at {valid}, the test at {test}"

    def _check_order(self) -> None:
        valid_from, test_from = self._spelt["_valid"], self._spelt["_test"]
        if _is_after(self._valid, self._test):
            raise DataError(
                f"validation starts at {valid_from}, after the test's start {test_from}; the test "
                "comes last"
            )
        if self._train is not None and not _is_after(self._valid, self._train, unknown=True):
            raise DataError(
                f"training starts at {self._spelt['_train']}, not before validation's start "
                f"{valid_from}: nothing is left to train on"
            )

    def by_time(self, instants: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
        """Splits of impressions, from their times in milliseconds since 1970."""
        assert not self.asks_instants  # at_instants comes first
        return self._from(instants)

    def by_position(
        self, positions: npt.NDArray[np.int64], counts: npt.NDArray[np.int64] | int
    ) -> npt.NDArray[np.int8]:
        """Splits of impressions, from their positions among `counts` rows."""
        return self._from(positions / np.maximum(counts, 1))

    def _from(self, when: npt.NDArray[np.int64] | npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
        splits = np.full(len(when), SPLITS["train"], np.int8)
        splits[when >= self._valid] = SPLITS["valid"]
        splits[when >= self._test] = SPLITS["test"]
        if self._train is not None:
            splits[when < self._train] = ONLY_HISTORY
        return splits


def _is_after(start: int | float, other: int | float, unknown: bool = False) -> bool:
    """Whether a start is after another; an instant and a fraction cannot be compared yet."""
    if isinstance(start, float) != isinstance(other, float):
        return unknown
    return start > other


def split_starts(
    spec: FeatureSpec,
    valid_from: str | float | None = None,
    test_from: str | float | None = None,
) -> tuple[str | float, str | float]:
    """Where validation and test begin: as given, else as the spec's `splits` says.

    Raises:
        DataError: neither says it.

    Example:
        >>> split_starts(load_spec("qb_video"), test_from=0.95)
        (0.8, 0.95)
    """
    if spec.splits is not None:
        valid_from = spec.splits.valid_from if valid_from is None else valid_from
        test_from = spec.splits.test_from if test_from is None else test_from
    if valid_from is None or test_from is None:
        raise DataError(
            f"spec {spec.name!r} does not say where validation and test begin: give --valid-from "
            "and --test-from, or `splits: {valid_from: ..., test_from: ...}` in the spec"
        )
    return valid_from, test_from


def start_number(time: Time, start: str | float) -> int | float:
    """Where a split begins, however it is written.

    Returns:
        An int, milliseconds since 1970; or a float, the fraction of the rows before it.

    Raises:
        DataError: it is no day, time or fraction, as the log's time asks for.

    Example:
        >>> start_number(Time(row_order="log"), "0.80")
        0.8
    """
    if time.column is not None:
        instant = split_instant(start, time.timezone)
        if instant is not None:
            return instant
    fraction = split_fraction(start)
    if fraction is not None:
        return fraction
    if time.column is None:
        raise DataError(
            f"a log in row order is split by fractions: {start!r} is not a number such as 0.8"
        )
    raise DataError(
        f"{start!r} is not a day such as 2022-05-04, a time such as '2022-05-04 18:00' or a "
        "fraction of the rows such as 0.8"
    )
