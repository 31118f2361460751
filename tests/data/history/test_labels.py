"""Labels from conditions, words, other logs; what counts and what is refused."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infnet_keras.data import ImpressionReader, PreparedData, prepare
from infnet_keras.errors import DataError, SpecError
from infnet_keras.spec import spec_from_dict

NAN = float("nan")


@pytest.fixture
def labels(tmp_path, write, split):
    """Prepare a log of one user in one day; returns the labels of each task, in order of time."""

    def prepared(content, **files: str) -> dict[str, list[float]]:
        prepare(spec_from_dict(content), write(**files), tmp_path / "out", *split)
        data = PreparedData.open(tmp_path / "out")
        batch = next(ImpressionReader(data, "train", 100).batches())
        return {task: values.tolist() for task, values in batch.labels.items()}

    return prepared


def log(column: str, values: list[object]) -> str:
    rows = (f"1,{n},{n},{n % 2},{value}\n" for n, value in enumerate(values))
    return f"user,item,time,clicked,{column}\n" + "".join(rows)


@pytest.mark.parametrize(
    ("label", "values", "expected"),
    [
        ("rating >= 4", [5, 3.5, "", 4], [1, 0, NAN, 1]),
        ("event == 'buy'", ["buy", "cart", "", "Buy"], [1, 0, NAN, 0]),
        ("not event == 'pv'", ["pv", "cart", "buy", ""], [0, 1, 1, NAN]),
        (f"seen == {2**53 + 1}", [2**53, 2**53 + 1, "", 2**53 + 2], [0, 1, NAN, 0]),
        ("seen == 1 or clicked == 1", [0, 0, 1, ""], [0, 1, 1, NAN]),
        ("flag == true", ["True", "False", "true", ""], [1, 0, 1, NAN]),
        ("flag == 1", ["True", "False", "true", ""], [1, 0, 1, NAN]),
        ("price >= 16777217", [2.0**24, 2**24 + 1, "", 2**24 + 2.5], [0, 1, NAN, 1]),
        ("price > 0.3", [0.30000001, 0.3, "", 0.29999999], [1, 0, NAN, 0]),
        ("price == 0.1", [0.1, 0.10000000149, "", "1e-1"], [1, 0, NAN, 1]),
        (f"seen == {2**64 - 1}", [2**64 - 1, 2**64 - 2, "", 1], [1, 0, NAN, 0]),
        ("code == 'it''s'", ["it's", "its", "", "x"], [1, 0, NAN, 0]),
        ("`评分 (1-5)` > 2", [1, 3, "", 5], [0, 1, NAN, 1]),
    ],
)
def test_a_condition_is_a_label(labels, content, label, values, expected) -> None:
    content["tasks"]["other"] = {"label": label}
    column = next(c for c in spec_from_dict(content).tasks["other"].label_columns)
    np.testing.assert_array_equal(labels(content, log=log(column, values))["other"], expected)


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ([True, False, "", True], None),
        (["TRUE", "false", "", "True"], None),
        (["1", "0", "", "1"], None),
        ([1.0, 0.0, "", 1], None),
        ([1, 0, -1, 1], -1),
        (["1.0", "0.0", "-1.0", "1.0"], -1),
        (["true", "false", "unknown", "true"], "unknown"),
        ([1, 0, 9, 1], [-1, 9]),
        ([1, 0, -1, 1], "-1"),
    ],
)
def test_a_column_of_any_type_is_a_label(labels, content, values, missing) -> None:
    content["tasks"]["other"] = {"label": "other", "missing": missing}
    np.testing.assert_array_equal(
        labels(content, log=log("other", values))["other"], [1, 0, NAN, 1]
    )


@pytest.mark.parametrize(
    "values",
    [
        pa.array([True, False, None, True]),
        pa.array(["1", "0", None, "1"]),
        pa.array([1, 0, None, 1], pa.int8()),
        pa.array([1, 0, NAN, 1], pa.float64()),
        pa.array(["True", "False", None, "True"]).dictionary_encode(),
    ],
)
def test_a_parquet_column_of_any_type_is_a_label(labels, content, write, values) -> None:
    columns = {"user": [1] * 4, "item": [1, 2, 3, 4], "time": [1, 2, 3, 4], "clicked": [0, 1] * 2}
    pq.write_table(pa.table({**columns, "other": values}), write() / "log.parquet")
    content["sources"]["log"]["files"] = "log.parquet"
    content["tasks"]["other"] = {"label": "other"}
    np.testing.assert_array_equal(labels(content)["other"], [1, 0, NAN, 1])


def test_a_missing_value_of_a_condition_is_no_label(labels, content) -> None:
    content["tasks"]["other"] = {"label": "rating >= 4", "missing": [-1, 0]}
    found = labels(content, log=log("rating", [5, -1, 0, 3]))["other"]
    np.testing.assert_array_equal(found, [1, NAN, NAN, 0])


@pytest.mark.parametrize("where", ["log", "joined"])
def test_outside_its_mask_a_row_may_hold_anything(labels, content, where) -> None:
    mask, files = "clicked == 1", {}
    if where == "joined":  # the mask is known only when the items are
        content["sources"]["items"] = {"files": "items.csv", "join": "item"}
        mask, files = "kind == 'sold'", {"items": "item,kind\n0,no\n1,sold\n2,no\n3,sold\n"}
    content["tasks"]["other"] = {"label": "other", "mask": mask}
    found = labels(content, log=log("other", [7, 1, -1, 0]), **files)["other"]
    np.testing.assert_array_equal(found, [NAN, 1, NAN, 0])
    with pytest.raises(DataError) as caught:
        labels(content, log=log("other", [7, 1, -1, 5]), **files)
    assert "label 'other' holds 5; a label is 0, 1 or missing" in str(caught.value)
    if where == "log":
        assert "(row 4)" in str(caught.value)


def test_a_label_in_backticks_is_a_column(labels, content) -> None:
    content["tasks"]["other"] = {"label": "`a==b`"}
    assert labels(content, log=log("a==b", [1, 0, 1, 0]))["other"] == [1, 0, 1, 0]


def test_text_compared_with_a_number_is_one_sentence(labels, content) -> None:
    content["tasks"]["other"] = {"label": "rating >= 4"}
    with pytest.raises(DataError) as caught:
        labels(content, log=log("rating", ["good", "bad", "good", "bad"]))
    assert str(caught.value) == (
        "label of task 'other': column 'rating' holds the text 'good': compare it with a quoted "
        "string, not with 4; correct it or declare the column's type"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tasks": {"a": {"label": "rating => 4"}}}, "'=' is not an operator"),
        ({"tasks": {"a": {"label": "time > 4"}}}, "'time' is the time column: it cannot be a"),
        ({"tasks": {"a": {"label": {"found_in": "buy"}}}}, "no source 'buy'; did you mean 'buys'?"),
        ({"tasks": {"a": {"label": {"found_in": "log"}}}}, "'log' has no `join`"),
        (
            {"tasks": {"a": {"label": {"found_in": "buys"}, "missing": -1}}},
            "is 0 where nothing is found",
        ),
        (
            {"fields": {"rating": {"side": "item", "hash": 9}}},
            "column 'rating' is the label of task a, known only after the impression",
        ),
    ],
)
def test_what_the_spec_refuses(content, change, said) -> None:
    content["sources"]["buys"] = {"files": "buys.csv", "join": ["user", "item"]}
    content["tasks"]["a"] = {"label": "rating > 3"}
    content["tasks"]["b"] = {"label": {"found_in": "buys"}}
    for block, value in change.items():
        content[block] |= value
    with pytest.raises(SpecError) as caught:
        spec_from_dict(content)
    assert said in str(caught.value)


def test_the_columns_of_a_condition_are_attributes_of_the_past(labels, content) -> None:
    content["tables"]["rating"] = {"identity": 6}
    content["sequences"]["view"]["attributes"]["rating"] = "rating"
    content["tasks"]["other"] = {"label": "rating > 3"}
    assert labels(content, log=log("rating", [5, 1, 4, 2]))["other"] == [1, 0, 1, 0]


# Labels found in another log.

CLICKS = "user,item,time,clicked\n1,7,1,1\n1,8,2,0\n2,7,3,1\n2,9,4,0\n"


def test_a_label_is_found_in_another_log(labels, content) -> None:
    content["sources"]["buys"] = {"files": "buys.csv", "join": {"user": "who", "item": "sku"}}
    content["tasks"]["buy"] = {"label": {"found_in": "buys"}}
    content["tasks"]["dear"] = {"label": {"found_in": "buys", "when": "price > 5"}}
    buys = "who,sku,price,item\n1,8,1,7\n1,8,9,7\n2,7,2,7\n3,7,9,7\n,7,9,7\n"
    found = labels(content, log=CLICKS, buys=buys)
    assert found["buy"] == [0, 1, 1, 0]
    assert found["dear"] == [0, 1, 0, 0]


def test_a_masked_label_of_another_log(labels, content) -> None:
    content["sources"]["buys"] = {"files": "buys.csv", "join": ["user", "item"]}
    content["tasks"]["buy"] = {"label": {"found_in": "buys"}, "mask": "clicked == 1"}
    found = labels(content, log=CLICKS, buys="user,item\n2,7\n")
    np.testing.assert_array_equal(found["buy"], [0, NAN, 1, NAN])


def test_a_log_in_which_nothing_is_found_is_refused(labels, content) -> None:
    content["sources"]["buys"] = {"files": "buys.csv", "join": ["user", "item"]}
    content["tasks"]["buy"] = {"label": {"found_in": "buys"}}
    with pytest.raises(DataError) as caught:
        labels(content, log=CLICKS, buys="user,item\n1,70\n")
    assert (
        "source 'buys': 0 of 4 impressions are found in it: the log has user 1, item 7, the source "
        "has user 1, item 70." in str(caught.value)
    )
    content["sources"]["buys"]["misses"] = "allowed"
    assert labels(content, log=CLICKS, buys="user,item\n1,70\n")["buy"] == [0, 0, 0, 0]


@pytest.mark.parametrize("part", ["train", "valid", "test"])
def test_one_class_in_a_whole_split_is_refused(labels, content, three_days, part) -> None:
    content["tasks"]["same"] = {"label": "clicked"}
    number = ["train", "valid", "test"].index(part)
    lines = three_days.splitlines()
    lines[1 + 4 * number : 5 + 4 * number] = [
        f"{line[:-1]}1" for line in lines[1 + 4 * number : 5 + 4 * number]
    ]
    with pytest.raises(DataError) as caught:
        labels(content, log="\n".join(lines) + "\n")
    assert str(caught.value).startswith(
        f"the {part} split has one class in every task (labels that are 1: click 4 of 4, same 4 of "
        "4)"
    )


def test_one_class_in_one_task_of_several_is_not(labels, content, three_days) -> None:
    content["tasks"]["never"] = {"label": "clicked == 5"}
    assert labels(content, log=three_days)["never"] == [0] * 4


@pytest.mark.parametrize(
    ("label", "values"),
    [
        ("value == 0.1", pa.array([0.1, 0.2, None, 0.1], pa.float32())),
        ("value >= 0.1", pa.array([0.1, 0.09999999, None, 0.1], pa.float64())),
        ("value > 16777216", pa.array([2**24 + 1, 2**24, None, 2**24 + 2], pa.float64())),
        (f"value > {2**64 - 2}", pa.array([2**64 - 1, 2**64 - 2, None, 2**64 - 1], pa.uint64())),
        ("value == 1", pa.array([True, False, None, True])),
        ("value != false", pa.array([1, 0, None, 1], pa.int8())),
    ],
)
def test_values_of_parquet_are_compared_as_they_are(
    labels, content, tmp_path, label, values
) -> None:
    content["sources"]["log"]["files"] = "log.parquet"
    content["tasks"]["other"] = {"label": label}
    columns = {"user": [1] * 4, "item": range(4), "time": range(4), "clicked": [0, 1, 0, 1]}
    (tmp_path / "raw").mkdir()
    table = pa.table({name: list(column) for name, column in columns.items()} | {"value": values})
    pq.write_table(table, tmp_path / "raw" / "log.parquet")
    np.testing.assert_array_equal(labels(content)["other"], [1, 0, NAN, 1])


def test_a_joined_label(labels, content) -> None:
    content["sources"]["feedback"] = {"files": "feedback.csv", "join": "item"}
    content["tasks"] |= {"good": {"label": "stars >= 4.1"}, "told": {"label": "told"}}
    found = labels(
        content,
        log="user,item,time,clicked\n" + "".join(f"1,{n},{n},{n % 2}\n" for n in range(4)),
        feedback="item,stars,told\n3,4.1,True\n0,4.099999999,false\n1,,\n",
    )
    np.testing.assert_array_equal(found["good"], [0, NAN, NAN, 1])
    np.testing.assert_array_equal(found["told"], [0, NAN, NAN, 1])
