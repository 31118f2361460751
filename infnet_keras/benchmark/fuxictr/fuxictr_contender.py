"""A model of FuxiCTR at the size of a setting."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

from infnet_keras.benchmark.batch import batch_of
from infnet_keras.benchmark.contender import Contender
from infnet_keras.benchmark.fuxictr.sources import feature_map, model_class, template
from infnet_keras.benchmark.setting import Setting
from infnet_keras.benchmark.shapes import rows_of
from infnet_keras.spec import FeatureSpec

FUXICTR = "fuxictr "
_POOLED = "layers.MaskedAveragePooling()"
_MULTI_TASK = ("MMoE", "PLE")
# The norm that FuxiCTR's `fit` clips gradients to unless told otherwise.
_GRADIENT_NORM = 10.0


def fuxictr_model(name: str, sources: Path, setting: Setting, spec: FeatureSpec) -> Contender:
    """FuxiCTR's model on the setting's batch: its forward pass, and its training step.

    The model has the settings of FuxiCTR's template, but the setting's width, fields, sequences and
    tables, and no regularisation. DIN attends from the item's fields to each behaviour whose
    attributes they share a table with; every other sequence is the mean of its steps. DIN, DCNv2
    and WuKong answer one task, MMoE and PLE all.
    """
    import torch

    tasks = list(spec.tasks) if name in _MULTI_TASK else [next(iter(spec.tasks))]
    looks = _looks(spec) if name == "DIN" else []
    features = feature_map(sources)
    features.features = OrderedDict(_features(spec, {s for _, steps in looks for s in steps}))
    features.labels = tasks
    features.num_fields = features.get_num_fields()
    features.default_emb_dim = setting.width
    features.set_column_index()
    settings = {
        **template(sources, name),
        "embedding_dim": setting.width,
        "learning_rate": spec.training.learning_rate,
        "embedding_regularizer": None,
        "net_regularizer": None,
        "gpu": 0 if torch.cuda.is_available() else -1,
        "verbose": 0,
    }
    if name in _MULTI_TASK:
        count = len(tasks)
        settings |= {"num_tasks": count, "task": ["binary_classification"] * count}
        settings["loss"] = ["binary_crossentropy"] * count
    if looks:
        settings["din_target_field"] = [target for target, _ in looks]
        settings["din_sequence_field"] = [steps for _, steps in looks]
    torch.manual_seed(0)
    model = model_class(sources, name)(features, **settings)
    inputs, labels = batch_of(setting, spec)
    batch = {**inputs, **{task: labels[task] for task in tasks}}
    return Contender(_forward(model, batch), _training(model, batch))


def _forward(model: Any, batch: dict[str, Any]) -> Any:
    from infnet_keras.benchmark.frameworks.torch_steps import forward

    def run(batch: dict[str, Any]) -> Any:
        model.eval()
        return model.forward(batch)

    return forward(run, batch)


def _training(model: Any, batch: dict[str, Any]) -> Any:
    """What `train_step` of FuxiCTR does, whose clipping needs a whole `fit` around it."""
    import torch

    from infnet_keras.benchmark.frameworks.torch_steps import wait

    def run() -> Any:
        model.train()
        model.optimizer.zero_grad()
        loss = model.compute_loss(model.forward(batch), model.get_labels(batch))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), _GRADIENT_NORM)
        model.optimizer.step()
        return wait(loss.detach())

    return run


def _features(spec: FeatureSpec, attended: set[str]) -> dict[str, dict[str, Any]]:
    """FuxiCTR's description of the inputs; the first that reads a table owns it."""
    rows, owners = rows_of(spec), dict[str, str]()
    found: dict[str, dict[str, Any]] = {}
    for name in spec.fields:
        found[name] = {"source": "", "type": "categorical"}
        found[name] |= _table(spec.field_table(name), name, rows, owners)
    for feature in spec.sequence_features:
        found[feature.name] = {"source": "", "type": "sequence", "max_len": feature.length}
        found[feature.name] |= _table(feature.table, feature.name, rows, owners)
        if feature.name not in attended:
            found[feature.name]["feature_encoder"] = _POOLED
    return found


def _table(table: str, name: str, rows: dict[str, int], owners: dict[str, str]) -> dict[str, Any]:
    owner = owners.setdefault(table, name)
    shared = {} if owner == name else {"share_embedding": owner}
    return {"vocab_size": rows[table], "padding_idx": 0, **shared}


def _looks(spec: FeatureSpec) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each behaviour's fields of the candidate and, beside them, the sequences of their values."""
    fields = {spec.field_table(n): n for n, field in spec.fields.items() if field.side == "item"}
    found = []
    for behaviour in spec.sequences:
        features = [f for f in spec.sequence_features if f.sequence == behaviour]
        pairs = [(fields[f.table], f.name) for f in features if f.table in fields]
        if pairs:
            found.append((tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)))
    return found
