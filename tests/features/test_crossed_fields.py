"""Counts of what the history shares with the candidate: NumPy against plain loops."""

import numpy as np
import pytest
from crossed_reference import ASSETS, SPEC, TYPES, expected_ids, requests
from hypothesis import given, settings

from infnet_keras.errors import DataError
from infnet_keras.features import RowTransform, raw_inputs
from infnet_keras.features.numpy.shared_values import NO_VALUE, count_shared, value_codes


@settings(derandomize=True, deadline=None, max_examples=300)
@given(requests())
def test_any_request(raw):
    ids = RowTransform(SPEC, ASSETS)(raw)
    for row in range(len(raw["item"])):
        expected = expected_ids(raw, row)
        assert {name: ids[name][row] for name in expected} == expected


def test_a_request_holds_the_candidate_not_the_count():
    values = {raw.name: raw.side for raw in raw_inputs(SPEC, TYPES) if raw.kind == "value"}
    assert values == {"item": "item", "tags": "item", "author": "item", "place": "context"}
    assert SPEC.column_side("author") == "item"
    assert SPEC.column_side("place") == "context"


def test_no_rows():
    raw = {given.name: [] for given in raw_inputs(SPEC, TYPES)}
    assert RowTransform(SPEC, ASSETS)(raw)["same_tag_views"].shape == (0,)


def test_floats_have_no_spelling_to_compare():
    with pytest.raises(DataError, match="'item' holds floats"):
        raw_inputs(SPEC, {**TYPES, "item": "float32"})
    with pytest.raises(DataError, match="field 'same_place_views': column 'place' is float32"):
        raw_inputs(SPEC, {**TYPES, "place": "float32"})


def test_codes_tell_values_apart_and_know_the_missing():
    codes = value_codes(np.array(["7", "", "07", "7", None], object))
    assert codes.tolist() == [[0, NO_VALUE, 1, 0, NO_VALUE]]
    assert value_codes(np.array([], object), ",", 4).shape == (1, 0)


def test_a_step_that_shares_several_values_counts_once():
    codes = value_codes(np.array(["a,b", "a,b", "b,c", "d"], object), ",", 3)
    ends = np.arange(4)
    assert count_shared(codes, codes, np.zeros(4, int), ends).tolist() == [0, 1, 2, 0]
