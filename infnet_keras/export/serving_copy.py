"""The part of a model that serving needs, as a model of its own."""

from typing import Any

import keras

from infnet_keras.models import SpecModel
from infnet_keras.spec import override_spec


def serving_copy(model: SpecModel) -> Any:
    """An uncompiled float32 copy: no optimiser, of tables either, no metric or log variance.

    Args:
        model: of a class that is built from a spec and table rows, as all models here are.

    Returns:
        A built model of the same class with the same weights and assets. A model of another
        precision is rounded (or widened) to float32.
    """
    if not model.built:
        model.build()
    model_class: Any = type(model)
    tables = {"optimizer": "dense", "learning_rate": None}
    copy = model_class(
        spec=override_spec(model.spec, {"weighting": "fixed", "training.tables": tables}),
        table_rows=model.table_rows,
        name=model.name,
        dtype="float32",
    )
    copy.build()
    copy.assets = model.assets
    of_training = [each for each in (model.task_uncertainty, model.row_updates) if each is not None]
    left_out = {id(weight) for each in of_training for weight in each.weights}
    weights = [weight for weight in model.weights if id(weight) not in left_out]
    for target, weight in zip(copy.weights, weights, strict=True):
        target.assign(keras.ops.convert_to_numpy(weight.value).astype("float32"))
    return copy
