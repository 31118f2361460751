"""From a feature spec to a compiled model."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from infnet_keras.errors import ModelError, SpecError
from infnet_keras.models.optimizer import build_optimizer
from infnet_keras.models.registry import MODELS
from infnet_keras.models.spec_model import SpecModel
from infnet_keras.spec import FeatureSpec, load_spec, override_spec

if TYPE_CHECKING:
    from infnet_keras.data.prepared.impressions import Impressions


def from_spec(
    path_or_spec: str | Path | FeatureSpec,
    data: str | Path | Impressions | None = None,
    **overrides: Any,
) -> SpecModel:
    """The model of a spec: built, with its weights initialised, and compiled.

    Args:
        path_or_spec: a YAML file, the bare name of a shipped spec, or a FeatureSpec.
        data: prepared data, their directory, or other impressions with their methods. The tables
            then have the fitted number of rows, the fitted assets go with the model (attribute
            `assets`). Without data every table needs a declared `size`. A cosine schedule learns
            its number of steps when `fit` starts, or has it from `training.schedule.steps`.
        **overrides: values of the spec to replace, under dotted keys: `**{"model.dim": 64}`.

    Returns:
        The model that `model: type` names, under the dtype policy of `training: precision`, by
        default the global one. The random seed is the caller's (`keras.utils.set_random_seed`).

    Raises:
        SpecError: the spec is wrong, or a table has no size.
        DataError: the data were prepared for another spec.
        ModelError: the backend cannot hold the precision.

    Example:
        >>> model = from_spec("minimal", **{"model.dim": 64})
        >>> sorted(model.spec.tasks)
        ['buy', 'click']
    """
    spec = path_or_spec if isinstance(path_or_spec, FeatureSpec) else load_spec(path_or_spec)
    if overrides:
        spec = override_spec(spec, overrides)
    if isinstance(data, str | Path):
        # Brings Arrow, which a model without data can do without.
        from infnet_keras.data.prepared.prepared_data import PreparedData

        data = PreparedData.open(Path(data))
    options = spec.training
    total_steps = None
    if data is None:
        rows = _declared_rows(spec)
    else:
        data.assets.check(spec)
        rows = data.assets.table_rows(spec)
        total_steps = math.ceil(data.count("train") / options.batch_size) * options.epochs
    optimizer = build_optimizer(options, total_steps)
    model_class: Any = MODELS[spec.model.type]
    model: SpecModel = model_class(spec, rows, dtype=options.precision)
    model.build()
    _check_precision(model, options.precision)
    if data is not None:
        for table, vectors in data.assets.vectors.items():
            if table in model.embedded_inputs.vector_embeddings:
                first = spec.all_tables[table].first_value_id
                model.embedded_inputs.vector_embeddings[table].assign(first, vectors)
        # The vectors are weights now: a file of the model need not hold them twice.
        model.assets = replace(data.assets, vectors={})
    model.compile(optimizer)
    return model


def _declared_rows(spec: FeatureSpec) -> dict[str, int]:
    rows = {name: table.rows() for name, table in spec.embedding_tables.items()}
    missing = [name for name, count in rows.items() if count is None]
    if missing:
        block = "tables" if missing[0] in spec.tables else "fields"
        raise SpecError(
            f"table {', '.join(map(repr, missing))} has no size: its vocabulary is fitted on data. "
            f"Give from_spec the prepared data, or declare `{block}.{missing[0]}.size`"
        )
    return {name: count for name, count in rows.items() if count is not None}


def _check_precision(model: SpecModel, precision: str | None) -> None:
    """JAX turns float64 into float32 unless told otherwise when it starts."""
    held = {keras.backend.standardize_dtype(v.value.dtype) for v in model.trainable_variables}
    if precision == "float64" and held != {"float64"}:
        raise ModelError(
            f"training.precision is float64, but the {keras.backend.backend()} backend holds "
            f"{', '.join(sorted(held))}; set the environment variable JAX_ENABLE_X64=1 before "
            "Python starts"
        )
