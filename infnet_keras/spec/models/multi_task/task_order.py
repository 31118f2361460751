"""Options of models that chain their tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.models.model_options import ModelOptions
from infnet_keras.spec.nearest import nearest

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


class ChainedModelOptions(ModelOptions):
    """Options of a model in which each task hands what it knows to the next one."""

    task_order: list[str] | None = None
    """Tasks from the first of the chain to the last, each once; null: the order of `tasks`."""

    def check(self, spec: FeatureSpec) -> None:
        super().check(spec)
        if self.task_order is None:
            return
        for index, task in enumerate(self.task_order):
            if task not in spec.tasks:
                raise SpecProblem(
                    ("model", "task_order", index),
                    f"there is no task {task!r}; {nearest(task, spec.tasks)}",
                )
        if sorted(self.task_order) != sorted(spec.tasks):
            raise SpecProblem(
                ("model", "task_order"),
                f"name each task once: {', '.join(spec.tasks)}; found {', '.join(self.task_order)}",
            )

    def ordered_tasks(self, spec: FeatureSpec) -> list[str]:
        """The tasks in the order of the chain."""
        return self.task_order or list(spec.tasks)
