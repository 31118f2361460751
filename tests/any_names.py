"""A spec whose names no signature can hold, its log, and a small model of both.

Chinese names, and names such as `item_id:token` of RecBole's atomic files, are two of their kinds.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np

SPEC = """
name: odd
sources: {log: {files: log.csv, time: {column: "time:float", unit: s}}}
keys: {user: "用户", item: "item_id:token"}
tables: {"a/b": {vocabulary: {}}, "点击": {vocabulary: {}}}
fields:
  "用户/(x)": {side: user, column: "用户", vocabulary: {}}
  "item_id:token": {side: item, table: "a/b"}
  "_tags": {side: item, table: "点击", multivalue: "|", max_values: 2}
  "class": {side: context, hash: 9}
  "it's \\"v1.0\\" <b>": {side: context, hash: 9}
  "candidate_count": {side: item, hash: 9}
  "小时": {side: context, derive: hour_of_day}
sequences:
  "看 过": {when: "`点 了` == 1", length: 3, attributes: {"item_id:token": "a/b", "_tags": "点击"}}
tasks: {"点/赞": {label: "点 了"}, "buy it": {label: "buy?"}}
splits: {valid_from: "1970-01-03", test_from: "1970-01-04"}
model: {type: infnet, blocks: 2, dim: 4, tower_hidden: [4]}
"""
SERVED = {
    "用户": "x_0d0e1a",
    "item_id:token": "item_id_token",
    "_tags": "x_tags",
    "class": "class_088911",
    'it\'s "v1.0" <b>': "it_s_v1_0_b",
    "candidate_count": "candidate_count_3f3d95",
    "time:float": "time_float",
}
ROW = {
    "用户": "u1",
    "item_id:token": "i2",
    "_tags": "t1|t2",
    "class": "c",
    'it\'s "v1.0" <b>': "é'\"",
    "candidate_count": 3,
    "time:float": 7200,
    "看 过__item_id:token": ["i1", "i3"],
    "看 过___tags": ["t1", ""],
}


def any_names_model(directory: Path) -> Any:
    """Prepare a log of 48 rows and build a model whose weights are large enough to tell rows apart.

    Args:
        directory: the log is written there, and below it the prepared data.
    """
    from infnet_keras.data.preparation.prepare import prepare
    from infnet_keras.models import from_spec
    from infnet_keras.spec import parse_spec

    spec = parse_spec(SPEC)
    with (directory / "log.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*SERVED, "点 了", "buy?"])
        for n in range(48):
            own = [f"u{n % 3}", f"i{n % 5}", f"t{n % 4}|t1", "c", f"v{n % 2}", n % 7, n * 7200]
            writer.writerow([*own, n % 2, n % 3 // 2])
    prepare(spec, directory, directory / "data", "1970-01-03", "1970-01-04")
    model = from_spec(spec, data=directory / "data")
    random = np.random.default_rng(7)
    for weight in model.weights:
        weight.assign(random.normal(0.0, 0.6, weight.shape).astype(weight.dtype))
    return model


def export_any_names(directory: Path) -> None:
    """Export version 1 of that model into `directory/odd`."""
    from infnet_keras.export import export_saved_model

    export_saved_model(any_names_model(directory), directory / "odd")
