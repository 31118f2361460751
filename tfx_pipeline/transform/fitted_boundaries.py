"""Names under which a transform's graph holds the boundaries that were fitted for it.

tf.Transform keeps vocabularies as files, but boundaries only as constants of its graph.
"""

import tensorflow as tf

from infnet_keras.spec import FeatureSpec
from tfx_pipeline.transform.saved_function import SavedFunction


def named_boundaries(spec: FeatureSpec, table: str, boundaries: tf.Tensor) -> tf.Tensor:
    """The boundaries of a table, under a name by which they are found in the graph again."""
    return tf.identity(boundaries, name=_name(spec, table))


def saved_boundaries(spec: FeatureSpec, saved: SavedFunction) -> dict[str, list[float]]:
    """The fitted boundaries of every quantiles table that the saved function has, by table."""
    found = {
        name: saved.constant(_name(spec, name))
        for name, table in spec.all_tables.items()
        if table.quantiles is not None
    }
    return {name: values.numpy().tolist() for name, values in found.items() if values is not None}


def _name(spec: FeatureSpec, table: str) -> str:
    # An operation's name takes fewer letters than a table's.
    return f"fitted_boundaries_{sorted(spec.all_tables).index(table)}"
