"""The optimiser that a spec's `training` block describes."""

from typing import Any

import keras

from infnet_keras.models.decaying_rate import DecayingRate
from infnet_keras.spec.options import TrainingOptions


def build_optimizer(options: TrainingOptions, total_steps: int | None = None) -> Any:
    """A Keras optimiser with its learning rate schedule.

    `clip_norm` bounds the norm of the whole gradient, not of each variable's. Loss scaling for
    mixed_float16 is added by `compile`.

    Args:
        options: `spec.training`.
        total_steps: training steps of the whole run, None where the data are not known: a
            cosine schedule learns them when a fit begins.
    """
    arguments: dict[str, Any] = {
        "learning_rate": _learning_rate(options, total_steps),
        "global_clipnorm": options.clip_norm,
    }
    match options.optimizer:
        case "adam":
            return keras.optimizers.Adam(**arguments)
        case "adamw":
            return keras.optimizers.AdamW(weight_decay=options.weight_decay, **arguments)
        case "adagrad":
            return keras.optimizers.Adagrad(**arguments)
        case "sgd":
            return keras.optimizers.SGD(**arguments)


def schedule_of(optimizer: Any) -> DecayingRate | None:
    """The schedule of an optimiser that `build_optimizer` made, or of one loaded from a file."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)  # of a loss scaling one
    rate = getattr(inner, "_learning_rate", None)  # the public property gives its value alone
    return rate if isinstance(rate, DecayingRate) else None


def _learning_rate(options: TrainingOptions, total_steps: int | None) -> Any:
    schedule = options.schedule
    if schedule.decay == "constant" and schedule.warmup_steps == 0:
        return options.learning_rate
    total = schedule.steps or total_steps
    if total is not None and schedule.warmup_steps >= total:
        total = None  # the fit, which knows its own length, refuses it
    return DecayingRate(
        options.learning_rate,
        schedule.warmup_steps,
        cosine=schedule.decay == "cosine",
        final=schedule.final,
        total_steps=total,
        fixed=schedule.steps is not None,
    )
