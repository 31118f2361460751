"""LightGBM's trees with the interface of a model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.boosting.features import Features, Matrix, rated_fields
from infnet_keras.boosting.value_rates import ValueRates
from infnet_keras.errors import InfnetError
from infnet_keras.spec import FeatureSpec


class BoostedTrees:
    """One forest per task over the spec's own features.

    Args:
        spec: the feature spec.
        rates: field -> smoothed rates, see `Features`.
        forests: task -> LightGBM booster; a number where training showed one class alone.
        threads: that a prediction may take.

    Attributes:
        spec: the feature spec.
        tasks: names of the tasks, in the spec's order.
        features: what makes the matrix.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        rates: Mapping[str, ValueRates],
        forests: Mapping[str, Any],
        threads: int = 0,
    ) -> None:
        self.spec = spec
        self.tasks = list(spec.tasks)
        self.features = Features(spec, rates)
        self._rates = dict(rates)
        self._forests = dict(forests)
        self._threads = threads

    def predict_on_batch(self, inputs: Mapping[str, npt.NDArray[Any]]) -> dict[str, Matrix]:
        """task -> probability float32 [batch], as a Keras model's method of this name."""
        return self.predict_matrix(self.features.matrix(inputs))

    def predict_matrix(self, matrix: Matrix) -> dict[str, Matrix]:
        """The same of features that are there: float32 [batch, columns]."""
        return {task: self._predict(self._forests[task], matrix) for task in self.tasks}

    def save(self, directory: Path) -> None:
        """Write everything into a directory."""
        directory.mkdir(parents=True, exist_ok=True)
        arrays = {
            f"{f}//{n}": a for f, rates in self._rates.items() for n, a in rates.arrays().items()
        }
        np.savez_compressed(directory / "rates.npz", allow_pickle=False, **arrays)
        constants = {}
        for number, (task, forest) in enumerate(self._forests.items()):
            if isinstance(forest, float):
                constants[task] = forest
            else:
                forest.save_model(str(directory / f"trees_{number}.txt"))
        content = {"constants": constants, "features": self.features.names}
        (directory / "trees.json").write_text(json.dumps(content, indent=1), "utf-8")

    @classmethod
    def load(
        cls, directory: Path, spec: FeatureSpec, strength: float, threads: int = 0
    ) -> "BoostedTrees":
        """Read what `save` wrote."""
        lightgbm = import_lightgbm()
        content = json.loads((directory / "trees.json").read_text("utf-8"))
        with np.load(directory / "rates.npz", allow_pickle=False) as stored:
            arrays = dict(stored)
        rates = {}
        for field in rated_fields(spec):
            prefix = f"{field}//"
            own = {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
            rates[field] = ValueRates.of(own, list(spec.tasks), strength)
        forests: dict[str, Any] = {}
        for number, task in enumerate(spec.tasks):
            constant = content["constants"].get(task)
            if constant is None:
                file = str(directory / f"trees_{number}.txt")
                forests[task] = lightgbm.Booster(model_file=file)
            else:
                forests[task] = constant
        return cls(spec, rates, forests, threads)

    def _predict(self, forest: Any, matrix: Matrix) -> Matrix:
        if isinstance(forest, float):
            return np.full(len(matrix), forest, np.float32)
        return np.asarray(forest.predict(matrix, num_threads=self._threads), np.float32)


def import_lightgbm() -> Any:
    """LightGBM, which is an extra.

    Raises:
        InfnetError: it is not installed.
    """
    try:
        import lightgbm
    except ImportError as error:
        raise InfnetError(
            "boosted trees need LightGBM: pip install 'infnet-keras[lightgbm]', or leave the row "
            "out of the study"
        ) from error
    return lightgbm
