"""PLE's levels of experts, for the models that have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infnet_keras.layers import CustomizedGateControl
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models.multi_task.extraction_options import ExtractionOptions


def extraction_levels(
    options: ExtractionOptions, num_tasks: int, width: int, dtype: Any
) -> list[CustomizedGateControl]:
    """The levels that the options describe, built for an x of a width; the last has no shared gate.

    Example:
        >>> levels = extraction_levels(ExtractionOptions(levels=2), 3, width=8, dtype="float32")
        >>> [level.shared_gate for level in levels]
        [True, False]
    """
    units = options.expert_hidden[-1]
    tasks: Any = (None, width)
    shared = tasks
    levels = []
    for index in range(options.levels):
        level = CustomizedGateControl(
            num_tasks,
            options.task_experts,
            options.shared_experts,
            options.expert_hidden,
            options.dropout,
            shared_gate=index < options.levels - 1,
            dtype=dtype,
            name=f"level_{index}",
        )
        level.build(tasks, shared)
        levels.append(level)
        tasks, shared = (None, num_tasks, units), (None, units)
    return levels


def extract(levels: Sequence[CustomizedGateControl], x: Any, training: bool) -> Any:
    """What the levels make of x [batch, width]: float [batch, tasks, units]."""
    tasks = shared = x
    *before, last = levels
    for level in before:
        tasks, shared = level(tasks, shared, training=training)
    return last(tasks, shared, training=training)


def extraction_axes(
    levels: Sequence[CustomizedGateControl], tasks: Sequence[str], names: Sequence[str]
) -> list[NamedAxis]:
    """The axes of their weights with a part for each task, or for each of x's names."""
    axes = []
    for index, level in enumerate(levels):
        own, common, gates = level.own, level.common, level.task_gates
        axes += [NamedAxis(each, 0, tasks) for each in (*own.weights, *gates.weights)]
        read = [own.kernels[0], common.kernels[0], gates.kernel]
        if level.gate_of_all is not None:
            kernel = level.gate_of_all.kernel
            axes.append(NamedAxis(kernel, 2, _names_of_experts(level, tasks)))
            read.append(kernel)
        if index == 0:
            axes += [NamedAxis(each, 1, names) for each in read]
    return axes


def _names_of_experts(level: CustomizedGateControl, tasks: Sequence[str]) -> list[str]:
    own = [f"{task} {i}" for task in tasks for i in range(level.task_experts)]
    return own + [str(i) for i in range(level.shared_experts)]
