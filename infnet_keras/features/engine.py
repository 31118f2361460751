"""The one walk from raw inputs to model inputs, whatever engine computes it."""

from collections.abc import Mapping
from typing import Protocol, TypeVar

from infnet_keras.features.transform_plan import FieldStep, SequenceStep, TransformPlan
from infnet_keras.spec.derived.derivation import Derivation

Values = TypeVar("Values")


class Engine(Protocol[Values]):
    """The kernels of one engine over one batch: `features.numpy`, `features.tensorflow`."""

    def derived(self, derivation: Derivation) -> Values:
        """The values of a field that is computed."""

    def encode(self, step: FieldStep, values: Values) -> Values:
        """The ids, or the numbers, of a field's values, in their shape and that of the step."""

    def encode_latest(self, step: SequenceStep) -> Values:
        """The ids of the latest steps of the histories, padded with 0."""


def model_inputs(
    plan: TransformPlan, engine: Engine[Values], raw: Mapping[str, Values]
) -> dict[str, Values]:
    """The model inputs of a batch.

    Args:
        plan: what is to be done.
        engine: what does it, over this batch.
        raw: the raw inputs of the batch.

    Returns:
        Ids and numbers by model input, in the plan's order.
    """
    ids = {step.name: engine.encode(step, field_values(step, engine, raw)) for step in plan.fields}
    ids |= {step.name: engine.encode_latest(step) for step in plan.sequences}
    return ids


def field_values(step: FieldStep, engine: Engine[Values], raw: Mapping[str, Values]) -> Values:
    """The values of a field before they are encoded: given, or computed from what is given."""
    if step.derivation is None or step.is_sent:
        return raw[step.column]
    return engine.derived(step.derivation)
