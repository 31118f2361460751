"""The pipeline says what it does not read, before any step runs."""

import pytest
from odd_rows import SPEC

from infnet_keras.errors import SpecError
from infnet_keras.spec import override_spec
from tfx_pipeline.spec_parts import for_examples


def test_vectors_are_refused() -> None:
    vectors = {"file": "items.parquet", "key": "id", "column": "vector", "width": 4}
    spec = override_spec(SPEC, {"tables.author.vectors": vectors})
    with pytest.raises(SpecError, match="table 'author' has `vectors`, which Transform does not"):
        for_examples(spec)
    assert for_examples(SPEC)
