"""A small untrained model, exported as `infnet export` does, for tests that serve one."""

from pathlib import Path
from typing import Any

import numpy as np

_SPEC: dict[str, Any] = {
    "name": "qb_video",
    "sources": {"log": {"files": "log.csv", "time": {"column": "time_ms", "unit": "ms"}}},
    "keys": {"user": "user_id", "item": "item_id"},
    "tables": {"item": {"vocabulary": {}}},
    "fields": {
        "user_id": {"side": "user", "hash": 20},
        "item_id": {"side": "item", "table": "item"},
        "hour": {"side": "context", "derive": "hour_of_day"},
    },
    "sequences": {"click": {"length": 4, "attributes": {"item_id": "item"}}},
    "tasks": {"click": {"label": "is_click"}, "like": {"label": "is_like"}},
    "model": {"dim": 4, "blocks": 2, "tower_hidden": [4]},
}
_EXAMPLES: dict[str, Any] = {
    "user_id": [1, 2, 3],
    "item_id": [10, 11, 99],
    "time_ms": [1648337400000] * 3,
    "click__item_id": [[10, 11, 10], [11, 0, 0], [0, 0, 0]],
    "click__length": [3, 1, 0],
}


def export_small_model(directory: Path) -> Path:
    """Export version 1 of a model into a directory.

    Args:
        directory: of the model's versions; its name is the model's in the warm-up requests.

    Returns:
        The version's directory.
    """
    import keras

    from infnet_keras.export import export_saved_model
    from infnet_keras.features import Assets
    from infnet_keras.features.assets import definition_of
    from infnet_keras.models import INFNet
    from infnet_keras.spec import spec_from_dict

    spec = spec_from_dict(_SPEC)
    assets = Assets(
        definition=definition_of(spec),
        column_types=dict.fromkeys(("user_id", "item_id", "time_ms"), "int64"),
        vocabularies={"item": ["10", "11"]},
        boundaries={},
    )
    model: Any = INFNet(spec, assets.table_rows(spec))
    model.build()
    random = np.random.default_rng(7)
    for weight in model.weights:
        weight.assign(keras.ops.cast(random.normal(0.0, 0.5, weight.shape), weight.dtype))
    model.assets = assets
    return export_saved_model(model, directory, version=1, examples=_EXAMPLES)
