"""tf.Examples hold every column under the name that the served model takes."""

from infnet_keras.data.examples.columns import (
    arrow_schema,
    example_columns,
    label_name,
    weight_name,
)
from infnet_keras.spec import parse_spec

SPEC = """
name: odd
sources: {log: {files: log.csv, time: {column: "time:float", unit: s}}}
keys: {user: "user_id:token", item: "商品"}
tables: {item: {vocabulary: {}}, seen: {vocabulary: {}}}
fields: {"商品": {side: item, table: item}, "_a": {side: item, hash: 9}, x_a: {side: item, hash: 8}}
sequences: {"看": {length: 3, attributes: {"商品": item, "_a": seen}}}
tasks: {"点/赞": {label: like}}
"""


def test_names_are_served_names() -> None:
    spec = parse_spec(SPEC)
    types = dict.fromkeys(["商品", "_a", "x_a", "user_id:token"], "string")
    columns = example_columns(spec, types)  # type: ignore[arg-type]
    served = spec.served_names
    assert [column.name for column in columns] == [served[column.own] for column in columns]
    assert [column.own for column in columns] == [
        "商品", "_a", "x_a", "看__商品", "看___a", "user_id:token", "label__点/赞", "weight__点/赞"
    ]  # fmt: skip
    assert len(set(arrow_schema(columns).names)) == len(columns)
    assert all(column.name.isascii() and column.name.isidentifier() for column in columns)
    assert [column.name for column in columns[-2:]] == [
        label_name(spec, "点/赞"),
        weight_name(spec, "点/赞"),
    ]
