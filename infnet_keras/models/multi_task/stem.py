"""STEM: embeddings that all tasks share, and embeddings of each task that it alone trains."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from infnet_keras.layers import Experts, SoftmaxGates
from infnet_keras.models.joined_model import JoinedModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import STEMOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class STEM(JoinedModel):
    """y_k = tower_k(g_k [E_k(x_k), E_s(x_s), sg(E_j(x_j)) for the other tasks j]).

    x_k joins the embeddings of task k's own tables, x_s those of the shared ones, both as
    `JoinedModel` says. Task k weighs the experts of all tasks and the shared ones by its gate
    g_k = softmax(W_k (x_k + x_s)), but no gradient goes through another task's experts (sg): its
    tables and experts learn from their own task alone.

    Args, attributes, call and errors are those of `SpecModel`; the options those of `STEMOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "stem"})
        >>> list(from_spec(spec).embedded_inputs.tables)
        ['embeddings', 'click_embeddings', 'buy_embeddings']

    Reference:
        Su et al., STEM: unleashing the power of embeddings for multi-task recommendation, AAAI
        2024 (arXiv 2308.13537): STEM-Net, shared and task-specific embeddings, and the all forward
        task-specific backward gating network. What a gate reads, and the default numbers of
        experts, are those of the authors' code (github.com/LiangcaiSu/STEM), which has a hidden
        network in each gate; gates are linear here, as in `MMoE` and `PLE`.
    """

    def build_layers(self) -> int:
        options, x = self.options(STEMOptions), self.joined_width
        tasks = len(self.tasks)
        own, shared = tasks * options.task_experts, options.shared_experts
        self.task_experts = self._experts(own, "task_experts")
        self.task_experts.build((None, own, x))
        self.shared_experts = self._experts(shared, "shared_experts")
        self.shared_experts.build((None, x))
        self.gates = SoftmaxGates(tasks, own + shared, dtype=self.dtype_policy, name="gates")
        self.gates.build((None, tasks, x))
        # [tasks, experts]: whether a task's loss reaches an expert.
        is_own = np.repeat(np.eye(tasks), options.task_experts, axis=1)
        self.reaches = np.concatenate([is_own, np.ones((tasks, shared))], axis=1)
        return options.expert_hidden[-1]

    def _experts(self, count: int, name: str) -> Experts:
        options = self.options(STEMOptions)
        return Experts(
            count, options.expert_hidden, options.dropout, dtype=self.dtype_policy, name=name
        )

    def named_axes(self) -> list[NamedAxis]:
        options = self.options(STEMOptions)
        own, shared, gates = self.task_experts, self.shared_experts, self.gates.kernel
        names = [f"{task} {i}" for task in self.tasks for i in range(options.task_experts)]
        names += [str(i) for i in range(options.shared_experts)]
        read = (own.kernels[0], shared.kernels[0], gates)
        return [
            *super().named_axes(),
            *(NamedAxis(each, 0, self.tasks) for each in (*own.weights, gates)),
            *(NamedAxis(each, 1, self.input_names) for each in read),
            NamedAxis(gates, 2, names),
        ]

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        options, shared = self.options(STEMOptions), joined["embeddings"]
        tasks = ops.stack([joined[group] for group in options.task_groups(self.spec)], axis=1)
        own = self.task_experts(ops.repeat(tasks, options.task_experts, axis=1), training=training)
        common = self.shared_experts(shared, training=training)
        experts = ops.concatenate([own, common], axis=1)
        weights = self.gates(tasks + ops.expand_dims(shared, 1))
        reaches = ops.cast(self.reaches, weights.dtype)
        learnt = ops.einsum("bke,beu->bku", weights * reaches, experts)
        given = ops.einsum("bke,beu->bku", weights * (1 - reaches), ops.stop_gradient(experts))
        return learnt + given
