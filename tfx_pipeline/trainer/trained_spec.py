"""The spec that a Trainer trains: as configured, tuned and asked for."""

from collections.abc import Mapping
from typing import Any

from infnet_keras.spec import FeatureSpec, override_spec, parse_spec


def trained_spec(
    config: Mapping[str, Any], hyperparameters: Mapping[str, Any] | None
) -> FeatureSpec:
    """The spec to train: as configured, with what was tuned, then with what was asked for.

    Args:
        config: `custom_config` of `run_fn`.
        hyperparameters: the configuration of keras_tuner.HyperParameters, whose names are dotted
            keys of the spec; None without a Tuner.

    Raises:
        SpecError: a key or a value does not fit the spec.
    """
    asked = {
        "training.epochs": config.get("epochs"),
        "training.learning_rate": config.get("learning_rate"),
    }
    tuned = (hyperparameters or {}).get("values", {})
    overrides = {**tuned, **{key: value for key, value in asked.items() if value is not None}}
    return override_spec(parse_spec(config["spec"]), overrides)
