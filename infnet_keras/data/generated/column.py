"""How a raw column of a generated log is made up, from what the spec says of it."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.needed_columns import needed_columns
from infnet_keras.data.raw.values.conversion import ARROW_TYPES
from infnet_keras.features.calendar import DAY
from infnet_keras.features.numpy.spelt_times import spelt_times
from infnet_keras.spec import Condition, FeatureSpec, Table
from infnet_keras.spec.derived.since import DaysSince
from infnet_keras.spec.sources import ColumnType

Kind = Literal["code", "number", "date"]
Latent = npt.NDArray[np.float64]
FIRST_DAY = date(2024, 1, 1)
_DEFAULT_CARDINALITY = 50
_COUNTED = ("s", "ms", "us", "ns")
_DATES = 1000


@dataclass(frozen=True)
class GeneratedColumn:
    """Raw values of a column from latent numbers in (0, 1): near latents give near values.

    Attributes:
        name: of the column.
        kind: a code of `cardinality` many, a number, or a date before FIRST_DAY.
        column_type: how values are spelt.
        cardinality: how many codes there are.
        literals: values that conditions of the spec ask for; they stand for the first codes.
        boundaries: what numbers spread around; without them they are log-normal.
        separator: joins up to three codes.
        prefix: of codes that are strings.
        date: how dates are spelt.
        unit: what numbers without boundaries are multiplied by.
    """

    name: str
    kind: Kind
    column_type: ColumnType
    cardinality: int = _DEFAULT_CARDINALITY
    literals: tuple[Any, ...] = ()
    boundaries: tuple[float, ...] = ()
    separator: str | None = None
    prefix: str = ""
    date: DaysSince | None = None
    unit: float = 1.0

    def values(self, latent: Latent, random: np.random.Generator) -> pa.Array:
        """Values of [n] latents."""
        if self.kind == "date":
            return self.pool.take(pa.array((latent**2 * _DATES).astype(np.int64)))
        if self.kind == "number":
            return self._numbers(latent, random)
        first = self.pool.take(pa.array((latent * self.cardinality).astype(np.int64)))
        if self.separator is None:
            return first
        words = first.cast(pa.string())
        for _ in range(2):
            more = self.pool.take(pa.array(random.integers(0, self.cardinality, len(words))))
            more = more.cast(pa.string())
            more = pc.if_else(pa.array(random.random(len(words)) < 0.4), more, None)
            words = pc.binary_join_element_wise(words, more, self.separator, null_handling="skip")
        return words

    @cached_property
    def pool(self) -> pa.Array:
        """The raw value of each code or date."""
        if self.date is not None:
            first = (FIRST_DAY - date(1970, 1, 1)).days
            noons = (first - np.arange(1, _DATES + 1)) * DAY + DAY // 2
            return spelt_times(noons, self.date, "UTC", self.column_type)
        if self.column_type == "string":
            rest: list[Any] = [f"{self.prefix}{code}" for code in range(self.cardinality)]
        else:
            rest = list(range(self.cardinality))
        asked = [str(v) if self.column_type == "string" else v for v in self.literals]
        pool = [*asked, *(value for value in rest if value not in asked)]
        return pa.array(pool[: self.cardinality], ARROW_TYPES[self.column_type])

    def _numbers(self, latent: Latent, random: np.random.Generator) -> pa.Array:
        if self.boundaries:
            low, high = self.boundaries[0], self.boundaries[-1]
            margin = max((high - low) / len(self.boundaries), 1.0)
            numbers = np.interp(
                latent,
                np.linspace(0, 1, len(self.boundaries) + 2),
                [low - margin, *self.boundaries, high + margin],
            )
        else:
            numbers = self.unit * np.exp(6 * latent + random.normal(0, 0.2, len(latent)))
        if self.column_type == "int64":
            return pa.array(np.floor(numbers).astype(np.int64))
        return pa.array(np.round(numbers, 3).astype(np.float32))


def generated_columns(spec: FeatureSpec) -> dict[str, GeneratedColumn]:
    """How each raw column is made up that the spec needs, besides keys, time and binary labels."""
    literals = condition_literals(spec)
    dates = {date.column: date for date in spec.dates.values()}
    tables: dict[str, tuple[Table, str | None]] = {}
    for name, columns in spec.table_columns.items():
        for column, separator in columns.items():
            tables.setdefault(column, (spec.all_tables[name], separator))
    types = declared_types(spec)
    joins = [key for source in spec.sources.values() for key in source.keys]
    apart = {spec.keys.user, spec.keys.item, spec.time.column}
    apart |= {column for name in spec.binary_tasks for column in spec.tasks[name].label_columns}
    # Most of the numbers that a regression learns are then below its scale.
    units = {
        task.label_columns[0]: task.answer_scale / 200
        for task in spec.tasks.values()
        if not task.is_binary
    }
    found = {}
    for name in dict.fromkeys([*needed_columns(spec), *spec.outcomes, *types, *joins]):
        if name in apart:
            continue
        if name in dates:
            spelling = types.get(name, "int64" if dates[name].unit in _COUNTED else "string")
            found[name] = GeneratedColumn(name, "date", spelling, date=dates[name])
        else:
            key = Table(hash=_DEFAULT_CARDINALITY) if name in joins else None
            table, separator = tables.get(name, (key, None))
            found[name] = _column(
                name, table, separator, tuple(literals.get(name, ())), types.get(name)
            )
            if name in units:
                found[name] = replace(found[name], unit=units[name])
    return found


def condition_literals(spec: FeatureSpec) -> dict[str, list[Any]]:
    """The values that conditions compare each column with."""
    found: dict[str, list[Any]] = {}

    def collect(tree: tuple[Any, ...]) -> None:
        if tree[0] == "compare":
            values = found.setdefault(tree[1], [])
            if tree[3] not in values:
                values.append(tree[3])
        else:
            for part in tree[1:]:
                collect(part)

    conditions = [sequence.when for sequence in spec.sequences.values()]
    conditions += [task.mask for task in spec.tasks.values()]
    for condition in conditions:
        if condition is not None:
            collect(Condition.parse(condition).tree)
    return found


def declared_types(spec: FeatureSpec) -> dict[str, ColumnType]:
    """Types that the sources declare."""
    return {c: t for source in spec.sources.values() for c, t in source.types.items()}


def _column(
    name: str,
    table: Table | None,
    separator: str | None,
    literals: tuple[Any, ...],
    declared: ColumnType | None,
) -> GeneratedColumn:
    quoted = any(isinstance(literal, str) for literal in literals)
    prefix = f"{name}_"
    if table is not None and not table.is_numeric:
        spelling = declared or ("string" if separator or quoted else "int64")
        cardinality = table.hash or table.identity or table.size or _DEFAULT_CARDINALITY
        if table.identity is not None:
            prefix = ""
        return GeneratedColumn(
            name, "code", spelling, cardinality, literals, separator=separator, prefix=prefix
        )
    if table is None and (quoted or declared == "string"):
        return GeneratedColumn(name, "code", "string", 5 + len(literals), literals, prefix=prefix)
    boundaries = sorted(map(float, literals))
    if table is not None and table.boundaries is not None:
        boundaries = table.boundaries
    whole = bool(boundaries) and all(boundary.is_integer() for boundary in map(float, boundaries))
    return GeneratedColumn(
        name, "number", declared or ("int64" if whole else "float32"), boundaries=tuple(boundaries)
    )
