"""Whole rows, by hand and against the column-wise definition of a history."""

import subprocess
import sys

import numpy as np
import pytest
from farmhash import fingerprint64

from infnet_keras.errors import DataError
from infnet_keras.features.numpy.row_transform import RowTransform
from infnet_keras.spec import override_spec


def test_by_hand(spec, assets, raw):
    ids = RowTransform(spec, assets)(raw)
    unknown = {v: 1 + fingerprint64(str(v)) % 3 for v in (8, 9, 99)}
    expected = {
        "user_id": [2 + fingerprint64("ann") % 50, 1, 2 + fingerprint64("bob") % 50],
        "video_id": [4, unknown[99], 1],
        "tag": [[3, 4], [2, 0], [5, 1]],
        "duration": [3, 1, 2],
        "price": [3, 1, 4],
        "tab": [2, 1, 6],
        "hour": [2 + 0, 2 + 3, 1],  # 02:00 does not exist that night
        "weekday": [2 + 6, 2 + 6, 1],
        "monthday": [2 + 26, 2 + 26, 1],
        "age": [2 + 2, 2 + 0, 1],
        "clicks": [2, 4, 1],
        "gap": [2, 3, 1],
        # The latest three of four steps; no step; one step, whose value is missing.
        "view__video_id": [[5, 6, 4], [0, 0, 0], [1, 0, 0]],
        "view__tag": [[[4, 0], [3, 4], [2, 0]], [[0, 0]] * 3, [[1, 0], [0, 0], [0, 0]]],
        "click__video_id": [[0, 0], [0, 0], [0, 0]],
    }
    numbers = {
        "exact_price": [(1.5 - 7.25) / 1.3, np.nan, 10],  # 100 is cut at 10 deviations
        "exact_duration": [(np.log(6) - 2.5) / 0.7, np.nan, (np.log(5) - 2.5) / 0.7],
        "exact_age": [(1 - 11) / 30, (-5 - 11) / 30, np.nan],
        "all_alike": [0, 0, np.nan],
    }
    assert list(ids) == list(spec.fields) + [f.name for f in spec.sequence_features]
    for name, values in numbers.items():
        assert ids[name].dtype == np.float32
        np.testing.assert_allclose(ids.pop(name), values, rtol=1e-6, err_msg=name)
    assert {name: array.tolist() for name, array in ids.items()} == expected
    assert all(array.dtype == np.int32 for array in ids.values())


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 7])
def test_the_latest_steps_are_kept_whatever_the_length_says(spec, assets, raw, steps):
    lengths = [-5, 0, 1, 2, 3, 5, 7, 8, 2**62]
    batch = len(lengths)
    given = {name: [values[0]] * batch for name, values in raw.items()}
    history = np.random.default_rng(1).choice([10, -3, 7], (batch, steps))
    given |= {"click__video_id": history, "click__length": lengths}
    ids = RowTransform(spec, assets)(given)["click__video_id"]
    place = {10: 4, -3: 5, 7: 6}
    for row, length in enumerate(lengths):
        real = [place[v] for v in history[row].tolist()[: max(length, 0)]][-2:]
        assert ids[row].tolist() == real + [0] * (2 - len(real))


def test_no_rows(spec, assets, raw):
    ids = RowTransform(spec, assets)({name: [] for name in raw})
    assert ids["user_id"].shape == (0,)
    assert ids["tag"].shape == (0, 2)
    assert ids["view__tag"].shape == (0, 3, 2)


def test_assets_of_another_spec_are_refused(spec, assets):
    with pytest.raises(DataError, match="sequences view"):
        RowTransform(override_spec(spec, {"sequences.view.length": 4}), assets)


def test_wrong_requests_are_refused(spec, assets, raw):
    with pytest.raises(DataError, match="'tab' is missing"):
        RowTransform(spec, assets)({name: v for name, v in raw.items() if name != "tab"})


def test_importing_needs_no_backend():
    loaded = "import sys, infnet_keras.features; print('keras' in sys.modules, " \
        "'tensorflow' in sys.modules)"  # fmt: skip
    result = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True)
    assert result.stdout.split()[-1] == "False", result.stderr
