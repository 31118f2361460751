"""Numbers that are spelt as ids are, whose zeros count."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def some_like_ids(text: pa.Array) -> bool:
    """Whether a number among texts is spelt as ids are, like 007, 0x7 or -07.

    This costs a glance at the first bytes, much less than reading the numbers.

    Args:
        text: string, every value a number.
    """
    _, offsets, data = text.buffers()
    if data is None or data.size == 0:
        return False
    heads = np.frombuffer(data, np.uint8)
    starts = np.frombuffer(offsets, np.int32)[text.offset : text.offset + len(text) + 1]
    long = np.diff(starts) > 1
    starts = starts[:-1]
    first = heads[np.minimum(starts, len(heads) - 1)]  # an empty text may start behind the data
    second = heads[starts[(first == ord("0")) & long] + 1]
    if (_is_digit(second) | (second | 32 == ord("x"))).any():
        return True
    negative = starts[(first == ord("-")) & long]
    negative = negative[heads[negative + 1] == ord("0")]
    return bool(_is_digit(heads[np.minimum(negative + 2, len(heads) - 1)]).any())


def _is_digit(characters: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    return (characters >= ord("0")) & (characters <= ord("9"))
