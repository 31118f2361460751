"""Which part of the data each impression belongs to."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import Time
from infnet_keras.spec.split_start import split_instant

Split = Literal["train", "valid", "test"]

SPLITS: dict[Split, int] = {"train": 1, "valid": 2, "test": 3}
ONLY_HISTORY = 0


class SplitRule:
    """Training, then validation, then test, in time.

    Args:
        time: the log's time.
        valid_from: local day (YYYY-MM-DD) or time (YYYY-MM-DD HH:MM) with which validation starts;
            for a log in row order, the fraction of its rows (`row_order: log`) or of each user's
            rows (`row_order: user`) that comes before it.
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
        self._valid, self._test = start_number(time, valid_from), start_number(time, test_from)
        self._train = None if train_from is None else start_number(time, train_from)
        if self._valid > self._test:
            raise DataError(
                f"validation starts at {valid_from}, after the test's start {test_from}; the test "
                "comes last"
            )
        if self._train is not None and self._train >= self._valid:
            raise DataError(
                f"training starts at {train_from}, not before validation's start {valid_from}: "
                "nothing is left to train on"
            )

    def by_time(self, instants: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
        """Splits of impressions, from their times in milliseconds since 1970."""
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


def start_number(time: Time, start: str | float) -> float:
    """Where a split begins, however it is written: milliseconds since 1970, or a fraction of rows.

    Raises:
        DataError: it is no day, time or fraction, as the log's time asks for.

    Example:
        >>> start_number(Time(row_order="log"), "0.80")
        0.8
    """
    if time.column is None:
        return _fraction(start)
    instant = split_instant(start, time.timezone)
    if instant is None:
        raise DataError(
            f"a log with a time column is split by days: {start!r} is not a day such as 2022-05-04 "
            "or a time such as '2022-05-04 18:00'"
        )
    return instant


def _fraction(value: str | float) -> float:
    try:
        fraction = float(value)
    except ValueError:
        fraction = -1.0
    if not 0 < fraction <= 1:
        raise DataError(
            f"a log in row order is split by fractions: {value!r} is not a number such as 0.8"
        )
    return fraction
