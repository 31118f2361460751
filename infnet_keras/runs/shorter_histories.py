"""Prepared data whose histories are read in another length."""

from dataclasses import replace

from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.errors import DataError
from infnet_keras.features.assets import definition_of
from infnet_keras.spec import FeatureSpec, override_spec


def with_lengths_of(spec: FeatureSpec, data: PreparedData) -> PreparedData:
    """The data with the sequences' lengths of a spec.

    Histories are cut when they are read, so no preparation is needed. What a field counts in them
    (`same:`) was counted in the prepared length and stays.

    Args:
        spec: says the lengths; it has the data's sequences.
        data: prepared data; returned as they are if the lengths are theirs.

    Raises:
        DataError: a sequence whose length differs is read ready made from the log's cells, which
            hold a prepared length.
    """
    there = data.spec.sequences
    lengths = {
        name: sequence.length
        for name, sequence in spec.sequences.items()
        if name in there and sequence.length != there[name].length
    }
    if not lengths:
        return data
    ready_made = [name for name in lengths if there[name].column is not None]
    if ready_made:
        raise DataError(
            f"the history {ready_made[0]!r} comes ready made and was cut in preparation: its "
            "length cannot be swept; prepare data of every length instead"
        )
    changed = override_spec(data.spec, {f"sequences.{n}.length": v for n, v in lengths.items()})
    assets = replace(data.assets, definition=definition_of(changed))
    return replace(data, spec=changed, assets=assets)
