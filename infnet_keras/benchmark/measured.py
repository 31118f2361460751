"""A figure of the table: one contender at one setting, forward or training."""

from typing import NamedTuple

from infnet_keras.benchmark.contender import Entry
from infnet_keras.benchmark.setting import Setting
from infnet_keras.runs.in_turns import Spread


class Measured(NamedTuple):
    """What was measured, and what came out.

    Attributes:
        factor: the size that a scaling varies; "" for a shape at its own sizes.
        what: "forward" or "training".
        spread: times in milliseconds.
        peak: bytes; None where it was not measured.
        times: of INFNet's median, of the same setting, part and `what`; None without INFNet.
    """

    factor: str
    setting: Setting
    entry: Entry
    what: str
    spread: Spread
    peak: int | None
    times: float | None

    @property
    def examples_a_second(self) -> float:
        """By the median."""
        return self.setting.batch / self.spread.median * 1e3
