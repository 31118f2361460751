"""AITM: a chain of tasks, each of which hands on what it knows to the next one."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import keras
from keras import ops

from infnet_keras.devices.whole_batch import whole_batches
from infnet_keras.layers import Embedded, Experts, InformationTransfer
from infnet_keras.models.joined_model import JoinedModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec import FeatureSpec, spec_from_dict
from infnet_keras.spec.models import AITMOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class AITM(JoinedModel):
    """y_t = tower_t(z_t), z_1 = q_1, z_t = AIT(g_t(z_(t-1)), q_t), q_t = f_t(x).

    x is as `JoinedModel` says; f_t is a network of task t with ReLU, and `InformationTransfer` is
    the chain, in the order of the option `task_order`. In training the loss "calibrator" is added:
    the mean over the batch of the sum of max(0, y_t - y_(t-1)) over the chain, as what follows
    from a step should not be more probable than the step.

    Args, attributes, call and errors are those of `SpecModel`; the options those of `AITMOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "aitm"})
        >>> from_spec(spec).auxiliary_weights
        {'calibrator': 0.6}

    Reference:
        Xi et al., Modeling the sequential dependence among audience multi-step conversions with
        multi-task learning in targeted display advertising, KDD 2021, arXiv 2105.08489: the AIT
        module and the behavioral expectation calibrator. Widths and the calibrator's weight are
        those of the authors' code. Each step of a chain having weights of its own, and a mean over
        the batch as in the tasks' losses, is our reading.
    """

    def __init__(
        self, spec: FeatureSpec | Mapping[str, Any], table_rows: Mapping[str, int], **kwargs: Any
    ) -> None:
        spec = spec if isinstance(spec, FeatureSpec) else spec_from_dict(dict(spec))
        if isinstance(spec.model, AITMOptions) and len(spec.tasks) > 1:
            kwargs["auxiliary_weights"] = {"calibrator": spec.model.calibrator_weight}
        super().__init__(spec, table_rows, **kwargs)

    @property
    def chain(self) -> list[str]:
        """The tasks from the first to the last of the chain."""
        return self.options(AITMOptions).ordered_tasks(self.spec)

    def build_layers(self) -> int:
        options, tasks = self.options(AITMOptions), len(self.tasks)
        width = options.bottom_hidden[-1]
        self.bottoms = Experts(
            tasks,
            options.bottom_hidden,
            options.dropout,
            dtype=self.dtype_policy,
            name="bottoms",
        )
        self.bottoms.build((None, self.joined_width))
        self.transfer = None
        if tasks > 1:
            self.transfer = InformationTransfer(
                options.dropout, dtype=self.dtype_policy, name="transfer"
            )
            self.transfer.build((None, tasks, width))
        return width

    def named_axes(self) -> list[NamedAxis]:
        axes = [*super().named_axes(), NamedAxis(self.bottoms.kernels[0], 1, self.input_names)]
        axes += [NamedAxis(each, 0, self.tasks) for each in self.bottoms.weights]
        if self.transfer is not None:
            steps = [f"{task} to {following}" for task, following in pairwise(self.chain)]
            axes += [NamedAxis(each, 0, steps) for each in self.transfer.weights]
        return axes

    def auxiliary_losses(
        self, embedded: dict[str, Embedded], answers: Mapping[str, Any]
    ) -> dict[str, Any]:
        # How far tasks are more probable than those before them in the chain.
        pairs = pairwise(self.chain)
        whole = whole_batches(answers)
        excess = [ops.mean(ops.relu(whole[later] - whole[task])) for task, later in pairs]
        return {"calibrator": sum(excess)}

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        tasks = self.bottoms(joined["embeddings"], training=training)
        if self.transfer is None:
            return tasks
        order = [self.tasks.index(task) for task in self.chain]
        chained = self.transfer(ops.take(tasks, order, axis=1), training=training)
        return ops.take(chained, [order.index(place) for place in range(len(order))], axis=1)
