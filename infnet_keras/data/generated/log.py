"""The rows of generated sources: columns of users and items, and a log of impressions."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.generated.behaviour import recent_events
from infnet_keras.data.generated.column import (
    FIRST_DAY,
    GeneratedColumn,
    condition_literals,
    declared_types,
    generated_columns,
)
from infnet_keras.data.generated.conflict import GeneratedConflict
from infnet_keras.data.generated.generated_keys import GeneratedKeys
from infnet_keras.data.generated.sources import column_source
from infnet_keras.data.generated.world import (
    GROUPS,
    Floats,
    GeneratedWorld,
    Impressions,
    Integers,
)
from infnet_keras.data.raw.values.as_numpy import as_numpy
from infnet_keras.data.raw.values.conversion import ARROW_TYPES
from infnet_keras.features.calendar import DAY
from infnet_keras.features.numpy.clock import to_epoch_ms
from infnet_keras.features.numpy.spelt_times import spelt_times
from infnet_keras.spec import Condition, FeatureSpec, Time
from infnet_keras.spec.sources import ColumnType
from infnet_keras.spec.tasks import Task

DAYS = 14
_CHUNK_EVENTS = 1 << 18
_FEWEST_AT_ONCE, _MOST_AT_ONCE = 256, 8192
_MISSING = 0.02
_HIGHEST_RATE, _LOWEST_RATE = 0.35, 0.04
_LARGEST_CATALOGUE = 100_000


class LogPiece(NamedTuple):
    """Consecutive rows of the log, and what they were drawn from: see `TruthWriter`."""

    rows: pa.Table
    truth: pa.Table


class GeneratedLog:
    """Sources made up for a spec; side tables first, then the log, each once.

    Args:
        spec: which columns there are.
        users: how many.
        events: rows of the log.
        seed: of everything random.
        conflict: its strength; at 0 there is none.

    Raises:
        DataError: tasks shall conflict over events of which no sequence of the spec holds any.
    """

    def __init__(
        self, spec: FeatureSpec, users: int, events: int, seed: int, conflict: float = 0.0
    ):
        self._spec = spec
        self._keys_of = GeneratedKeys.of(spec)
        self._users = users
        self._events = events
        self._seed = seed
        self._random = np.random.default_rng(seed)
        self._columns = generated_columns(spec)
        self._signals = _signals(spec, self._keys_of, self._columns)
        sizes = (
            spec.all_tables[name].size
            for name, columns in spec.table_columns.items()
            if spec.keys.item in columns
        )
        most = next(sizes, None) or _LARGEST_CATALOGUE
        self._items = max(min(most, events // 20), 2 * GROUPS)
        rates = np.geomspace(_HIGHEST_RATE, _LOWEST_RATE, max(len(self._signals), 2))
        self._conflict = None
        if conflict:
            labels = list(self._signs)
            signs = [self._signs.get(signal, 0) for signal in self._signals]
            axes = [labels.index(s) // 2 if s in labels else 0 for s in self._signals]
            random = np.random.default_rng([seed, crc32(b"conflict")])
            self._conflict = GeneratedConflict(
                recent_events(spec, self._signals),
                np.array(signs),
                np.array(axes),
                conflict,
                GROUPS,
                random,
            )
        rates = rates[: len(self._signals)]
        self._world = GeneratedWorld(users, self._items, rates, self._random, self._conflict)
        self._entity_values: dict[str, pa.Array] = {}

    @property
    def _signs(self) -> dict[str, int]:
        """Label -> sign of its tasks: they alternate in the spec's order."""
        labels = dict.fromkeys(self._keys_of.labels.values())
        return {label: 1 - 2 * (place % 2) for place, label in enumerate(labels)}

    def conflict_truth(self) -> dict[str, Any]:
        """What the tasks' conflict is computed from, as plain data."""
        conflict = {"strength": 0.0} if self._conflict is None else self._conflict.description()
        signs = {name: self._signs[label] for name, label in self._keys_of.labels.items()}
        return {**conflict, "signs": signs}

    def items_truth(self) -> pa.Table:
        """The group of every item."""
        key = self._spec.keys.item
        groups = self._world.item_groups
        return pa.table({key: self._keys(key), "group": pa.array(groups)})

    def side_table(self, source: str) -> pa.Table:
        """A row for every key of a joined source."""
        key = self._keys_of.joins[source]
        keys = self._keys(key)
        columns = {key: keys}
        for name, column in self._columns.items():
            if name != key and column_source(self._spec, name) == source:
                columns[name] = self._of_entities(column, key, len(keys))
        return pa.table(columns)

    def log_pieces(self) -> Iterator[LogPiece]:
        """The log, piece by piece, in its order."""
        if self._spec.time.row_order == "user":
            yield from self._by_user()
            return
        for start in range(0, self._events, _CHUNK_EVENTS):
            count = min(_CHUNK_EVENTS, self._events - start)
            yield self._piece(self._drawn_users(count), start)

    def _by_user(self) -> Iterator[LogPiece]:
        counts = np.zeros(self._users, np.int64)
        for start in range(0, self._events, _CHUNK_EVENTS):
            count = min(_CHUNK_EVENTS, self._events - start)
            counts += np.bincount(self._drawn_users(count), minlength=self._users)
        before = np.cumsum(counts) - counts
        chunks = before // _CHUNK_EVENTS
        for chunk in np.unique(chunks):
            here = np.flatnonzero(chunks == chunk)
            users = np.repeat(here, counts[here])
            if not len(users):
                continue
            step = np.arange(len(users)) - np.repeat(before[here] - before[here[0]], counts[here])
            in_time = np.argsort(step, kind="stable")
            piece = self._piece(users[in_time], int(before[here[0]]))
            by_user = pa.array(np.argsort(in_time))
            yield LogPiece(*(table.take(by_user) for table in piece))

    def _drawn_users(self, count: int) -> Integers:
        """Some users come more often than others."""
        drawn: Integers = (self._random.random(count) ** 1.5 * self._users).astype(np.int64)
        return drawn

    def _piece(self, users: Integers, start: int) -> LogPiece:
        at_once = min(max(self._users // 2, _FEWEST_AT_ONCE), _MOST_AT_ONCE)
        parts = [
            self._world.impressions(users[first : first + at_once])
            for first in range(0, len(users), at_once)
        ]
        shown = Impressions(*(np.concatenate(part) for part in zip(*parts, strict=True)))
        items, context, signals = shown.items, shown.context, shown.signals
        keys = self._keys_of
        columns = {
            keys.user: self._keys(keys.user).take(pa.array(users)),
            keys.item: self._keys(keys.item).take(pa.array(items)),
        }
        if self._spec.time.column is not None:
            position = np.arange(start, start + len(users)) + self._random.random(len(users))
            columns[self._spec.time.column] = self._times(position / self._events)
        types = declared_types(self._spec)
        for name, signal in zip(self._signals, signals.T, strict=True):
            columns[name] = pa.array(signal).cast(ARROW_TYPES[types.get(name, "int64")])
        entities = {keys.user: users, keys.item: items}
        fields = self._spec.input_columns
        for name, column in self._columns.items():
            if name in columns or column_source(self._spec, name) != self._spec.log_source:
                continue
            key = self._entity_key(name)
            if key is not None:
                columns[name] = self._value_at(name, key, entities[key])
            elif name in fields:
                columns[name] = column.values(context, self._random)
                context = self._random.random(len(users))  # the signal depends on the first alone
            else:  # known afterwards: larger where something happened
                latent = 0.6 * self._random.random(len(users)) + 0.4 * signals[:, 0]
                columns[name] = column.values(latent, self._random)
        truth = {key: columns[key] for key in (keys.user, keys.item)}
        for name in keys.labels:
            task = self._spec.tasks[name]
            held = self._mask(task, columns, entities)
            label = columns[keys.labels[name]]
            # Nothing is positive where its task says that it cannot be.
            columns[keys.labels[name]] = pc.if_else(held, label, pa.scalar(0, label.type))
            signal = self._signals.index(keys.labels[name])
            probability = pa.array(shown.probabilities[:, signal])
            truth[f"probability:{name}"] = pc.if_else(held, probability, None)
            truth[f"conflict:{name}"] = pa.array(shown.conflict[:, signal])
        return LogPiece(pa.table(columns), pa.table(truth))

    def _mask(
        self, task: Task, columns: dict[str, pa.Array], entities: dict[str, Integers]
    ) -> pa.Array:
        """For which rows a task's mask holds."""
        if task.mask is None:
            return pa.array(np.ones(len(entities[self._keys_of.user]), bool))
        condition = Condition.parse(task.mask)
        read = {}
        for name in condition.columns:
            key = self._entity_key(name)
            values = columns[name] if key is None else self._value_at(name, key, entities[key])
            read[name] = as_numpy(values)
        return pa.array(condition.evaluate(read))

    def _entity_key(self, column: str) -> str | None:
        """The key of whoever a column belongs to; None for the impression itself."""
        keys = {"user": self._keys_of.user, "item": self._keys_of.item}
        if column in self._signals or column == self._spec.time.column:
            return None
        source = column_source(self._spec, column)
        return self._keys_of.joins.get(source) or keys.get(self._spec.column_side(column))

    def _value_at(self, column: str, key: str, rows: Integers) -> pa.Array:
        if column not in self._entity_values:
            values = self._of_entities(self._columns[column], key, len(self._keys(key)))
            self._entity_values[column] = values
        return self._entity_values[column].take(pa.array(rows))

    def _keys(self, column: str) -> pa.Array:
        """Every value of a key."""
        counts = {self._keys_of.user: self._users, self._keys_of.item: self._items}
        if column not in counts:
            return self._columns[column].pool
        if column not in self._entity_values:
            spelling = declared_types(self._spec).get(column, "int64")
            key = GeneratedColumn(column, "code", spelling, counts[column], prefix=f"{column}_")
            self._entity_values[column] = key.pool
        return self._entity_values[column]

    def _of_entities(self, column: GeneratedColumn, key: str, count: int) -> pa.Array:
        random = np.random.default_rng([self._seed, crc32(column.name.encode())])
        latent = self._latent(key, count, random)
        values = column.values(latent, random)
        return pc.if_else(pa.array(random.random(count) < _MISSING), None, values)

    def _latent(self, key: str, count: int, random: np.random.Generator) -> Floats:
        """What a column shows of its entity: a factor of the user, the group of the item."""
        noise = random.random(count)
        if key == self._spec.keys.user:
            factor = self._world.user_factors[:, random.integers(self._world.user_factors.shape[1])]
            shown = 0.8 * factor + 0.6 * random.normal(size=count)
            return np.minimum(1 / (1 + np.exp(-1.7 * shown.astype(np.float64))), 1 - 1e-9)
        if key == self._spec.keys.item:
            place = random.permutation(GROUPS)[self._world.item_groups]
            return np.where(random.random(count) < 0.15, noise, (place + noise) / GROUPS)
        return noise

    def _times(self, fractions: Floats) -> pa.Array:
        time = self._spec.time
        local_midnight = Time(column="first_day", unit="iso8601", timezone=time.timezone)
        first = to_epoch_ms(pa.array([str(FIRST_DAY)]), local_midnight)[0]
        instants: npt.NDArray[np.int64] = first + (fractions * (DAYS * DAY)).astype(np.int64)
        inferred: ColumnType = "string" if time.is_text else "int64"
        column_type = declared_types(self._spec).get(str(time.column), inferred)
        return spelt_times(instants, time, time.timezone, column_type)


def _signals(
    spec: FeatureSpec, keys: GeneratedKeys, columns: dict[str, GeneratedColumn]
) -> list[str]:
    """Labels, and what conditions compare with 0 and 1 alone and no field reads."""
    literals = condition_literals(spec)
    labels = keys.labels.values()
    binary = [
        name
        for name in columns
        if name in literals and name not in spec.input_columns and set(literals[name]) <= {0, 1}
    ]
    return list(dict.fromkeys([*labels, *binary]))
