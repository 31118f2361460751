"""Random model inputs for any feature spec."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from infnet_keras.spec import FeatureSpec

_MISSING = 0.2


def random_inputs(
    spec: FeatureSpec,
    table_rows: Mapping[str, int],
    batch: int,
    history: Literal["mixed", "full", "empty"] = "mixed",
    seed: int = 0,
) -> dict[str, npt.NDArray[Any]]:
    """Ids and numbers as a reader would yield them: valid values first, then padding.

    Args:
        spec: the feature spec.
        table_rows: embedding table -> number of rows, at least 2.
        batch: number of examples, B.
        history: how long the sequences are. "mixed" draws a length for every behaviour of every
            example; the first example has no history, the second a full one.
        seed: of the draws.

    Returns:
        dict input name -> int32 array: field -> [B] (multi-valued: [B, max_values]), sequence
        feature -> [B, length] (multi-valued: [B, length, max_values]). A numeric field is float32
        [B], some of it missing.

    Example:
        >>> rows = {table: 50 for table in spec.all_tables}
        >>> random_inputs(spec, rows, batch=4)["user"].shape
        (4,)
    """
    draws = np.random.default_rng(seed)

    def ids(table: str, *shape: int) -> Any:
        return draws.integers(1, table_rows[table], shape)

    def values(shape: tuple[int, ...], count: int) -> Any:
        """True at the first 1 to `count` values."""
        return np.arange(count) < draws.integers(1, count + 1, (*shape, 1))

    inputs = {}
    for name, field in spec.fields.items():
        if field.numeric is not None:
            missing = draws.random(batch) < _MISSING
            inputs[name] = np.where(missing, np.nan, draws.normal(size=batch))
        elif field.multivalue is None:
            inputs[name] = ids(spec.field_table(name), batch)
        else:
            count = field.max_values
            inputs[name] = ids(spec.field_table(name), batch, count) * values((batch,), count)
    steps = {}
    for feature in spec.sequence_features:
        if feature.sequence not in steps:
            steps[feature.sequence] = _steps(draws, batch, feature.length, history)
        valid = steps[feature.sequence]
        if feature.multivalue is None:
            inputs[feature.name] = ids(feature.table, *valid.shape) * valid
        else:
            count = feature.max_values
            drawn = ids(feature.table, *valid.shape, count) * values(valid.shape, count)
            inputs[feature.name] = drawn * valid[..., None]
    return {
        name: array.astype("float32" if name in spec.numbers else "int32")
        for name, array in inputs.items()
    }


def _steps(draws: np.random.Generator, batch: int, length: int, history: str) -> Any:
    """Which steps of a behaviour are valid: bool [batch, length]."""
    lengths = draws.integers(0, length + 1, batch)
    if history != "mixed":
        lengths[:] = length if history == "full" else 0
    else:
        lengths[:2] = (0, length)[:batch]
    return np.arange(length) < lengths[:, None]
