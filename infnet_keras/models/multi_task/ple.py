"""PLE: levels of experts, some of one task alone and some that all tasks share."""

from __future__ import annotations

from typing import Any

import keras

from infnet_keras.models.joined_model import JoinedModel
from infnet_keras.models.multi_task.extraction import (
    extract,
    extraction_axes,
    extraction_levels,
)
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import PLEOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class PLE(JoinedModel):
    """y_k = tower_k(x_k) after levels of (x_1, ..., x_K, x_s) -> (x_1, ..., x_K, x_s).

    All of them begin as x, as `JoinedModel` says. On a level, task k weighs its own experts of x_k
    and the shared ones of x_s by a gate of x_k; the shared gate, of x_s, weighs the experts of all
    tasks and the shared ones. The last level has no shared gate.

    Args, attributes, call and errors are those of `SpecModel`; the options those of `PLEOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "ple"})
        >>> from_spec(spec).name
        'ple'

    Reference:
        Tang et al., Progressive layered extraction (PLE): a novel multi-task learning (MTL) model
        for personalized recommendations, RecSys 2020, sections 4.1 (CGC, one level) and 4.2. Its
        experts have a single layer, as here by default; the numbers of levels and experts it tunes
        for each data set. Its weights of the tasks' losses are not part of the model here.
    """

    def build_layers(self) -> int:
        options = self.options(PLEOptions)
        self.levels = extraction_levels(
            options, len(self.tasks), self.joined_width, self.dtype_policy
        )
        return options.expert_hidden[-1]

    def named_axes(self) -> list[NamedAxis]:
        levels = extraction_axes(self.levels, self.tasks, self.input_names)
        return [*super().named_axes(), *levels]

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        return extract(self.levels, joined["embeddings"], training)
