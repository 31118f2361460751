"""What is kept of many partitions is what one batch of raw examples takes."""

import numpy as np
import pyarrow as pa
import pytest

from infnet_keras.data.examples.raw_examples import MOST, Drawn
from tfx_pipeline.beam.outcome import MergeOutcomes, Outcome


def numbered(partition: int, rows: int) -> pa.Table:
    return pa.table({"row": pa.array(range(partition, partition + rows), pa.int64())})


@pytest.mark.parametrize("held_out_share", [0.0, 0.02, 0.5])
def test_raw_examples_of_many_partitions(held_out_share) -> None:
    random = np.random.default_rng(0)
    drawn = {
        number: Drawn(
            numbered(number, int(random.random() < held_out_share)),
            numbered(number, int(random.random() < 0.7)),
        )
        for number in range(5000)
    }
    merge = MergeOutcomes()
    accumulators = [merge.create_accumulator() for _ in range(7)]
    for number in random.permutation(5000).tolist():
        one = Outcome(drawn={number: drawn[number]})
        at = int(random.integers(7))
        accumulators[at] = merge.add_input(accumulators[at], one)
    kept = merge.merge_accumulators(accumulators).drawn
    for part in ("held_out", "training"):
        found, expected = (
            pa.concat_tables(getattr(each[number], part) for number in sorted(each)).slice(0, MOST)
            for each in (kept, drawn)
        )
        assert found.equals(expected)
    assert len(kept) <= 2 * MOST
