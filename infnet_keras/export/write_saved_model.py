"""Writes a model on the TensorFlow backend as a SavedModel, with warm-up and example requests."""

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tensorflow as tf

from infnet_keras.errors import ExportError
from infnet_keras.export.example_request import write_example_request
from infnet_keras.export.logged_signature import logged_signature
from infnet_keras.export.reference import Reference
from infnet_keras.export.signatures import ServingModule, Tensors, signatures
from infnet_keras.export.transform_source import TransformSource
from infnet_keras.export.warmup import write_warmup
from infnet_keras.features.assets import VOCABULARY_DIRECTORY
from infnet_keras.features.fixed_values import fixed_values
from infnet_keras.features.raw_inputs import raw_inputs, sent_inputs
from infnet_keras.features.tensorflow.fixed_values import with_fixed
from infnet_keras.features.tensorflow.row_transform import TensorFlowRowTransform
from infnet_keras.served_names import LOGGED

SERVED_NAMES = "served_names.json"
"""Of a version's assets: the name of each raw input -> the name under which it is served."""


def write_saved_model(
    model: Any,
    reference: Reference,
    directory: Path,
    source: TransformSource | None = None,
    at: Callable[[str], None] | None = None,
) -> None:
    """Fill a directory with the SavedModel and its `assets.extra`.

    Args:
        model: a serving copy with assets.
        reference: holds the spec as it was trained, and the example rows that the warm-up requests
            are made of.
        directory: empty.
        source: the transform; None makes it of the model's assets.
        at: called with what is done next.

    Raises:
        ExportError: TensorFlow cannot write it.
    """
    at = at or (lambda what: None)
    inputs = raw_inputs(model.spec, model.assets.column_types)
    with TemporaryDirectory() as scratch:
        files = Path(scratch)
        model.assets.save(files)
        (files / "spec.yaml").write_text(reference.spec, encoding="utf-8")
        names = model.spec.served_names
        served = {given.name: names[given.name] for given in sent_inputs(model.spec, inputs)}
        (files / SERVED_NAMES).write_text(
            json.dumps(served, indent=1, ensure_ascii=False), encoding="utf-8"
        )
        if source is not None:
            transform = source.load(model.spec, inputs)
        else:
            transform = TensorFlowRowTransform.from_assets(
                model.spec, model.assets, files / VOCABULARY_DIRECTORY
            )
        module = ServingModule(
            transform,
            model,
            [files / "spec.yaml", files / "assets.json", files / SERVED_NAMES],
        )

        fixed = fixed_values(model.spec, model.assets.column_types)

        def transform_served(raw: Tensors) -> Tensors:
            sent = {own: raw[name] for own, name in served.items()}
            ids: Tensors = transform(with_fixed(sent, fixed))
            return ids

        def transform_logged(raw: Tensors) -> Tensors:
            ids: Tensors = transform({given.name: raw[names[given.name]] for given in inputs})
            return ids

        functions = signatures(transform_served, model, reference.sent, at)
        served_functions = list(functions)
        if fixed:
            functions[LOGGED] = logged_signature(transform_logged, model, reference.inputs, at)
        try:
            tf.saved_model.save(module, str(directory), signatures=functions)
            at("writing warm-up requests")
            write_warmup(
                directory, model.spec.name, reference.predict, reference.sent, served_functions
            )
            write_example_request(directory, reference.predict)
        except tf.errors.OpError as error:
            raise ExportError(f"the SavedModel cannot be written: {error.message}") from error
