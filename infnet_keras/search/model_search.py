"""A search whose trials train models."""

from typing import Any, Protocol

from infnet_keras.runs.configuration import Configuration
from infnet_keras.search.search import Search


class ModelSearch(Protocol):
    """What is tried, and what a trial of it trains."""

    @property
    def search(self) -> Search:
        """The trials."""
        ...

    def label(self, trial: int) -> str:
        """How progress calls a trial, by its number from 1."""
        ...

    def configuration(self, values: dict[str, Any]) -> Configuration:
        """What a trial of these values trains.

        Raises:
            SpecError: the values make no model.
        """
        ...
