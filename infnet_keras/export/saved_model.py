"""Exports a model of any backend as a SavedModel that TF Serving can load."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras

from infnet_keras.errors import ExportError
from infnet_keras.export.child_process import run_module
from infnet_keras.export.reference import write_reference
from infnet_keras.export.serving_copy import serving_copy
from infnet_keras.export.version_directory import write_version
