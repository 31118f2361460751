"""Tasks that weigh the same history with opposite signs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int16]
_SHARPNESS = 6.0
_OPPOSITION = 0.3
_AFFINITY_RANK = 8


@dataclass
class GeneratedConflict:
    """A part of each task's logit for which tasks of opposite sign need opposite attention.

    Every group of items has a relevance r between -1 and 1, and every pair of groups an affinity.
    A task of sign s reads the user's recent events through a softmax over s times their relevance:

        reading_s(c, H) = sum over h in H of softmax(sharpness * s * r_h) * affinity(c, h)
        part_s(c, H) = reading_s(c, H) - opposition * reading_-s(c, H)

    where c is the group of the candidate and H are the groups of the recent events. So an event
    that raises the logit of the tasks of one sign lowers that of the others. The part is made of
    mean 0 and deviation 1 over impressions, and multiplied by `strength` and by the deviation that
    the task's logit has without it. With no recent event it is 0.

    Why it takes different attention, and not different towers over one summary: were the part
    linear in the events (a signed sum of affinities), one summary would hold it, and the towers of
    opposite tasks would only read it with opposite signs. Here the two readings are means over
    different events, those at either end of the relevance. What attention of one sign keeps, the
    other's drops to exp(-2 * sharpness) of its weight; one softmax that covers both ends holds
    their mixture alone, in which the two cancel. A summary without attention would need, side by
    side, two sums whose terms differ by that factor, and each task's divisor, all within the width
    of one vector; task-specific attention needs one query a task.

    Args:
        signs: of every signal: 1.0, -1.0, or 0.0 for one that takes no part, float64 [signals].
        strength: at 0 there is no conflict, at 1 the part varies as much as the rest of the logit.
        groups: how many groups of items there are.
        random: source of relevance and affinity.

    Attributes:
        relevance: float64 [groups].
        affinity: float64 [groups, groups], of a candidate's group (rows) with an event's.
    """

    signs: Floats
    strength: float
    groups: int
    random: np.random.Generator

    def __post_init__(self) -> None:
        self.relevance: Floats = self.random.permutation(np.linspace(-1, 1, self.groups))
        rank = self.random.normal(size=(self.groups, _AFFINITY_RANK))
        rank /= np.linalg.norm(rank, axis=1, keepdims=True)
        products = rank @ rank.T
        # Of mean 0 for every candidate: what depends on the candidate alone needs no history.
        self.affinity: Floats = products - products.mean(axis=1, keepdims=True)
        self._mean = np.zeros(2)
        self._deviation = np.ones(2)
        self._scales = np.zeros(len(self.signs))

    def calibrate(self, candidates: Groups, recent: Groups, deviations: Floats) -> None:
        """Fix what is subtracted from the part and what it is multiplied by.

        Args:
            candidates: groups of typical candidates, [n].
            recent: groups of the recent events of their users, [n, events]; -1 for no event.
            deviations: of the rest of every signal's logit, [signals].
        """
        parts = self._opposed(candidates, recent)[(recent >= 0).any(axis=1)]
        if len(parts):
            self._mean = parts.mean(axis=0)
            self._deviation = np.maximum(parts.std(axis=0), 1e-9)
        self._scales = self.strength * deviations

    def parts(self, candidates: Groups, recent: Groups) -> Floats:
        """What to add to the logits, float64 [n, signals]; arguments as in `calibrate`."""
        parts = (self._opposed(candidates, recent) - self._mean) / self._deviation
        parts[(recent < 0).all(axis=1)] = 0.0
        of_signals = np.where(self.signs > 0, parts[:, :1], parts[:, 1:])
        found: Floats = of_signals * np.abs(self.signs) * self._scales
        return found

    def description(self) -> dict[str, Any]:
        """Everything that the part is computed from, as plain data."""
        return {
            "strength": self.strength,
            "sharpness": _SHARPNESS,
            "opposition": _OPPOSITION,
            "relevance": self.relevance.tolist(),
            "affinity": self.affinity.tolist(),
            "mean": self._mean.tolist(),
            "deviation": self._deviation.tolist(),
        }

    def _opposed(self, candidates: Groups, recent: Groups) -> Floats:
        """The part of sign 1 and of sign -1 before it is scaled, [n, 2]."""
        affinity = self.affinity[candidates[:, None], recent]
        readings = []
        for sign in (1.0, -1.0):
            weights = np.exp(_SHARPNESS * sign * self.relevance)[recent] * (recent >= 0)
            total = np.maximum(weights.sum(axis=1), 1e-300)
            readings.append((weights * affinity).sum(axis=1) / total)
        plus, minus = readings
        opposed: Floats = np.stack([plus - _OPPOSITION * minus, minus - _OPPOSITION * plus], axis=1)
        return opposed
