"""The shapes of inputs that are measured, as specs."""

from typing import Any

from infnet_keras.benchmark.setting import Setting
from infnet_keras.errors import ModelError
from infnet_keras.spec import FeatureSpec, load_spec, override_spec, spec_from_dict

# Steps of each of 4 behaviours with 7 attributes: 28 sequences beside 89 fields.
_STEPS = {"pure": 20, "long": 100}
SHAPES = ("qb", *_STEPS)
_FIELDS, _ATTRIBUTES = 89, 7
_TASKS = ("click", "like", "long_view")
_USERS, _ITEMS, _OTHERS = 27_300, 7_600, 1_000  # KuaiRand-Pure's users and items


def spec_of(setting: Setting) -> FeatureSpec:
    """The spec of a setting; every table declares its rows.

    "qb" is the shipped spec `qb_video`. "pure" and "long" are KuaiRand-Pure's counts: 89 fields, 28
    sequences of 20 and of 100 steps, three tasks; tables of 27,300 users, 7,600 items and 1,000
    values of anything else.

    Args:
        setting: the shape and its size.

    Raises:
        ModelError: there is no such shape.

    Example:
        >>> len(spec_of(Setting("pure")).fields)
        89
    """
    if setting.shape not in SHAPES:
        raise ModelError(f"there is no shape {setting.shape!r}; shapes: {', '.join(SHAPES)}")
    spec = load_spec("qb_video") if setting.shape == "qb" else spec_from_dict(_counts(setting))
    changes: dict[str, Any] = {
        "model.dim": setting.width,
        "model.blocks": setting.blocks,
        "training": {"precision": setting.precision, "schedule": {"decay": "constant"}},
    }
    for name, sequence in spec.sequences.items():
        changes[f"sequences.{name}.length"] = max(round(sequence.length * setting.history), 1)
    for name, table in spec.all_tables.items():
        if table.size is not None:
            block = "tables" if name in spec.tables else "fields"
            changes[f"{block}.{name}.size"] = max(round(table.size * setting.vocabulary), 4)
    return _with_fields(override_spec(spec, changes), setting)


def rows_of(spec: FeatureSpec) -> dict[str, int]:
    """The rows of every table of such a spec."""
    declared = {name: table.rows() for name, table in spec.embedding_tables.items()}
    return {name: rows for name, rows in declared.items() if rows is not None}


def _counts(setting: Setting) -> dict[str, Any]:
    """Field 0 is the user, fields 1 to 28 share their tables with the sequences' attributes."""
    shared = 4 * _ATTRIBUTES
    return {
        "name": setting.shape,
        "sources": {"log": {"files": "log.csv", "time": {"column": "time"}}},
        "keys": {"user": "f0", "item": "f1"},
        "tables": {
            f"t{i}": {"vocabulary": {}, "size": _ITEMS if i == 0 else _OTHERS}
            for i in range(shared)
        },
        "fields": {
            "f0": {"side": "user", "vocabulary": {}, "size": _USERS},
            **{f"f{i + 1}": {"side": "item", "table": f"t{i}"} for i in range(shared)},
        },
        "sequences": {
            f"s{j}": {
                "length": _STEPS[setting.shape],
                **({"when": f"{_TASKS[j]} == 1"} if j < len(_TASKS) else {}),
                "attributes": {
                    f"f{i + 1}": f"t{i}" for i in range(j * _ATTRIBUTES, (j + 1) * _ATTRIBUTES)
                },
            }
            for j in range(4)
        },
        "tasks": {task: {"label": task} for task in _TASKS},
    }


def _with_fields(spec: FeatureSpec, setting: Setting) -> FeatureSpec:
    """Context fields with tables of their own, up to the number of fields that is wanted."""
    whole = len(spec.fields) if setting.shape == "qb" else _FIELDS
    more = round(whole * setting.fields) - len(spec.fields)
    size = max(round(_OTHERS * setting.vocabulary), 4)
    added = {
        f"fields.more_{number}": {"side": "context", "vocabulary": {}, "size": size}
        for number in range(more)
    }
    return override_spec(spec, added) if added else spec
