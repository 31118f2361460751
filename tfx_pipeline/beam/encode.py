"""Arrow tables of examples as serialised tf.Examples, in C++."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from infnet_keras.features.canonical import MISSING_INTEGER

_MISSING = {
    pa.int64(): MISSING_INTEGER,
    pa.float32(): float("nan"),
    pa.binary(): b"",
}


# tf.train.Example, as far as its map of features goes: a feature stays the bytes that it is. The
# class of TensorFlow would bring the whole of it into every worker.
_EXAMPLE = {
    "name": "example.proto",
    "syntax": "proto3",
    "messageType": [
        {
            "name": "Example",
            "field": [
                {"name": "features", "number": 1, "type": "TYPE_MESSAGE", "typeName": ".Features"}
            ],
        },
        {
            "name": "Features",
            "field": [
                {
                    "name": "feature",
                    "number": 1,
                    "label": "LABEL_REPEATED",
                    "type": "TYPE_MESSAGE",
                    "typeName": ".Features.FeatureEntry",
                }
            ],
            "nestedType": [
                {
                    "name": "FeatureEntry",
                    "options": {"mapEntry": True},
                    "field": [
                        {"name": "key", "number": 1, "type": "TYPE_STRING"},
                        {"name": "value", "number": 2, "type": "TYPE_BYTES"},
                    ],
                }
            ],
        },
    ],
}


class ExampleEncoder:
    """Encodes tables of examples.

    The same rows give the same bytes: features are in the order of their names.

    A column of values becomes a feature of one value, without any where it is null; zeros and
    empty strings stay values. A column of lists becomes a feature of its values; a null inside is
    the missing value of its type (smallest int64, NaN, empty string).
    """

    def __init__(self) -> None:
        self._encoder = RecordBatchToExamplesEncoder()
        pool = descriptor_pool.DescriptorPool()
        pool.Add(json_format.ParseDict(_EXAMPLE, descriptor_pb2.FileDescriptorProto()))
        self._example = message_factory.GetMessageClass(pool.FindMessageTypeByName("Example"))

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
        # In C++ each map has an order of its own.
        read = self._example.FromString
        return [read(example).SerializeToString(deterministic=True) for example in encoded]


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
