"""Example rows as a file beside what was prepared or trained."""

import json
import math

import pytest

from infnet_keras.errors import DataError
from infnet_keras.features.raw_examples_file import (
    RAW_EXAMPLES,
    load_raw_examples,
    save_raw_examples,
)


def test_rows_come_back_and_go_away(tmp_path):
    assert load_raw_examples(tmp_path) is None
    save_raw_examples(tmp_path, {"price": [1.5, math.nan], "steps": [[math.nan, 2.0]]})
    text = (tmp_path / RAW_EXAMPLES).read_text()
    assert json.loads(text) == {"price": [1.5, None], "steps": [[None, 2.0]]}
    assert load_raw_examples(tmp_path) == json.loads(text)
    save_raw_examples(tmp_path, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["{", "[]", '"rows"'])
def test_a_file_that_holds_no_rows(tmp_path, text):
    (tmp_path / RAW_EXAMPLES).write_text(text)
    with pytest.raises(DataError, match=r"raw_examples\.json .*write it anew, or delete it"):
        load_raw_examples(tmp_path)
