"""Values that are computed from time and history: one class a kind, which says what it reads."""

from infnet_keras.spec.derived.derivation import Derivation
from infnet_keras.spec.derived.derive import Derive
from infnet_keras.spec.derived.history import HistoryCount, HistoryRate, Until
from infnet_keras.spec.derived.local_time import LOCAL_TIME, DayOfWeek, HourOfDay, LocalTimeName
from infnet_keras.spec.derived.since import DaysSince, SecondsSince

__all__ = [
    "LOCAL_TIME",
    "DayOfWeek",
    "DaysSince",
    "Derivation",
    "Derive",
    "HistoryCount",
    "HistoryRate",
    "HourOfDay",
    "LocalTimeName",
    "SecondsSince",
    "Until",
]
