"""A training step on JAX that moves single rows."""

from collections.abc import Sequence
from typing import Any

import jax
import keras

from infnet_keras.layers.embeddings.lookup import gather


def train_step(model: Any, state: Sequence[Any], data: Any) -> tuple[Any, Any]:
    """As `keras.Model.train_step` on JAX.

    Args:
        model: a `RowWiseModel`.
        state: the values of the trainable and the other variables, the optimiser's and the
            metrics'; the function that runs the step owns them, so that rows are written in place.
        data: a batch.

    Returns:
        The metrics, and the new state.
    """
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    variables = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )

    def scope_of(values: Sequence[Any]) -> keras.StatelessScope:
        pairs = [
            pair
            for ours, theirs in zip(variables, values, strict=True)
            for pair in zip(ours, theirs, strict=True)
        ]
        return keras.StatelessScope(pairs, collect_losses=True)

    def values_in(scope: keras.StatelessScope) -> list[list[Any]]:
        return [[scope.get_current_value(variable) for variable in part] for part in variables]

    with scope_of(state) as scope:
        lookups = model.embedded_inputs.lookups(model.inputs_of(x), training=True)
        rows = gather(lookups)
        ids = {name: lookup.ids for name, lookup in lookups.items()}
    state = values_in(scope)

    def loss_of(trainable: Any, rows: Any) -> Any:
        with scope_of([trainable, *state[1:]]) as scope:
            loss, answers = model.scaled_loss(x, y, sample_weight, rows)
            logs = model.compute_metrics(x, y, answers, sample_weight)
        return loss, (logs, values_in(scope)[1:])

    differentiate = jax.value_and_grad(loss_of, argnums=(0, 1), has_aux=True)
    (_, (logs, rest)), (gradients, row_gradients) = differentiate(state[0], rows)
    with scope_of([state[0], *rest]) as scope:
        lookups = {name: lookup._replace(ids=ids[name]) for name, lookup in lookups.items()}
        gradients = model.move_rows(lookups, row_gradients, gradients)
    trainable, others, optimizer, metrics = values_in(scope)
    trainable, optimizer = model.optimizer.stateless_apply(optimizer, gradients, trainable)
    return logs, (trainable, others, optimizer, metrics)
