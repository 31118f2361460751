"""Arrow tables of examples as serialised tf.Examples, in C++."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from infnet_keras.features.canonical import MISSING_INTEGER

_MISSING = {
    pa.int64(): MISSING_INTEGER,
    pa.float32(): float("nan"),
    pa.binary(): b"",
}


class ExampleEncoder:
    """Encodes tables of examples.

    A column of values becomes a feature of one value, without any where it is null; zeros and
    empty strings stay values. A column of lists becomes a feature of its values; a null inside is
    the missing value of its type (smallest int64, NaN, empty string).
    """

    def __init__(self) -> None:
        self._encoder = RecordBatchToExamplesEncoder()

    def encode(self, table: pa.Table) -> list[bytes]:
        """The serialised tf.Example of each row.

        Args:
            table: columns of integers, floats, strings, bytes or booleans, or of lists of them.
        """
        if not table.num_rows:
            return []
        lists = [_lists(column.combine_chunks()) for column in table.columns]
        encoded: list[bytes] = self._encoder.encode(
            pa.RecordBatch.from_arrays(lists, names=table.column_names)
        )
        return encoded


def _lists(values: pa.Array) -> pa.ListArray:
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        inside = _feature_values(values.values)
        offsets = values.offsets.cast(pa.int32())
        return pa.ListArray.from_arrays(offsets, inside.fill_null(_MISSING[inside.type]))
    present = values.is_valid().to_numpy(zero_copy_only=False)
    offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(present, dtype=np.int32)])
    return pa.ListArray.from_arrays(
        pa.array(offsets), _feature_values(values.drop_null()), mask=pa.array(~present)
    )


def _feature_values(values: pa.Array) -> pa.Array:
    """In one of the three types of a tf.Example."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_integer(values.type) or pa.types.is_boolean(values.type):
        return pc.cast(values, pa.int64())
    if pa.types.is_floating(values.type):
        return pc.cast(values, pa.float32(), safe=False)
    return pc.cast(values, pa.binary())
