"""Users, items and what happens between them: the signal that is planted in generated logs."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.data.generated.conflict import GeneratedConflict, Groups

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
GROUPS = 20
_FACTORS = 4
_REMEMBERED = 10
_CALIBRATION_EVENTS = 8192
_EVENTS_BEFORE = 40
_CALIBRATION_ROUNDS = 3


class Impressions(NamedTuple):
    """What is shown to users, in time order, and what they do.

    Attributes:
        items: int64 [n].
        context: [n] in (0, 1).
        signals: bool [n, signals].
        probabilities: of the signals, [n, signals].
        conflict: the part of their logits that is of the conflict, [n, signals].
    """

    items: Integers
    context: Floats
    signals: npt.NDArray[np.bool_]
    probabilities: Floats
    conflict: Floats


class GeneratedWorld:
    """A logistic signal for each binary column, from four parts.

    Factors: the product of what the user likes and what the item has, weighted anew for each
    signal. Groups: an attribute of the item that item columns show. History: the share of the
    user's latest ten positives of the first signal that are of the item's group; a model without
    sequences cannot see it. Context: one number of the impression. Where tasks conflict, a fifth
    part: see `GeneratedConflict`.

    Args:
        users: how many.
        items: how many.
        rates: of each signal, about.
        random: source of everything but the conflict.
        conflict: between the signals; None for none.
    """

    def __init__(
        self,
        users: int,
        items: int,
        rates: Floats,
        random: np.random.Generator,
        conflict: GeneratedConflict | None = None,
    ):
        self._random = random
        self.user_factors = random.normal(size=(users, _FACTORS)).astype(np.float32)
        self.item_factors = random.normal(size=(items, _FACTORS)).astype(np.float32)
        self._taste = random.integers(0, GROUPS, (users, 2)).astype(np.int16)
        # Positions are ordered by group; the most popular items are the first of each.
        self._group_starts = np.arange(GROUPS + 1) * items // GROUPS
        self._item_at = random.permutation(items)
        self.item_groups = np.empty(items, np.int16)
        at = np.searchsorted(self._group_starts, np.arange(items), side="right") - 1
        self.item_groups[self._item_at] = at
        self._weights = random.normal(size=(len(rates), _FACTORS)) * 0.5
        self._group_effects = random.normal(size=(len(rates), GROUPS)) * 0.7
        self._history_effects = random.uniform(4.0, 7.0, len(rates))
        self._context_effects = random.uniform(-1.0, 1.0, len(rates))
        self._remembered = np.full((users, _REMEMBERED), -1, np.int16)
        self._next = np.zeros(users, np.int8)
        self._conflict = conflict
        length = conflict.recent.length if conflict is not None else 0
        self._recent = np.full((users, length), -1, np.int16)
        self._bias = self._calibrated(rates, users)

    def impressions(self, users: Integers) -> Impressions:
        """What is shown to [n] users, in time order, and what they do."""
        items, context = self._shown(users, self._random)
        scores = self._scores(users, items, context) + self._bias
        chances = self._random.random(scores.shape)
        conflict = np.zeros_like(scores)
        if self._conflict is not None:
            # A user's second event of these comes after the first: it reads that one too.
            for rows in _rounds(users):
                groups = self.item_groups[items[rows]]
                conflict[rows] = self._conflict.parts(groups, self._recent[users[rows]])
                signals = chances[rows] < _logistic(scores[rows] + conflict[rows])
                if self._conflict.recent.signal is not None:
                    rows = rows[signals[:, self._conflict.recent.signal]]
                here = users[rows]
                self._recent[here] = _shifted(self._recent[here], self.item_groups[items[rows]])
        probabilities = _logistic(scores + conflict)
        signals = chances < probabilities
        self._remember(users[signals[:, 0]], items[signals[:, 0]])
        return Impressions(items, context, signals, probabilities, conflict)

    def _shown(self, users: Integers, random: np.random.Generator) -> tuple[Integers, Floats]:
        """Half of the items from groups to the user's taste, popular ones more often."""
        count = len(users)
        liked = self._taste[users, random.integers(0, 2, count)]
        anywhere = random.integers(0, GROUPS, count)
        groups = np.where(random.random(count) < 0.5, liked, anywhere)
        starts, ends = self._group_starts[groups], self._group_starts[groups + 1]
        at = starts + (random.random(count) ** 3 * (ends - starts)).astype(np.int64)
        return self._item_at[np.minimum(at, len(self._item_at) - 1)], random.random(count)

    def _scores(self, users: Integers, items: Integers, context: Floats) -> Floats:
        affinity = self.user_factors[users] * self.item_factors[items]
        groups = self.item_groups[items]
        overlap = (self._remembered[users] == groups[:, None]).mean(axis=1)
        scores: Floats = affinity @ self._weights.T + self._group_effects[:, groups].T
        scores += self._history_effects * (overlap[:, None] - 0.2)
        scores += self._context_effects * (context[:, None] - 0.5)
        return scores

    def _remember(self, users: Integers, items: Integers) -> None:
        # Of several positives of one user in a call, the last stays.
        self._remembered[users, self._next[users]] = self.item_groups[items]
        self._next[users] = (self._next[users] + 1) % _REMEMBERED

    def _calibrated(self, rates: Floats, users: int) -> Floats:
        """The bias of each signal at which its mean probability is its rate."""
        some = self._random.integers(0, users, _CALIBRATION_EVENTS)
        items, context = self._shown(some, self._random)
        scores = self._scores(some, items, context)
        deviations = scores.std(axis=0)
        scores += 0.15 * self._history_effects
        bias = _bias(scores, rates)
        if self._conflict is None:
            return bias
        # The conflict changes which events the users remember, on which it depends.
        groups = self.item_groups[items]
        for _ in range(_CALIBRATION_ROUNDS):
            recent = self._imagined_recent(some, bias, self._conflict)
            self._conflict.calibrate(groups, recent, deviations)
            bias = _bias(scores + self._conflict.parts(groups, recent), rates)
        return bias

    def _imagined_recent(
        self, users: Integers, bias: Floats, conflict: GeneratedConflict
    ) -> Groups:
        """Groups of recent events that [n] users may have, [n, length]."""
        recent = np.full((len(users), conflict.recent.length), -1, np.int16)
        for _ in range(_EVENTS_BEFORE):
            items, context = self._shown(users, conflict.random)
            groups = self.item_groups[items]
            holds = np.ones(len(users), bool)
            if conflict.recent.signal is not None:
                scores = self._scores(users, items, context) + 0.15 * self._history_effects + bias
                probabilities = _logistic(scores + conflict.parts(groups, recent))
                chances = conflict.random.random(len(users))
                holds = chances < probabilities[:, conflict.recent.signal]
            recent[holds] = _shifted(recent[holds], groups[holds])
        return recent


def _shifted(recent: Groups, groups: Groups) -> Groups:
    """Forget the oldest of [n, length] recent events for [n] new ones."""
    return np.concatenate([recent[:, 1:], groups[:, None]], axis=1)


def _rounds(users: Integers) -> list[Integers]:
    """Rows in which nobody comes twice: everybody's first, everybody's second, ..."""
    order = np.argsort(users, kind="stable")
    ordered = users[order]
    starts = np.searchsorted(ordered, ordered)
    step = np.empty(len(users), np.int64)
    step[order] = np.arange(len(users)) - starts
    by_step = np.argsort(step, kind="stable")
    return np.split(by_step, np.cumsum(np.bincount(step))[:-1]) if len(users) else []


def _bias(scores: Floats, rates: Floats) -> Floats:
    """What to add to [n, signals] scores for mean probabilities of [signals] rates."""
    low, high = np.full(len(rates), -20.0), np.full(len(rates), 20.0)
    for _ in range(40):
        middle = (low + high) / 2
        above = _logistic(scores + middle).mean(axis=0) > rates
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    bias: Floats = (low + high) / 2
    return bias


def _logistic(scores: Floats) -> Floats:
    probabilities: Floats = 1 / (1 + np.exp(-scores))
    return probabilities
