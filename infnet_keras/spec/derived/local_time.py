"""What the local clock and calendar show at the impression."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.derived.derivation import Derivation, check_clock
from infnet_keras.spec.document import KeyPath

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec

LocalTimeName = Literal["hour_of_day", "day_of_week", "day_of_month"]


class LocalTime(Derivation):
    """A reading of the local time of the impression, one of few; the spec says its name alone."""

    name: ClassVar[LocalTimeName]

    @property
    def reads_time(self) -> bool:
        return True

    def describe(self) -> str:
        return self.name

    def check(self, spec: FeatureSpec, field: str, path: KeyPath) -> None:
        check_clock(spec, path)
        if spec.fields[field].side != "context":
            raise SpecProblem(
                ("fields", field, "side"), f"{self.name} is the request's: its side is context"
            )


class HourOfDay(LocalTime):
    """The hour that the clock shows, 0 to 23."""

    name = "hour_of_day"
    values = 24


class DayOfWeek(LocalTime):
    """The weekday, Monday 0 to Sunday 6."""

    name = "day_of_week"
    values = 7


class DayOfMonth(LocalTime):
    """The day of the month, the first 0 to the 31st 30."""

    name = "day_of_month"
    values = 31


LOCAL_TIME: dict[str, Derivation] = {
    kind.name: kind() for kind in (HourOfDay, DayOfWeek, DayOfMonth)
}
