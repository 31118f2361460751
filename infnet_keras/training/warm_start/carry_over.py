"""From an earlier model to a new one: every table and every weight."""

from infnet_keras.errors import ModelError
from infnet_keras.models.spec_model import SpecModel
from infnet_keras.training.warm_start.carry_tables import carry_tables
from infnet_keras.training.warm_start.carry_weights import carry_weights
from infnet_keras.training.warm_start.differences import (
    option_differences,
    part_differences,
    width_differences,
)
from infnet_keras.training.warm_start.warm_start_record import WarmStartRecord

_NAMED = 5


def carry_over(earlier: SpecModel, model: SpecModel, record: WarmStartRecord) -> None:
    """Give a new model what an earlier one has learnt, as far as both have it.

    Rows of tables go by what they stand for (see `row_map`), parts of other weights by the names
    of tasks, fields and sequences. What the earlier model lacks stays as it was initialised. The
    optimiser is left alone.

    Args:
        earlier: the earlier run's model, with its assets.
        model: the new one, built, with the assets of its data.
        record: takes in what was kept, initialised and dropped.

    Raises:
        ModelError: one of the models has no assets; they are of different types, options or
            widths. The new model is as it was.
    """
    for each, which in ((earlier, "the earlier"), (model, "the new")):
        if each.assets is None:
            raise ModelError(
                f"{which} model holds no vocabularies, so its rows mean nothing: train it on "
                "prepared data"
            )
    differences = option_differences(earlier.spec, model.spec)
    weights = carry_weights(earlier, model)
    differences += width_differences(earlier, model) + weights.differences
    if differences:
        more = f" and {len(differences) - _NAMED} more" if len(differences) > _NAMED else ""
        raise ModelError(
            f"{record.run} trained another model: it differs in {'; '.join(differences[:_NAMED])}"
            f"{more}. Give the spec that run's options, or train without a warm start"
        )
    record.tables = carry_tables(earlier, model)
    for variable, values in weights.values:
        variable.assign(values)
    record.weights_kept = len(weights.values)
    new, gone = part_differences(earlier.spec, model.spec)
    record.initialised = new + [f"weight {path}" for path in weights.new]
    record.dropped = gone + [f"weight {path}" for path in weights.gone]
