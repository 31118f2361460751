"""The random generators inside a model; a `.keras` file does not hold their states."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from infnet_keras.errors import ModelError


def read_seed_generators(model: Any) -> list[list[int]]:
    """States of every generator in the model (dropout's, id dropout's), in the model's order."""
    return [ops.convert_to_numpy(v.value).tolist() for v in _variables(model)]


def restore_seed_generators(model: Any, states: Sequence[Sequence[int]]) -> None:
    """Set the states that `read_seed_generators` returned for a model of the same spec.

    Raises:
        ModelError: the model has another number of generators.
    """
    variables = _variables(model)
    if len(variables) != len(states):
        raise ModelError(
            f"the saved run has {len(states)} random generators, this model {len(variables)}: they "
            "are of different versions of the package; begin again with --restart"
        )
    for variable, state in zip(variables, states, strict=True):
        variable.assign(ops.convert_to_tensor(list(state), dtype=variable.dtype))


def _variables(model: Any) -> list[Any]:
    return [v for v in model.variables if v.path.endswith("seed_generator_state")]
