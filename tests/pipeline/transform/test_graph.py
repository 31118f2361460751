"""The ids of Transform's graph are the NumPy transform's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_rows import SPEC, TYPES, VALUES, odd_rows, raw_batch

from infnet_keras.errors import DataError
from infnet_keras.features import RowTransform
from tfx_pipeline.transform.assets import assets_from_transform
from tfx_pipeline.transform.fitted_encoders import PLACEHOLDER
from tfx_pipeline.transform.graph import TransformGraph

INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(width=32)
STRINGS = st.binary(max_size=8) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=8
) | st.sampled_from(["||", "pop||x", PLACEHOLDER, "2022-03-27", "4", "04"])  # fmt: skip
ANY = {"int64": INTEGERS, "float32": FLOATS, "string": STRINGS}


def values_of(column: str) -> st.SearchStrategy[Any]:
    dtype = TYPES.get(column, "float32")  # history counts are no columns
    return st.sampled_from(VALUES[column]) | ANY[dtype]


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to four rows; histories of up to nine steps, at times of attributes of unlike length."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        row = {column: draw(values_of(column)) for column in VALUES}
        for name, sequence in SPEC.sequences.items():
            steps = draw(st.integers(0, 9))
            for column in sequence.attributes:
                present = values_of(column).filter(lambda value: value is not None)
                row[f"{name}__{column}"] = draw(st.lists(present, min_size=steps, max_size=steps))
        found.append(row)
    return found


class Engines:
    """The same transform twice."""

    def __init__(self, graph: Path):
        self.numpy = RowTransform(SPEC, assets_from_transform(graph, SPEC, TYPES))
        self.graph = TransformGraph(graph, SPEC, self.numpy.inputs)
        self.compiled = tf.function(
            self.graph, input_signature=[self.specs(ranking=False)], autograph=False
        )

    def specs(self, ranking: bool) -> dict[str, tf.TensorSpec]:
        return {
            i.name: tf.TensorSpec(
                [None, None] if i.kind == "sequence" or (ranking and i.side == "item") else [None],
                i.dtype,
            )
            for i in self.numpy.inputs
        }

    def tensors(self, raw: dict[str, Any]) -> dict[str, tf.Tensor]:
        return {i.name: tf.constant(raw[i.name], i.dtype) for i in self.numpy.inputs}

    def check(self, raw: dict[str, Any]) -> None:
        found = self.compiled(self.tensors(raw))
        for name, ids in self.numpy(raw).items():
            assert found[name].dtype == ids.dtype
            assert_equal(name, found[name].numpy(), ids)


def assert_equal(name: str, found: Any, expected: Any) -> None:
    """Ids are equal; numbers are, up to float32, and NaN where, and only where, one is missing."""
    if name in SPEC.numbers:
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6, err_msg=name)
    else:
        np.testing.assert_array_equal(found, expected, err_msg=name)


@pytest.fixture(scope="module")
def engines(transform_graph: Path) -> Engines:
    return Engines(transform_graph)


@settings(derandomize=True, deadline=None, max_examples=50)
@given(rows())
def test_any_rows(engines: Engines, given_rows: list[dict[str, Any]]) -> None:
    engines.check(raw_batch(given_rows))


def test_no_rows_and_no_history(engines: Engines) -> None:
    some = odd_rows(5, seed=0)
    engines.check({name: column[:0] for name, column in raw_batch(some).items()})
    for row in some:
        row |= {f.name: [] for f in SPEC.sequence_features}
    raw = raw_batch(some)
    engines.check(raw)
    for feature in SPEC.sequence_features:  # a request without any step at all
        raw[feature.name] = raw[feature.name][:, :0]
    engines.check(raw)


@pytest.mark.parametrize("length", [-(2**63), -1, 2**63 - 1])
def test_lengths_beyond_the_history(engines: Engines, length: int) -> None:
    raw = raw_batch(odd_rows(5, seed=0))
    for name in SPEC.sequences:
        raw[f"{name}__length"] = np.full(5, length, np.int64)
    engines.check(raw)


def test_a_ranking_request(engines: Engines) -> None:
    raw = raw_batch(odd_rows(6, seed=5, later=True))
    candidates = (np.arange(6)[:, None] + np.arange(4)) % 6
    request, flat = {}, {}
    for i in engines.numpy.inputs:
        of_item = i.side == "item"
        request[i.name] = raw[i.name][candidates] if of_item else raw[i.name]
        flat[i.name] = raw[i.name][candidates].reshape(-1) if of_item else np.repeat(
            raw[i.name], 4, axis=0
        )  # fmt: skip
    call = tf.function(
        engines.graph, input_signature=[engines.specs(ranking=True)], autograph=False
    )
    found = call(engines.tensors(request))
    for name, ids in engines.numpy(flat).items():
        of_item = found[name].shape.rank > ids.ndim
        expected = ids.reshape(6, 4, *ids.shape[1:])
        assert_equal(name, found[name].numpy(), expected if of_item else expected[:, 0])
    assert found["age"].shape.rank == 2  # of an item's date and the request's time
    assert found["hour"].shape.rank == 1


def test_candidates_cost_no_history(engines: Engines) -> None:
    """What is computed once a candidate reads nothing else."""
    reads = ["video_id", "duration"]
    part = engines.graph._saved.part(reads, reads)
    given_inputs = [tensor for tensor in part.inputs if tensor.name.startswith("inputs")]
    assert len(given_inputs) == 2 * len(reads)  # values and row splits


def test_names_must_agree(engines: Engines) -> None:
    raw = engines.tensors(raw_batch(odd_rows(2, seed=0)))
    del raw["tab"]
    with pytest.raises(DataError, match="'tab' is missing"):
        engines.graph(raw)
