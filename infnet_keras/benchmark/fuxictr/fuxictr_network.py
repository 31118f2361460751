"""A network of FuxiCTR for the inputs of a spec."""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infnet_keras.benchmark.fuxictr.sources import feature_map, model_class, template
from infnet_keras.spec import FeatureSpec

MULTI_TASK = ("MMoE", "PLE")
_POOLED = "layers.MaskedAveragePooling()"


def fuxictr_network(
    name: str,
    sources: Path,
    spec: FeatureSpec,
    rows: Mapping[str, int],
    tasks: list[str],
    settings: Mapping[str, Any],
) -> Any:
    """FuxiCTR's network with the settings of its template, and no regularisation.

    DIN attends from the item's fields to each behaviour whose attributes they share a table with;
    every other sequence, and every field of several values, is the mean of its steps.

    Args:
        name: of the model, as `FUXICTR_MODELS` has it.
        sources: a copy of FuxiCTR's repository.
        spec: whose fields and sequences are the inputs, by their names; several values of a step
            lie side by side, [batch, length * max_values].
        rows: of each table.
        tasks: what it answers; one, but for MMoE and PLE.
        settings: more of its settings, such as `embedding_dim` and `learning_rate`.

    Returns:
        The torch module, with `optimizer` and `compute_loss`.
    """
    looks = _looks(spec) if name == "DIN" else []
    features = feature_map(sources)
    features.features = OrderedDict(_features(spec, rows, {s for _, steps in looks for s in steps}))
    features.labels = tasks
    features.num_fields = features.get_num_fields()
    features.default_emb_dim = settings["embedding_dim"]
    features.set_column_index()
    shipped = template(sources, name)
    unregularised = {key: None for key in shipped if key.endswith("regularizer")}
    given = {**shipped, **unregularised, "verbose": 0, **settings}
    if name in MULTI_TASK:
        count = len(tasks)
        given |= {"num_tasks": count, "task": ["binary_classification"] * count}
        given["loss"] = ["binary_crossentropy"] * count
    if looks:
        given["din_target_field"] = [target for target, _ in looks]
        given["din_sequence_field"] = [steps for _, steps in looks]
    return model_class(sources, name)(features, **given)


def _features(
    spec: FeatureSpec, rows: Mapping[str, int], attended: set[str]
) -> dict[str, dict[str, Any]]:
    """FuxiCTR's description of the inputs; the first that reads a table owns it."""
    owners = dict[str, str]()
    found: dict[str, dict[str, Any]] = {}
    for name, field in spec.fields.items():
        found[name] = _steps(field.max_values) if field.multivalue else _one("categorical")
        found[name] |= _table(spec.field_table(name), name, rows, owners)
    for feature in spec.sequence_features:
        steps = feature.length * (feature.max_values if feature.multivalue else 1)
        found[feature.name] = _one("sequence") if feature.name in attended else _steps(steps)
        found[feature.name] |= {"max_len": steps}
        found[feature.name] |= _table(feature.table, feature.name, rows, owners)
    return found


def _one(kind: str) -> dict[str, Any]:
    return {"source": "", "type": kind}


def _steps(count: int) -> dict[str, Any]:
    return {**_one("sequence"), "max_len": count, "feature_encoder": _POOLED}


def _table(
    table: str, name: str, rows: Mapping[str, int], owners: dict[str, str]
) -> dict[str, Any]:
    owner = owners.setdefault(table, name)
    shared = {} if owner == name else {"share_embedding": owner}
    return {"vocab_size": rows[table], "padding_idx": 0, **shared}


def _looks(spec: FeatureSpec) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each behaviour's fields of the candidate and, beside them, the sequences of their values."""
    fields = {
        spec.field_table(name): name
        for name, field in spec.fields.items()
        if field.side == "item" and field.multivalue is None
    }
    found = []
    for behaviour in spec.sequences:
        features = [f for f in spec.sequence_features if f.sequence == behaviour]
        pairs = [
            (fields[f.table], f.name)
            for f in features
            if f.table in fields and f.multivalue is None
        ]
        if pairs:
            found.append((tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)))
    return found
