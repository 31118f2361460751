"""The learning rate that a spec's `training.schedule` describes."""

import math
from typing import Any

import keras
from keras import ops

from infnet_keras.errors import ModelError


@keras.saving.register_keras_serializable(package="infnet_keras")
class DecayingRate(keras.optimizers.schedules.LearningRateSchedule):
    """Rises in a line to its peak, then stays there or falls along half a cosine.

    A cosine may learn how many steps there are when a fit begins (`learn`), as the data and the
    number of epochs are not known before.

    Args:
        peak: the rate after the warm-up.
        warmup_steps: steps in which it rises from 0.
        cosine: whether it falls after the warm-up.
        final: where it ends, as a fraction of the peak.
        total_steps: steps until the end, the warm-up included; None where not known yet.
        first_step: the optimiser's step at which the schedule begins.
        fixed: whether `total_steps` was told, so that it is not learnt.

    Call:
        step: int scalar, of the optimiser.
        Returns the rate, a float32 scalar.

    Raises:
        ModelError: a rate is asked for while the number of steps is not known.

    Example:
        >>> rate = DecayingRate(0.1, warmup_steps=2, cosine=True, total_steps=4)
        >>> [round(float(rate(step)), 3) for step in range(5)]
        [0.0, 0.05, 0.1, 0.05, 0.0]

    Reference:
        Loshchilov and Hutter, SGDR, arXiv 1608.03983 (without restarts).
    """

    def __init__(
        self,
        peak: float,
        warmup_steps: int = 0,
        cosine: bool = False,
        final: float = 0.0,
        total_steps: int | None = None,
        first_step: int = 0,
        fixed: bool = False,
    ) -> None:
        super().__init__()
        self.peak = peak
        self.warmup_steps = warmup_steps
        self.cosine = cosine
        self.final = final
        self.total_steps = total_steps
        self.first_step = first_step
        self.fixed = fixed

    @property
    def learns(self) -> bool:
        """Whether a fit tells it how many steps there are."""
        return self.cosine and not self.fixed

    def learn(self, total_steps: int | None, first_step: int) -> bool:
        """Take in what a fit knows; whether that changed anything.

        Args:
            total_steps: steps of the fit; None where its data have no length.
            first_step: step of the optimiser at which the fit's first epoch begins, or began.

        Raises:
            ModelError: the number is not known, or the warm-up takes all of it.
        """
        if total_steps is None:
            raise ModelError(
                "training.schedule: cosine decay needs to know how many steps a run takes, and "
                "the data have no length; set training.schedule.steps, or give fit steps_per_epoch"
            )
        if self.warmup_steps >= total_steps:
            raise ModelError(
                f"training.schedule: warmup_steps is {self.warmup_steps}, the whole run takes "
                f"{total_steps} steps; nothing is left to decay in"
            )
        changed = (total_steps, first_step) != (self.total_steps, self.first_step)
        self.total_steps, self.first_step = total_steps, first_step
        return changed

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32") - self.first_step
        rising = self.peak * step / max(self.warmup_steps, 1)
        if not self.cosine:
            return ops.minimum(rising, self.peak) if self.warmup_steps else self.peak + 0.0 * step
        if self.total_steps is None:
            raise ModelError(
                "training.schedule: cosine decay does not know yet how many steps a run takes; "
                "train with fit, or set training.schedule.steps"
            )
        done = (step - self.warmup_steps) / (self.total_steps - self.warmup_steps)
        height = 0.5 * (1.0 + ops.cos(math.pi * ops.clip(done, 0.0, 1.0)))
        falling = self.peak * (self.final + (1.0 - self.final) * height)
        return ops.where(step < self.warmup_steps, rising, falling)

    def get_config(self) -> dict[str, Any]:
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "cosine": self.cosine,
            "final": self.final,
            "total_steps": self.total_steps,
            "first_step": self.first_step,
            "fixed": self.fixed,
        }
