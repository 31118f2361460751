"""What tells two models apart, in the words of the spec."""

import json

from infnet_keras.models.spec_model import SpecModel
from infnet_keras.spec import FeatureSpec

# Which tokens' width, and what only training or the first weights depend on.
_NO_OTHER_MODEL = {"type", "variant", "dim", "dropout", "task_scale", "calibrator_weight"}


def option_differences(earlier: FeatureSpec, spec: FeatureSpec) -> list[str]:
    """The options that make a model compute something else, with both values."""
    if earlier.model.type != spec.model.type:
        return [f"model.type ({earlier.model.type} there, {spec.model.type} here)"]
    before, now = (getattr(each.model, "variant", None) for each in (earlier, spec))
    if before != now and "v2" in (before, now):  # whose blocks are others
        return [f"model.variant ({before} there, {now} here)"]
    options, others = (
        {"dim": each.dim, **each.model.model_dump(mode="json", exclude=_NO_OTHER_MODEL)}
        for each in (earlier, spec)
    )
    return [
        f"model.{name} ({json.dumps(options[name])} there, {json.dumps(others[name])} here)"
        for name in options
        if options[name] != others[name]
    ]


def width_differences(earlier: SpecModel, model: SpecModel) -> list[str]:
    """The tables whose rows are of another width now."""
    found = {}
    for group, tables in model.embedded_inputs.tables.items():
        before = earlier.embedded_inputs.tables.get(group)
        for table in tables.offsets:
            if before is not None and table in before.offsets:
                widths = before.dims[table], tables.dims[table]
                if widths[0] != widths[1]:
                    found[table] = f"table {table} (rows of {widths[0]} there, {widths[1]} here)"
    vectors = earlier.embedded_inputs.vector_embeddings
    for table, layer in model.embedded_inputs.vector_embeddings.items():
        if table in vectors and vectors[table].width != layer.width:
            there = vectors[table].width
            found[f"vectors {table}"] = f"vectors of {table} (of {there} there, {layer.width} here)"
    return list(found.values())


def part_differences(earlier: FeatureSpec, spec: FeatureSpec) -> tuple[list[str], list[str]]:
    """The parts of a spec that are new, and those that are gone."""
    before, now = _parts(earlier), _parts(spec)
    return [p for p in now if p not in before], [p for p in before if p not in now]


def _parts(spec: FeatureSpec) -> list[str]:
    return [
        *(f"field {name}" for name in spec.fields),
        *(f"sequence {feature.name}" for feature in spec.sequence_features),
        *(f"task {name}" for name in spec.tasks),
    ]
