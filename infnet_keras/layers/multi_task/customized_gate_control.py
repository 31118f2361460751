"""One level of PLE: experts of each task, experts of all tasks, and gates over them."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from infnet_keras.layers.multi_task.experts import Experts
from infnet_keras.layers.multi_task.softmax_gates import SoftmaxGates


@keras.saving.register_keras_serializable(package="infnet_keras")
class CustomizedGateControl(keras.layers.Layer):
    """Each task weighs its own experts and the shared ones; a shared gate weighs all of them.

    With task k's input x_k and its experts E_k, the shared input x_s and the shared experts E_s,
    task k gives softmax(W_k x_k) [E_k(x_k), E_s(x_s)], and the shared gate gives
    softmax(W_s x_s) [E_1(x_1), ..., E_K(x_K), E_s(x_s)].

    Args:
        num_tasks: tasks, K.
        task_experts: experts of each task.
        shared_experts: experts of all tasks.
        hidden: widths of an expert's layers, each with ReLU.
        dropout: rate after each of them.
        shared_gate: whether there is a shared gate; the last level has none.
        **kwargs: of `keras.layers.Layer`.

    Call:
        tasks: float [batch, width], which every task reads, or [batch, K, width].
        shared: float [batch, width].
        Returns float [batch, K, hidden[-1]] of the tasks, and with a shared gate a tuple of that
        and float [batch, hidden[-1]].

    Example:
        >>> level = CustomizedGateControl(num_tasks=2, hidden=[8])
        >>> tasks, shared = level(np.ones((3, 12)), np.ones((3, 12)))
        >>> tasks.shape
        (3, 2, 8)

    Reference:
        Tang et al., Progressive layered extraction (PLE): a novel multi-task learning (MTL) model
        for personalized recommendations, RecSys 2020, sections 4.1 and 4.2.
    """

    def __init__(
        self,
        num_tasks: int,
        task_experts: int = 1,
        shared_experts: int = 1,
        hidden: Sequence[int] = (128,),
        dropout: float = 0.0,
        shared_gate: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_tasks = num_tasks
        self.task_experts = task_experts
        self.shared_experts = shared_experts
        self.hidden = tuple(hidden)
        self.dropout = dropout
        self.shared_gate = shared_gate
        of_tasks = num_tasks * task_experts
        self.own = self._experts(of_tasks, "task_experts")
        self.common = self._experts(shared_experts, "shared_experts")
        self.task_gates = self._gates(num_tasks, task_experts + shared_experts, "task_gates")
        self.gate_of_all = (
            self._gates(1, of_tasks + shared_experts, "shared_gate") if shared_gate else None
        )

    def _experts(self, count: int, name: str) -> Experts:
        return Experts(count, self.hidden, self.dropout, dtype=self.dtype_policy, name=name)

    def _gates(self, count: int, experts: int, name: str) -> SoftmaxGates:
        return SoftmaxGates(count, experts, dtype=self.dtype_policy, name=name)

    def build(self, tasks_shape: Any, shared_shape: Any) -> None:
        several = len(tasks_shape) == 3
        own = (None, self.own.count, tasks_shape[-1]) if several else tasks_shape
        self.own.build(own)
        self.common.build(shared_shape)
        self.task_gates.build(tasks_shape)
        if self.gate_of_all is not None:
            self.gate_of_all.build(shared_shape)

    def call(self, tasks: Any, shared: Any, training: bool | None = None) -> Any:
        each = ops.repeat(tasks, self.task_experts, axis=1) if len(tasks.shape) == 3 else tasks
        own = self.own(each, training=training)
        common = self.common(shared, training=training)
        weights = self.task_gates(tasks)
        by_task = ops.reshape(own, (-1, self.num_tasks, self.task_experts, self.hidden[-1]))
        outputs = ops.einsum("bke,bkeu->bku", weights[..., : self.task_experts], by_task)
        outputs = outputs + ops.einsum("bke,beu->bku", weights[..., self.task_experts :], common)
        if self.gate_of_all is None:
            return outputs
        every = ops.concatenate([own, common], axis=1)
        return outputs, ops.einsum("bke,beu->bu", self.gate_of_all(shared), every)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_tasks": self.num_tasks,
            "task_experts": self.task_experts,
            "shared_experts": self.shared_experts,
            "hidden": list(self.hidden),
            "dropout": self.dropout,
            "shared_gate": self.shared_gate,
        }
