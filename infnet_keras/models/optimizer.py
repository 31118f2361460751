"""The optimiser that a spec's `training` block describes."""

from typing import Any

import keras

from infnet_keras.errors import SpecError
from infnet_keras.spec.options import TrainingOptions


def build_optimizer(options: TrainingOptions, total_steps: int | None) -> Any:
    """A Keras optimiser with its learning rate schedule.

    `clip_norm` bounds the norm of the whole gradient, not of each variable's. Loss scaling for
    mixed_float16 is added by `compile`.

    Args:
        options: `spec.training`.
        total_steps: training steps of the whole run, None where the data are not known.

    Raises:
        SpecError: cosine decay without known data, or a warm-up longer than the run.
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


def _learning_rate(options: TrainingOptions, total_steps: int | None) -> Any:
    schedule = options.schedule
    if schedule.decay == "cosine":
        if total_steps is None:
            raise SpecError(
                "training.schedule: cosine decay needs to know how many steps a run takes; give "
                "from_spec the prepared data, or use decay: constant"
            )
        if schedule.warmup_steps >= total_steps:
            raise SpecError(
                f"training.schedule: warmup_steps is {schedule.warmup_steps}, the whole run takes "
                f"{total_steps} steps; nothing is left to decay in"
            )
        decay_steps, final = total_steps - schedule.warmup_steps, schedule.final
    elif schedule.warmup_steps == 0:
        return options.learning_rate
    else:
        decay_steps, final = 1, 1.0  # decays to the whole of itself: constant after the warm-up
    if schedule.warmup_steps == 0:
        return keras.optimizers.schedules.CosineDecay(
            options.learning_rate, decay_steps, alpha=final
        )
    return keras.optimizers.schedules.CosineDecay(
        0.0,
        decay_steps,
        alpha=final,
        warmup_target=options.learning_rate,
        warmup_steps=schedule.warmup_steps,
    )
