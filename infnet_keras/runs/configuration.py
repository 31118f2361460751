"""A run as it is resolved: everything that its result depends on."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import infnet_keras
from infnet_keras.boosting.options import LightGBMOptions
from infnet_keras.spec import FeatureSpec, spec_from_dict

FORMAT = 1


@dataclass(frozen=True)
class Configuration:
    """What one run trains, on what, with what.

    Attributes:
        spec: the feature spec, resolved: model, training, seed.
        data: digest of the prepared data.
        backend: of Keras.
        lightgbm: options of the boosted trees that stand in for the spec's model; None: the model.

    Example:
        >>> one = Configuration(load_spec("minimal"), data="c0ffee", backend="jax")
        >>> one.identity == Configuration.of(one.content()).identity
        True
    """

    spec: FeatureSpec
    data: str
    backend: str
    lightgbm: LightGBMOptions | None = None

    def content(self) -> dict[str, Any]:
        """The configuration as JSON data."""
        trees = self.lightgbm
        return {
            "format": FORMAT,
            "version": infnet_keras.__version__,
            "backend": self.backend if trees is None else None,
            "data": self.data,
            "lightgbm": None if trees is None else trees.model_dump(mode="json"),
            "spec": self.spec.model_dump(mode="json"),
        }

    @classmethod
    def of(cls, content: dict[str, Any]) -> "Configuration":
        """The configuration that `content` gave."""
        trees = content["lightgbm"]
        return cls(
            spec_from_dict(content["spec"]),
            content["data"],
            content["backend"] or "",
            None if trees is None else LightGBMOptions.model_validate(trees),
        )

    @cached_property
    def identity(self) -> str:
        """A hash of the configuration: equal for equal ones alone, whatever their runs are called.

        64 bits of a SHA-256, in hexadecimal.
        """
        text = json.dumps(self.content(), sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def kind(self) -> str:
        """The model's type, or lightgbm."""
        return "lightgbm" if self.lightgbm is not None else self.spec.model.type
