"""PLE: levels of experts, some of one task alone and some that all tasks share."""

from __future__ import annotations

from typing import Any

import keras

from infnet_keras.layers import CustomizedGateControl
from infnet_keras.models.joined_model import JoinedModel
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
        Tang et al., Progressive layered extraction (PLE): a novel multi-task learning model for
        personalized recommendations, RecSys 2020, sections 4.1 (CGC, one level) and 4.2. Its
        experts have a single layer, as here by default; the numbers of levels and experts it tunes
        for each data set. Its weights of the tasks' losses are not part of the model here.
    """

    def build_layers(self) -> int:
        options = self.options(PLEOptions)
        units = options.expert_hidden[-1]
        self.levels = []
        tasks: Any = (None, self.joined_width)
        shared = tasks
        for index in range(options.levels):
            level = CustomizedGateControl(
                len(self.tasks),
                options.task_experts,
                options.shared_experts,
                options.expert_hidden,
                options.dropout,
                shared_gate=index < options.levels - 1,
                dtype=self.dtype_policy,
                name=f"level_{index}",
            )
            level.build(tasks, shared)
            self.levels.append(level)
            tasks, shared = (None, len(self.tasks), units), (None, units)
        return units

    def named_axes(self) -> list[NamedAxis]:
        axes = super().named_axes()
        for index, level in enumerate(self.levels):
            own, common, gates = level.own, level.common, level.task_gates
            axes += [NamedAxis(each, 0, self.tasks) for each in (*own.weights, *gates.weights)]
            read = [own.kernels[0], common.kernels[0], gates.kernel]
            if level.gate_of_all is not None:
                kernel = level.gate_of_all.kernel
                axes.append(NamedAxis(kernel, 2, self._names_of_experts(level)))
                read.append(kernel)
            if index == 0:
                axes += [NamedAxis(each, 1, self.input_names) for each in read]
        return axes

    def _names_of_experts(self, level: CustomizedGateControl) -> list[str]:
        own = [f"{task} {i}" for task in self.tasks for i in range(level.task_experts)]
        return own + [str(i) for i in range(level.shared_experts)]

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        tasks = shared = joined["embeddings"]
        *levels, last = self.levels
        for level in levels:
            tasks, shared = level(tasks, shared, training=training)
        return last(tasks, shared, training=training)
