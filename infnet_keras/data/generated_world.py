"""Users, items and what happens between them: the signal that is planted in generated logs."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
GROUPS = 20
_FACTORS = 4
_REMEMBERED = 10
_CALIBRATION_EVENTS = 8192


class GeneratedWorld:
    """A logistic signal for each binary column, from four parts.

    Factors: the product of what the user likes and what the item has, weighted anew for each
    signal. Groups: an attribute of the item that item columns show. History: the share of the
    user's latest ten positives of the first signal that are of the item's group; a model without
    sequences cannot see it. Context: one number of the impression.

    Args:
        users: how many.
        items: how many.
        rates: of each signal, about.
        random: source of everything.
    """

    def __init__(self, users: int, items: int, rates: Floats, random: np.random.Generator):
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
        self._bias = self._calibrated(rates, users)

    def impressions(self, users: Integers) -> tuple[Integers, Floats, npt.NDArray[np.bool_]]:
        """What is shown to [n] users, in time order, and what they do.

        Returns:
            items: int64 [n].
            context: [n] in (0, 1).
            signals: bool [n, signals].
        """
        items, context = self._shown(users)
        scores = self._scores(users, items, context) + self._bias
        signals = self._random.random(scores.shape) < _logistic(scores)
        self._remember(users[signals[:, 0]], items[signals[:, 0]])
        return items, context, signals

    def _shown(self, users: Integers) -> tuple[Integers, Floats]:
        """Half of the items from groups to the user's taste, popular ones more often."""
        count = len(users)
        liked = self._taste[users, self._random.integers(0, 2, count)]
        anywhere = self._random.integers(0, GROUPS, count)
        groups = np.where(self._random.random(count) < 0.5, liked, anywhere)
        starts, ends = self._group_starts[groups], self._group_starts[groups + 1]
        at = starts + (self._random.random(count) ** 3 * (ends - starts)).astype(np.int64)
        return self._item_at[np.minimum(at, len(self._item_at) - 1)], self._random.random(count)

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
        scores = self._scores(some, *self._shown(some)) + 0.15 * self._history_effects
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
