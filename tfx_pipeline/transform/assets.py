"""What a tf.Transform graph was fitted to, as the assets that the main job works with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from infnet_keras.errors import DataError
from infnet_keras.features import Assets
from infnet_keras.features.assets import definition_of
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import ColumnType
from tfx_pipeline.transform.fitted_boundaries import saved_boundaries
from tfx_pipeline.transform.fitted_encoders import PLACEHOLDER, vocabulary_name
from tfx_pipeline.transform.fitted_spreads import saved_spreads
from tfx_pipeline.transform.preprocessing import DEFINITION
from tfx_pipeline.transform.saved_function import SavedFunction


def assets_from_transform(
    transform_graph: str | Path,
    spec: FeatureSpec,
    column_types: Mapping[str, ColumnType],
) -> Assets:
    """Assets with which `RowTransform` gives the very ids of a transform graph.

    Args:
        transform_graph: the output directory of tf.Transform, of any file system of TensorFlow's.
        spec: the spec of its preprocessing_fn.
        column_types: type of each raw column.

    Raises:
        DataError: the graph was fitted for another spec, is not whole, or holds a value that is
            not UTF-8; the message names the table.

    Example:
        >>> assets = assets_from_transform("transform_graph", spec, column_types)
        >>> RowTransform(spec, assets)(raw)
    """
    output = tft.TFTransformOutput(str(transform_graph))
    definition = _definition(transform_graph)
    # Whose definition is another's has other tables: what it lacks is said by `check`.
    if definition != definition_of(spec):
        Assets(definition, dict(column_types), {}, {}).check(spec)
    saved = SavedFunction(transform_graph)
    assets = Assets(
        definition=definition,
        column_types=dict(column_types),
        vocabularies={
            name: _vocabulary(output, name, vocabulary_name(spec, name))
            for name, table in spec.all_tables.items()
            if table.vocabulary is not None
        },
        boundaries=saved_boundaries(spec, saved),
        numbers=saved_spreads(spec, saved),
    )
    assets.check(spec)
    return assets


def _definition(transform_graph: str | Path) -> dict[str, Any]:
    path = Path(tft.TFTransformOutput.TRANSFORMED_METADATA_DIR, tft.TFTransformOutput.ASSET_MAP)
    try:
        with tf.io.gfile.GFile(f"{transform_graph}/{path}") as file:
            definition: dict[str, Any] = json.loads(json.loads(file.read())[DEFINITION])
    except (tf.errors.OpError, ValueError, KeyError) as error:
        raise DataError(
            f"{transform_graph} holds no transform graph of this pipeline ({error}): run "
            "Transform first"
        ) from error
    return definition


def _vocabulary(output: tft.TFTransformOutput, table: str, name: str) -> list[str]:
    path = output.vocabulary_file_by_name(name)
    if path is None:
        raise DataError(
            f"the transform graph holds no vocabulary of table {table!r}: it was fitted for "
            "another spec; run Transform again with this one"
        )
    with tf.io.gfile.GFile(path, "rb") as file:
        lines = file.read().split(b"\n")[:-1]
    try:
        return [line.decode() for line in lines if line != PLACEHOLDER]
    except UnicodeDecodeError as error:
        raise DataError(
            f"the vocabulary of table {table!r} holds {error.object!r}, which is not UTF-8 text: "
            "mend the column in the raw data"
        ) from error
