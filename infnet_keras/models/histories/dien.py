"""DIEN: interests that evolve through a history towards the candidate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from infnet_keras.devices.whole_batch import whole_batch
from infnet_keras.layers import Embedded, InterestEvolution
from infnet_keras.layers.histories.next_step_loss import next_step_loss
from infnet_keras.models.histories.target_model import TargetModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec import FeatureSpec, spec_from_dict
from infnet_keras.spec.models import DIENOptions
from infnet_keras.spec.target_pairs import TargetHistory, target_histories


@keras.saving.register_keras_serializable(package="infnet_keras")
class DIEN(TargetModel):
    """y_i = tower_i(deep([fields; AUGRU(GRU(e_1, .., e_T), target) of each behaviour])).

    `TargetModel` says what steps and target are, `InterestEvolution` has the two recurrences. In
    training the loss "interest" is added, which `next_step_loss` gives, averaged over the
    behaviours: the states of the GRU are to foretell the next step. It runs the GRU once more.

    Args, attributes, call and errors are those of `SpecModel`; the options those of `DIENOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "dien"})
        >>> from_spec(spec).auxiliary_weights
        {'interest': 1.0}

    Reference:
        Zhou et al., Deep interest evolution network for click-through rate prediction, AAAI 2019,
        arXiv 1809.03672. Several tasks, each with a tower on the deep network, several behaviours,
        each with recurrences of its own, and ReLU in the deep network are our reading.
    """

    def __init__(
        self, spec: FeatureSpec | Mapping[str, Any], table_rows: Mapping[str, int], **kwargs: Any
    ) -> None:
        spec = spec if isinstance(spec, FeatureSpec) else spec_from_dict(dict(spec))
        if isinstance(spec.model, DIENOptions) and _foretold(target_histories(spec)):
            kwargs["auxiliary_weights"] = {"interest": spec.model.auxiliary_weight}
        super().__init__(spec, table_rows, **kwargs)

    def build_reader(self, history: TargetHistory, name: str) -> InterestEvolution:
        self.options(DIENOptions)
        reader = InterestEvolution(dtype=self.dtype_policy, name=name)
        dim = self.spec.dim
        steps = (None, history.length, len(history.inputs) * dim)
        reader.build((None, None, len(history.keys) * dim), steps, steps[:2])
        return reader

    def read(self, history: TargetHistory, target: Any, embedded: Embedded) -> Any:
        return self.readers[history.sequence](target, *self.steps_of(history, embedded))

    def auxiliary_losses(
        self, embedded: dict[str, Embedded], answers: Mapping[str, Any]
    ) -> dict[str, Any]:
        losses = []
        for history in _foretold(self.histories):
            steps, mask = self.steps_of(history, embedded["embeddings"])
            states = self.readers[history.sequence].extractor(steps, mask)[:, 0]
            losses.append(next_step_loss(*map(whole_batch, (states, steps, mask))))
        return {"interest": sum(losses) / len(losses)}

    def named_axes(self) -> list[NamedAxis]:
        axes = super().named_axes()
        for history in self.histories:
            if history.keys:
                reader = self.readers[history.sequence]
                axes.append(NamedAxis(reader.attention, 0, history.inputs))
                axes.append(NamedAxis(reader.attention, 1, history.keys))
                # A state has a part for each input of a step, which foretells that of the next.
                for recurrence in (reader.extractor, reader.evolution):
                    for kernel in (*recurrence.kernels, *recurrence.recurrent):
                        axes += [NamedAxis(kernel, axis, history.inputs) for axis in (0, 1)]
                    axes += [NamedAxis(bias, 0, history.inputs) for bias in recurrence.biases]
        return axes


def _foretold(histories: list[TargetHistory]) -> list[TargetHistory]:
    """Those with a recurrence, and a step after the first."""
    return [history for history in histories if history.keys and history.length > 1]
