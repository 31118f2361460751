"""Writes a SavedModel for an exporter on another backend: this process runs TensorFlow.

Run as `python -m infnet_keras.export MODEL.keras REFERENCE DIRECTORY [FACTORY PATH]`, the last two
being a `TransformSource`.
"""

import sys
from pathlib import Path

import keras

import infnet_keras.models  # noqa: F401  (registers what a .keras file holds)
from infnet_keras.export.child_process import exit_code, now_at
from infnet_keras.export.reference import Reference
from infnet_keras.export.transform_source import TransformSource
from infnet_keras.export.write_saved_model import write_saved_model


def main(model: str, reference: str, directory: str, *transform: str) -> None:
    """Load the model, write the SavedModel into the directory."""
    now_at("loading the model")
    loaded = keras.models.load_model(model, compile=False)
    source = TransformSource(*transform) if transform else None
    write_saved_model(loaded, Reference.load(Path(reference)), Path(directory), source, now_at)


if __name__ == "__main__":
    sys.exit(exit_code(lambda: main(*sys.argv[1:])))
