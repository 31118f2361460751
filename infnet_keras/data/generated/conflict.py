"""Tasks that weigh the same history with opposite signs."""

from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.data.generated.behaviour import RecentEvents

Floats = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int16]
_SHARPNESS = 12.0
_OPPOSITION = 0.3
_AFFINITY_RANK = 4
_ALIKE = 4.0


class GeneratedConflict:
    """A part of each task's logit for which opposite tasks need opposite attention.

    The spec's tasks make pairs in their order, of sign s = 1 and -1. Every pair has an axis: a
    relevance r between -1 and 1 of every group of items. Every candidate has an affinity with every
    event, by their groups, that all tasks share. A task reads the user's recent events through a
    softmax over s times their relevance:

        reading_s(c, H) = sum over h in H of softmax(sharpness * s * r_h) * affinity(c, h)
        part_s(c, H) = reading_s(c, H) - opposition * reading_-s(c, H)

    where c is the candidate's group and H are the groups of the recent events. So an event that
    raises the logit of one task of a pair lowers that of the other. The part is made of mean 0 and
    deviation 1 over impressions, and multiplied by `strength` and by the deviation that the task's
    logit has without it. With no recent event it is 0.

    Why it takes different attention, and not different towers over one summary: were the part
    linear in the events (a signed sum of affinities), one summary would hold it, and the towers of
    opposite tasks would only read it with opposite signs. Here a task's reading is a mean over
    other events than its opposite's: those at the other end of the axis, which weigh exp(-2 *
    sharpness) of its own. The softmax that suits one task loses what the other needs. One that
    covers all ends holds their mixture, in which the opposite tasks' events cancel unless its
    values keep them apart: for every end the events' affinities with all candidates (`rank` many
    numbers) and their share, by which a tower has to divide. All that stands in one vector, where a
    task with attention of its own needs room for one reading.

    Args:
        recent: which events are read.
        signs: of every signal: 1, -1, or 0 for one that takes no part, int64 [signals].
        axes: of every signal, which axis it reads along, int64 [signals].
        strength: at 0 there is no conflict, at 1 the part varies as much as the rest of the logit.
        groups: how many groups of items there are.
        random: source of relevance and affinity.

    Attributes:
        relevance: float64 [axes, groups].
        affinity: float64 [groups, groups], of a candidate's group (rows) with an event's.
    """

    def __init__(
        self,
        recent: RecentEvents,
        signs: npt.NDArray[np.int64],
        axes: npt.NDArray[np.int64],
        strength: float,
        groups: int,
        random: np.random.Generator,
    ):
        self.recent = recent
        self.random = random
        self._signs = signs
        self._axes = axes
        self._strength = strength
        ends = np.tile(np.linspace(-1, 1, groups), (axes.max() + 1, 1))
        self.relevance: Floats = random.permuted(ends, axis=1)
        # Most of the affinity is with every candidate alike, which is the easier part to learn.
        alike = _ALIKE * np.eye(1, _AFFINITY_RANK)
        candidates = alike + _directions(groups, random)
        events = _directions(groups, random)
        self.affinity: Floats = candidates @ (events - events.mean(axis=0)).T
        self._mean = np.zeros(len(signs))
        self._scale = np.zeros(len(signs))

    def calibrate(self, candidates: Groups, recent: Groups, deviations: Floats) -> None:
        """Fix what is subtracted from the part and what it is multiplied by.

        Args:
            candidates: groups of typical candidates, [n].
            recent: groups of the recent events of their users, [n, events]; -1 for no event.
            deviations: of the rest of every signal's logit, [signals].
        """
        parts = self._unscaled(candidates, recent)[(recent >= 0).any(axis=1)]
        if len(parts):
            self._mean = parts.mean(axis=0)
            self._scale = self._strength * deviations / np.maximum(parts.std(axis=0), 1e-9)

    def parts(self, candidates: Groups, recent: Groups) -> Floats:
        """What to add to the logits, float64 [n, signals]; arguments as in `calibrate`."""
        parts: Floats = (self._unscaled(candidates, recent) - self._mean) * self._scale
        parts[(recent < 0).all(axis=1)] = 0.0
        parts[:, self._signs == 0] = 0.0
        return parts

    def description(self) -> dict[str, Any]:
        """What the parts are computed from, as plain data."""
        return {
            "strength": self._strength,
            "sequence": self.recent.sequence,
            "events": self.recent.length,
            "sharpness": _SHARPNESS,
            "opposition": _OPPOSITION,
            "relevance": self.relevance.tolist(),
            "affinity": self.affinity.tolist(),
        }

    def _unscaled(self, candidates: Groups, recent: Groups) -> Floats:
        """The parts of [n, signals], of any mean and deviation."""
        affinity = self.affinity[candidates[:, None], recent]

        def reading(axis: int, sign: int) -> Floats:
            weights = np.exp(_SHARPNESS * sign * self.relevance[axis])[recent] * (recent >= 0)
            total = np.maximum(weights.sum(axis=1), 1e-300)
            found: Floats = (weights * affinity).sum(axis=1) / total
            return found

        parts = [
            reading(axis, sign) - _OPPOSITION * reading(axis, -sign)
            for axis, sign in zip(self._axes.tolist(), self._signs.tolist(), strict=True)
        ]
        return np.stack(parts, axis=1)


def _directions(count: int, random: np.random.Generator) -> Floats:
    """Unit vectors [count, rank]."""
    vectors = random.normal(size=(count, _AFFINITY_RANK))
    found: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return found
