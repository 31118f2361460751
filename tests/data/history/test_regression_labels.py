"""Labels that are numbers: how they are read, what is refused, what a sample makes of them."""

import numpy as np
import pytest
from pydantic import ValidationError

from infnet_keras.data import ImpressionReader, PreparedData, prepare
from infnet_keras.data.history.labels import column_labels
from infnet_keras.errors import DataError
from infnet_keras.spec import spec_from_dict
from infnet_keras.spec.tasks import Task

NAN = float("nan")
NUMBERS = [1.5, -3, "", 4e9]


@pytest.fixture
def labels(tmp_path, write, split):
    """Prepare a log of one user in one day; the labels of each task, in order of time."""

    def prepared(content, log):
        prepare(spec_from_dict(content), write(log=log), tmp_path / "out", *split)
        data = PreparedData.open(tmp_path / "out")
        batch = next(ImpressionReader(data, "train", 100).batches())
        return {task: values.tolist() for task, values in batch.labels.items()}

    return prepared


def log(values):
    rows = (f"1,{n},{n},{n % 2},{value}\n" for n, value in enumerate(values))
    return "user,item,time,clicked,seconds\n" + "".join(rows)


def watch(**more):
    return {"label": "seconds", "kind": "regression", **more}


@pytest.mark.parametrize(
    ("values", "declared", "expected"),
    [
        (NUMBERS, None, [1.5, -3, NAN, 4e9]),
        ([3, -7, "", 2**31], "int64", [3, -7, NAN, 2.0**31]),
        (["1.5", "-3", "", "4e9"], "string", [1.5, -3, NAN, 4e9]),
        ([0.1, 16777217, "", -0.0], "float32", [np.float32(0.1), 16777216.0, NAN, 0.0]),
    ],
)
def test_a_column_of_numbers_of_any_type_is_a_label(labels, content, values, declared, expected):
    content["tasks"]["watch"] = watch()
    if declared is not None:
        content["sources"]["log"]["types"] = {"seconds": declared}
    np.testing.assert_array_equal(labels(content, log(values))["watch"], expected)


def test_missing_and_mask_are_as_for_binary_labels(labels, content):
    content["tasks"]["watch"] = watch(missing=[-1, 0], mask="clicked == 1")
    found = labels(content, log([5, -1, 7, 3, 0, 9]))["watch"]
    np.testing.assert_array_equal(found, [NAN, NAN, NAN, 3, NAN, 9])


@pytest.mark.parametrize("wrong", ["inf", "-inf", "1e39", "many"])
def test_what_is_no_finite_number_is_refused_with_its_row(labels, content, wrong):
    content["tasks"]["watch"] = watch()
    content["sources"]["log"]["types"] = {"seconds": "string"}
    with pytest.raises(DataError) as caught:
        labels(content, log([1, 2, wrong, 4]))
    assert "label 'seconds' holds" in str(caught.value)
    assert "is a finite number" in str(caught.value)
    assert "(row 3)" in str(caught.value)
    content["tasks"]["watch"] = watch(missing=wrong)
    np.testing.assert_array_equal(labels(content, log([1, 2, wrong, 4]))["watch"], [1, 2, NAN, 4])


def test_outside_the_mask_a_row_may_hold_anything(labels, content):
    content["tasks"]["watch"] = watch(mask="clicked == 1")
    content["sources"]["log"]["types"] = {"seconds": "string"}
    found = labels(content, log(["many", 2, "inf", 4]))["watch"]
    np.testing.assert_array_equal(found, [NAN, 2, NAN, 4])


def test_the_manifest_says_the_mean_label(content, write, split, tmp_path, three_days):
    lines = three_days.splitlines()
    text = f"{lines[0]},seconds\n" + "".join(
        f"{line},{'' if n == 0 else 10 * n}\n" for n, line in enumerate(lines[1:])
    )
    content["tasks"]["watch"] = watch()
    manifest = prepare(spec_from_dict(content), write(log=text), tmp_path / "out", *split)
    assert {s: r["watch"] for s, r in manifest.label_rates.items()} == {
        "train": pytest.approx(20.0),  # of 10, 20 and 30
        "valid": pytest.approx(55.0),
        "test": pytest.approx(95.0),
    }
    assert manifest.label_rates["train"]["click"] == 0.5
    assert manifest.labels_missing == {"click": 0, "watch": 1}


def test_a_split_of_one_number_is_refused(content, write, split, tmp_path, three_days):
    lines = three_days.splitlines()
    text = f"{lines[0]},seconds\n" + "".join(
        f"{line},{n if n < 4 else 7}\n" for n, line in enumerate(lines[1:])
    )
    content["tasks"] = {"watch": watch()}
    with pytest.raises(DataError, match="the valid split has one number, or none, in every regres"):
        prepare(spec_from_dict(content), write(log=text), tmp_path / "out", *split)


def test_a_sample_looks_at_binary_labels_alone(content, write, split, tmp_path):
    """A number of 1 is no positive label, and the number of what stays weighs as its click does."""
    rows = "".join(f"1,{n},{n},{int(n % 10 == 0)},1\n" for n in range(400))
    rows += "".join(f"1,{n},{86_400_000 + n},{n % 2},{n}\n" for n in range(4))
    text = "user,item,time,clicked,seconds\n" + rows
    content["tasks"]["watch"] = watch()
    content["sample"] = {"negatives": 0.25}
    spec, out = spec_from_dict(content), tmp_path / "out"
    manifest = prepare(spec, write(log=text), out, *split)
    kept = 360 - manifest.negatives_left_out
    assert 60 < kept < 120
    batch = next(ImpressionReader(PreparedData.open(out), "train", 1000).batches())
    clicked = batch.labels["click"] == 1
    for task in ("click", "watch"):
        np.testing.assert_array_equal(batch.weights[task], np.where(clicked, 1.0, 4.0))


@pytest.mark.parametrize("dtype", [object, np.float64])
@pytest.mark.parametrize("missing", [-1, -1.0, "-1", ["none", -1]])
def test_a_missing_number_is_missing_however_it_is_spelt(dtype, missing):
    spelt = ["-1", "-1.0", "-1.00", " -1", "2.5", "-1.5"]
    values = np.array(spelt if dtype is object else [float(value) for value in spelt], dtype)
    found = column_labels(Task(label="x", kind="regression", missing=missing), {"x": values})
    np.testing.assert_array_equal(found.values, [NAN, NAN, NAN, NAN, 2.5, -1.5])
    assert not found.wrong.any()


@pytest.mark.parametrize("value", ["1_0", "١٢", "0x10", "1,5", "none"])
def test_what_only_some_languages_call_a_number_is_wrong(value):
    task = Task(label="x", kind="regression")
    assert column_labels(task, {"x": np.array(["1", value], object)}).wrong.tolist() == [
        False,
        True,
    ]


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_a_scale_that_float32_cannot_use_is_refused(scale):
    with pytest.raises(ValidationError, match="leaves float32 no digits"):
        Task(**watch(scale=scale))
