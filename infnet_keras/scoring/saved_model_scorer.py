"""An exported model as a scorer, on TensorFlow."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import ExportError, SpecError
from infnet_keras.export.predict import call, load
from infnet_keras.export.version_directory import latest_version
from infnet_keras.features.raw_inputs import RawInput, raw_inputs, sent_inputs
from infnet_keras.request.signature import Signature, check_signature
from infnet_keras.scoring.scorer import RawArrays
from infnet_keras.spec import FeatureSpec, load_spec

_SIGNATURE = "predict"


class SavedModelScorer:
    """What `infnet export` or the pipeline wrote; it answers by its signature `predict`.

    Args:
        directory: a model directory, whose highest version is loaded, or one version of it.

    Raises:
        ExportError: it holds no SavedModel that can be loaded, or one of another project.

    Example:
        >>> SavedModelScorer("models/qb_video").score(rows)
        {'click': array([0.31, 0.02], dtype=float32)}
    """

    def __init__(self, directory: str | Path):
        path = latest_version(Path(directory))
        self._spec, self._inputs = _described(path)
        self._loaded = load(path)  # a signature alone does not keep its weights
        check_signature(_SIGNATURE, self._loaded.signatures)
        self._function = self._loaded.signatures[_SIGNATURE]
        outputs = Signature.from_function(_SIGNATURE, self._function).outputs
        self._tasks = [task for task in self._spec.tasks if task in outputs]

    @property
    def spec(self) -> FeatureSpec:
        """What the rows mean."""
        return self._spec

    @property
    def inputs(self) -> list[RawInput]:
        """The raw inputs of a row, under their own names."""
        return self._inputs

    @property
    def tasks(self) -> list[str]:
        """What is predicted."""
        return self._tasks

    def score(self, rows: Mapping[str, npt.NDArray[Any]]) -> RawArrays:
        """Probabilities of any number of rows; see `Scorer`."""
        served = self._spec.served_names
        arrays = {served[name]: values for name, values in rows.items()}
        answer = call(self._function, arrays, _SIGNATURE)
        return {task: np.asarray(answer[task], np.float32) for task in self.tasks}


def _described(path: Path) -> tuple[FeatureSpec, list[RawInput]]:
    """The spec of a version and the raw inputs, from its assets."""
    assets = path / "assets"
    try:
        description = json.loads((assets / "assets.json").read_text("utf-8"))
        spec = load_spec(assets / "spec.yaml")
        return spec, sent_inputs(spec, raw_inputs(spec, description["column_types"]))
    except (OSError, ValueError, KeyError, SpecError) as error:
        raise ExportError(
            f"{path} does not say in its assets what its inputs mean ({error}): tables are scored "
            "with what `infnet export` or the pipeline wrote"
        ) from error
