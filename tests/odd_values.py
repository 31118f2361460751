"""Odd names, and odd values of every kind with what plain Python says that they mean."""

import os
from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

BOUNDARIES = [-1.5, 0.0, 0.5, 1e30]
BIG_BOUNDARIES = [-(2**62) - 1, 0, 2**53, 2**53 + 1, 2**63 - 1]
_NAMES_WITHIN = """:user :time :text :source :object :history:h user time split day_end row raw:x
    kept:x ids:a:b side:log label:click when:h steps:h a a.b a.b.c 点击 user_id:token _id x__y 0 1 é
    e\u0301 % item pos true and not nan None self candidate_count \\N 007 1e5 - ? { [ # & * ! | > @
    ~ 😀 ' \" , ; ::"""
_BLANKS = ["", " ", "  ", "\t", "\n", "x\ny", "\r\n", "a b", "\x7f", "\ufeffx", "\x85", "\u2028"]
ODD_NAMES = [*_NAMES_WITHIN.split(), *_BLANKS]
_WORDS = """nan NULL \\N 007 0x1 1e5 inf -0 1.0 1 None true 2020-01-01 [] [1,2] {} ' \" ''"""
_LETTERS = st.sampled_from("ab7 ,;:|\t'\"\r\n\\é商😀\x1f\x7f\x85\u2028")
TEXT = st.one_of(
    st.text(_LETTERS, max_size=6),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    st.sampled_from(_WORDS.split()),
)
EDGES = [0, 1, -1, 2**24 + 1, 2**53, 2**53 + 1, -(2**62) - 1, 2**63 - 1, -(2**63) + 1]
INTEGERS = st.one_of(st.integers(-(2**63) + 1, 2**63 - 1), st.sampled_from(EDGES))
FLOATS = st.one_of(
    st.floats(width=32, allow_subnormal=False),
    st.sampled_from([-0.0, float("inf"), -float("inf"), 0.5, -1.5, 1e30]),
)
PARTS = st.lists(st.none() | st.text("ab7é' \n", max_size=2), max_size=4)
TIMES = st.sampled_from([0, 1, 1000, 86_400_000, 4_000_000_000_000])


def odd(few: int, cost: int = 1) -> settings:
    """A few examples, or as many as `ODD_FILES` says, divided by what one costs."""
    return settings(
        max_examples=int(os.environ.get("ODD_FILES", "0")) // cost or few,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],  # to shrink a whole log takes many minutes
        suppress_health_check=list(HealthCheck),
    )


class Kind(NamedTuple):
    """A kind of column.

    Attributes:
        values: what it may hold.
        declared: its type in the spec; None leaves it to the files.
        field: how the spec encodes it.
        meaning: what plain Python says that a value means: a text or None, a list of texts, or
            the row of the table.
        arrow: its type in Parquet.
    """

    values: st.SearchStrategy[Any]
    declared: str | None
    field: dict[str, Any]
    meaning: Callable[[Any], Any]
    arrow: pa.DataType


def _known(text: str | None) -> str | None:
    """A text that a vocabulary holds: no empty one, none with a newline."""
    return None if not text or "\n" in text or "\r" in text else text


def _place(boundaries: list[Any]) -> Callable[[Any], int]:
    return lambda v: 1 if v is None or v != v else 2 + bisect_right(boundaries, v)


def _float_place(value: float | None) -> int:
    """The same, where all are compared in float32."""
    place = _place([float(np.float32(boundary)) for boundary in BOUNDARIES])
    return place(None if value is None else float(np.float32(value)))


def _first_parts(parts: list[str | None] | None) -> list[str | None]:
    """Of several values the first three that are not empty; a single missing one without any."""
    return [_known(part) for part in parts or [] if part][:3] or [None]


def _spelt(value: Any) -> str | None:
    return None if value is None else str(value)


VOCABULARY: dict[str, Any] = {"vocabulary": {}}
SEVERAL: dict[str, Any] = {"vocabulary": {}, "multivalue": "|", "max_values": 3}
TEXTS = Kind(TEXT, "string", VOCABULARY, _known, pa.string())
NUMBERS = Kind(
    INTEGERS, "int64", {"boundaries": BIG_BOUNDARIES}, _place(BIG_BOUNDARIES), pa.int64()
)
FRACTIONS = Kind(
    FLOATS,
    "float32",
    {"boundaries": BOUNDARIES},
    _float_place,
    pa.float32(),
)
TRUTHS = Kind(
    st.booleans(), "string", VOCABULARY, lambda v: v if v is None else str(v).lower(), pa.bool_()
)
IDS = Kind(st.integers(-(10**30), 10**30), "string", VOCABULARY, _spelt, pa.decimal128(38, 0))
LISTS = Kind(PARTS, None, SEVERAL, _first_parts, pa.list_(pa.string()))
OF_TEXT = [TEXTS, NUMBERS, FRACTIONS, TRUTHS, IDS]
OF_PARQUET = [
    *OF_TEXT,
    LISTS,
    LISTS._replace(arrow=pa.large_list(pa.large_string())),
    TEXTS._replace(arrow=pa.large_string()),
    TEXTS._replace(
        arrow=pa.binary(),
        values=TEXT.map(str.encode),
        meaning=lambda v: None if v is None else _known(v.decode()),
    ),
    TEXTS._replace(arrow=pa.dictionary(pa.int32(), pa.string())),
    NUMBERS._replace(declared=None),
    NUMBERS._replace(arrow=pa.int8(), values=st.integers(-128, 127), declared=None),
    FRACTIONS._replace(arrow=pa.float64(), declared=None),
    TRUTHS._replace(declared=None),
    Kind(st.integers(0, 2**64 - 1), "string", VOCABULARY, _spelt, pa.uint64()),
    Kind(st.integers(0, 2**32 - 1), None, VOCABULARY, _spelt, pa.uint32()),
    Kind(st.dates(), "string", VOCABULARY, _spelt, pa.date32()),
    Kind(
        st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),
        None,
        VOCABULARY,
        lambda v: v if v is None else v.strftime("%Y-%m-%d %H:%M:%S.%f"),
        pa.timestamp("us"),
    ),
    Kind(
        st.decimals(-(10**9), 10**9, places=3),
        "string",
        VOCABULARY,
        lambda v: v if v is None else f"{v:.3f}".removesuffix(".000"),
        pa.decimal128(20, 3),
    ),
]
