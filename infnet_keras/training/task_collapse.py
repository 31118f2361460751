"""Whether the tasks of a model that is being trained end up with one and the same token."""

from typing import Any

from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.evaluation import sample_inputs
from infnet_keras.evaluation.collapse import CollapseGauge
from infnet_keras.evaluation.sample import BATCH_SIZE
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.models import INFNetOptions
from infnet_keras.training.training_state import Evaluation

COLLAPSED = 0.98
_SAMPLE = 2048


class TaskCollapse:
    """The centred cosine between the task tokens as they leave a model's last block.

    Measured on the same impressions of the validation split each time, which are kept in memory.

    Args:
        model: the model that is trained; one without blocks of task tokens has no cosine.
        data: its split `valid` is sampled.
        batch_size: of training; no larger batches are asked for.
    """

    def __init__(self, model: Any, data: Impressions, batch_size: int) -> None:
        self._gauge = CollapseGauge(model)
        self._sample: list[Any] = []
        if self._gauge.applies:
            self._sample += sample_inputs(data, "valid", _SAMPLE, min(BATCH_SIZE, batch_size))

    def cosine(self) -> float | None:
        """The mean cosine between two tasks now; None where there are none to compare."""
        return self._gauge.measure(self._sample)[-1].task_cosine if self._gauge.applies else None


def collapse_warning(spec: FeatureSpec, evaluation: Evaluation | None) -> str | None:
    """What to say of a model whose tasks have collapsed; None where they have not.

    Args:
        spec: what was trained.
        evaluation: of the model that the run keeps.
    """
    cosine = None if evaluation is None else evaluation.task_cosine
    if cosine is None or cosine <= COLLAPSED:
        return None
    return (
        f"the task tokens have collapsed: they leave the last block with a centred cosine of "
        f"{cosine:.4f} to one another on the validation split (above {COLLAPSED}), so all towers "
        "read the same of an impression, and what the blocks do for each task takes no part. "
        f"{_advice(spec)}; `infnet evaluate attention` shows it block by block"
    )


def _advice(spec: FeatureSpec) -> str:
    options = spec.model
    assert isinstance(options, INFNetOptions)
    if options.without in ("task_tokens", "attention"):
        return f"The ablation `model.without: {options.without}` makes them so"
    if options.variant != "default":
        return "Set `model.variant: default`, or `model.residual: true` and `model.task_scale: 1.0`"
    changes = [] if options.residual else ["`model.residual: true`"]
    changes += ["`model.task_scale: 1.0`"] if options.task_scale < 1.0 else []
    return f"Set {' and '.join(changes) or 'a larger `model.task_scale`'}"
