import numpy as np
import pytest

from infnet_keras.evaluation import sample_inputs
from infnet_keras.evaluation.sample import sample_size


def rows_of(batches):
    """Impressions as tuples of all their ids."""
    return [
        tuple(np.concatenate([ids[row].reshape(-1) for ids in inputs.values()]))
        for inputs in batches
        for row in range(len(inputs["user"]))
    ]


def test_batches_of_one_size_spread_over_the_split(prepared):
    batches = list(sample_inputs(prepared, "train", 100, batch_size=16))
    assert [len(inputs["user"]) for inputs in batches] == [16] * 6
    assert sample_size(prepared, "train", 100, 16) == 96
    assert len({user for inputs in batches for user in inputs["user"]}) > 20
    everything = rows_of(batch.inputs for batch in prepared.reader("train", 64).batches())
    assert set(rows_of(batches)) < set(everything)


def test_a_seed_chooses(prepared):
    first, same, other = (
        rows_of(sample_inputs(prepared, "train", 64, 16, seed)) for seed in (1, 1, 2)
    )
    assert first == same
    assert first != other


@pytest.mark.parametrize("more", [0, 50])
def test_a_small_split_is_given_whole(prepared, more):
    count = prepared.count("valid")
    found = rows_of(sample_inputs(prepared, "valid", count + more, batch_size=7))
    everything = rows_of(batch.inputs for batch in prepared.reader("valid", 64).batches())
    assert sorted(found) == sorted(everything)
    assert sample_size(prepared, "valid", count + more, batch_size=7) == len(found)


def test_fewer_rows_than_a_batch(prepared):
    (inputs,) = sample_inputs(prepared, "train", 5)
    assert len(inputs["user"]) == 5
