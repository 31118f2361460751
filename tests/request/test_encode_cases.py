"""The encoder of requests on the cases that the page's own encoder is held to as well."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infnet_keras.errors import DataError
from infnet_keras.request.encode import encode
from infnet_keras.request.json_tensors import from_json
from infnet_keras.request.signature import Signature
from infnet_keras.request.tensor_spec import TensorSpec

CASES = json.loads(Path(__file__).with_name("encode_cases.json").read_text(encoding="utf-8"))
SIGNATURE = Signature(
    "predict",
    {
        name: TensorSpec.from_json(
            {"dtype": dtype, "tensor_shape": {"dim": [{"size": str(size)} for size in shape]}}
        )
        for name, (dtype, shape) in CASES["inputs"].items()
    },
    {},
)


def row_of(case: dict[str, Any]) -> dict[str, Any]:
    row = {**CASES["row"], **case.get("with", {})}
    row.pop(case.get("without"), None)
    return row


@pytest.mark.parametrize("case", CASES["cases"], ids=[case["it"] for case in CASES["cases"]])
def test_a_row_is_encoded(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(DataError, match=case["refused"]):
            encode([row_of(case)], SIGNATURE)
        return
    found = encode([row_of(case)], SIGNATURE)
    assert list(found) == list(SIGNATURE.inputs)
    for name, expected in case["gives"].items():
        wanted = from_json(expected, SIGNATURE.inputs[name])
        assert found[name].dtype == wanted.dtype
        np.testing.assert_array_equal(found[name], wanted)
