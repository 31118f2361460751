"""What encodes the values of each table and of each number of a spec."""

from infnet_keras.features.assets import Assets
from infnet_keras.features.numpy.encoder import Encoder
from infnet_keras.features.numpy.number_encoder import NumberEncoder
from infnet_keras.spec.feature_spec import FeatureSpec


def encoders(spec: FeatureSpec, assets: Assets) -> dict[str, Encoder | NumberEncoder]:
    """The encoder of every table of a spec, by the table's name; a number's is the field's."""
    return {
        name: Encoder(table, assets.vocabularies.get(name), assets.boundaries.get(name))
        if table.numeric is None
        else NumberEncoder(table.numeric, assets.numbers[name])
        for name, table in spec.all_tables.items()
    }
