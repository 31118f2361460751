"""The vectors of a table's values, from the file that the spec names."""

from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import canonical_strings
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.vectors import Vectors

Matrix = npt.NDArray[np.float32]


def with_vectors(
    spec: FeatureSpec, raw: Path, vocabularies: dict[str, list[str]]
) -> tuple[dict[str, list[str]], dict[str, Matrix]]:
    """The vocabularies, with the values that a file has beyond them, and the vectors of all.

    Args:
        spec: says which tables have vectors.
        raw: the directory that files are named from.
        vocabularies: as training impressions fit them.

    Returns:
        Table -> values in row order, those that training does not know last, ordered by value;
        table -> float32 [values, width], zeros where the file has no vector.

    Raises:
        DataError: a file cannot be read, has no such column, or holds something else.
    """
    whole, matrices = dict(vocabularies), {}
    for table, vectors in spec.vectors.items():
        keys, matrix = _read(table, vectors, raw / vectors.file)
        rows = {key: row for row, key in enumerate(keys)}
        values = vocabularies[table]
        known = set(values)
        whole[table] = [*values, *sorted(key for key in keys if key not in known)]
        at = np.array([rows.get(value, len(keys)) for value in whole[table]], np.int64)
        matrices[table] = np.concatenate([matrix, np.zeros((1, vectors.width), np.float32)])[at]
    return whole, matrices


def _read(table: str, vectors: Vectors, path: Path) -> tuple[list[str], Matrix]:
    """Distinct keys and their vectors, [keys, width]; rows without either are left out."""
    where = f"the vectors of table {table!r}, {path}"
    try:
        found = pq.read_table(path, columns=[vectors.key, vectors.column])
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{where}, cannot be read as Parquet: {error}") from error
    for name in (vectors.key, vectors.column):
        if name not in found.column_names:
            raise DataError(f"{where}, has no column {name!r}: correct `key` or `column`")
    try:
        keys = canonical_strings(found[vectors.key].combine_chunks(), vectors.key)
        spelt = keys.cast(pa.string())
    except pa.ArrowException as error:
        raise DataError(f"{where}: column {vectors.key!r} is no UTF-8 text: {error}") from error
    lists = found[vectors.column].combine_chunks()
    kind = lists.type
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if not is_list and not pa.types.is_fixed_size_list(kind):
        raise DataError(f"{where}: column {vectors.column!r} is of type {kind}, not lists")
    # What has a newline is in no vocabulary.
    usable = pc.and_(keys.is_valid(), lists.is_valid())
    usable = pc.and_not(usable, pc.fill_null(pc.match_substring_regex(spelt, "[\n\r]"), False))
    lists = lists.filter(usable)
    texts: list[str] = spelt.filter(usable).to_pylist()
    if len(set(texts)) != len(texts):
        twice = next(text for text, count in Counter(texts).items() if count > 1)
        raise DataError(f"{where}, holds {twice!r} twice: keep one vector a value")
    lengths = pc.unique(pc.list_value_length(lists)).to_pylist()
    if any(length != vectors.width for length in lengths):
        other = next(length for length in lengths if length != vectors.width)
        raise DataError(
            f"{where}, holds a vector of {other} numbers, and `width` says {vectors.width}: "
            "correct the spec or the file"
        )
    numbers = lists.flatten()
    if not (pa.types.is_floating(numbers.type) or pa.types.is_integer(numbers.type)):
        raise DataError(f"{where}: column {vectors.column!r} holds no numbers")
    matrix = np.asarray(numbers.to_numpy(zero_copy_only=False), np.float32)
    if not np.isfinite(matrix).all():
        raise DataError(f"{where}, holds a number that is missing or not finite: leave the row out")
    return texts, matrix.reshape(-1, vectors.width)
