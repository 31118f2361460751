"""The search that a spec's `tuning` block describes."""

from functools import cached_property
from pathlib import Path
from typing import Any

from infnet_keras.errors import SpecError
from infnet_keras.runs.configuration import Configuration
from infnet_keras.search.search import Search
from infnet_keras.search.space import search_space
from infnet_keras.spec import FeatureSpec, override_spec


class SpecSearch:
    """Trials of a spec, each with other values of what its `tuning` block searches.

    What a trial trains is the spec without this block, so that the best trial's is a spec as any.

    Args:
        spec: with a `tuning` block.
        data: digest of the prepared data.
        backend: of Keras.
        directory: the search's own.
        trials: how many are tried; None: as many as the spec says.

    Attributes:
        trials: how many are tried.
        space: key -> distribution.

    Raises:
        SpecError: the spec has no `tuning` block, or `trials` is no number of trials.
        InfnetError: Optuna is not installed.

    Example:
        >>> searched = {"training.learning_rate": {"low": 0.001, "high": 0.1}}
        >>> spec = infnet_keras.spec.override_spec(spec, {"tuning": {"search": searched}})
        >>> search = SpecSearch(spec, "c0ffee", "jax", tmp_path)
        >>> search.configuration({"training.learning_rate": 0.02}).spec.training.learning_rate
        0.02
        >>> search.label(3)
        'trial 3 of 10'
    """

    def __init__(
        self, spec: FeatureSpec, data: str, backend: str, directory: Path, trials: int | None = None
    ) -> None:
        if spec.tuning is None:
            raise SpecError(
                f"the spec {spec.name!r} has no `tuning` block, so there is nothing to search: "
                "add one, such as tuning: {trials: 10, search: {training.learning_rate: "
                "{low: 0.0003, high: 0.01, scale: log}}}"
            )
        self.trials = spec.tuning.trials if trials is None else trials
        if self.trials < 1:
            raise SpecError(f"--trials {self.trials}: at least 1 is needed")
        self._start = override_spec(spec, {"tuning": None})
        self._data = data
        self._backend = backend
        self._directory = directory
        self.space = search_space(spec.tuning.search, self._start.model_dump(mode="json"))

    @property
    def description(self) -> dict[str, Any]:
        """What is searched, and from where, JSON data; the number of trials is no part of it."""
        content = self.configuration({}).content()
        space = {key: str(distribution) for key, distribution in sorted(self.space.items())}
        return {
            "spec": content["spec"],
            "the prepared data": self._data,
            "the backend": self._backend,
            "the version": content["version"],
            "tuning": {"search": space},
        }

    @cached_property
    def search(self) -> Search:
        """The trials; their file is opened, or made, when it is asked for."""
        return Search(self._directory, self.space, self.trials, self._start.training.seed)

    def label(self, trial: int) -> str:
        """How progress calls a trial."""
        return f"trial {trial} of {self.trials}"

    def configuration(self, values: dict[str, Any]) -> Configuration:
        """What a trial trains.

        Raises:
            SpecError: the values do not fit the spec.
        """
        return Configuration(override_spec(self._start, values), self._data, self._backend)
