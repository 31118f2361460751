"""JSON lines to tables: an object a line, its nested keys by a dotted path."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from infnet_keras.data.raw.files.storage import Storage
from infnet_keras.data.raw.files.text_stream import opened, text_chunks
from infnet_keras.data.raw.values.inference import Inferred, inferred_from_text
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import Source


class _Number(str):
    """A number as the file spells it, so that no digit is lost."""


class _RepeatedKeyError(Exception):
    """An object has two values of one key, which is the argument."""


class JsonReader:
    """One file of JSON lines.

    Args:
        file: its path.
        source: says its encoding.
        storage: where it lies.
        block_bytes: how much is read at a time.
    """

    def __init__(self, file: str, source: Source, storage: Storage, block_bytes: int):
        self._file = file
        self._missing = frozenset(source.missing_values)
        self._encoding = source.encoding
        self._storage = storage
        self._block_bytes = block_bytes

    def names(self) -> list[str]:
        """The keys of the file's first objects; none where the file is empty."""
        return list(self.inferred(1 << 16))

    def inferred(self, sample_bytes: int) -> dict[str, Inferred]:
        """Every key of the file's first objects, with the type that its values suggest."""
        # A line may be longer than the sample.
        rows = next((rows for _, rows in self._rows(sample_bytes) if rows), [])
        found: dict[str, list[tuple[int, Any]]] = {}
        with self._not_too_deep():
            for number, row in enumerate(rows):
                for name, value in _leaves(row):
                    found.setdefault(name, []).append((number, value))
        for name in found:
            try:
                name.encode()
            except UnicodeEncodeError:
                raise DataError(
                    f"{self._file} has a key {name!r}, which is not UTF-8; say the `encoding` of "
                    "its source, or correct the key"
                ) from None
        return {name: self._inferred(values) for name, values in found.items()}

    def _inferred(self, values: list[tuple[int, Any]]) -> Inferred:
        present = [(n, v) for n, v in values if v is not None and v not in ("", [])]
        text = next(((n, v) for n, v in present if not isinstance(v, _Number)), None)
        if text is not None:
            return Inferred("string", self._file, text[0], json.dumps(text[1])[:60])
        if not present:
            return Inferred(None, self._file, 0, None)
        numbers = pa.array([str(v) for _, v in present], pa.string())
        seen = inferred_from_text(numbers, self._file)
        return seen._replace(row=present[seen.row][0])

    def blocks(self, columns: list[str], whole: bool = False) -> Iterator[pa.Table]:
        """The rows, in order; values are text as the file spells it, or lists of text.

        Args:
            columns: keys or dotted paths; a missing key is a missing value, and a list of
                objects is a list of structs.
            whole: whether to add the whole object as text, by a name that no column has.

        Raises:
            DataError: a line is not an object, or a value holds objects; names the line.
        """
        for line, rows in self._rows(self._block_bytes):
            if not rows:
                continue
            with self._not_too_deep():
                table = {name: self._column(name, rows, line) for name in columns}
                if whole:
                    table["\0object"] = pa.array([json.dumps(row, sort_keys=True) for row in rows])
            yield pa.table(table)

    @contextmanager
    def _not_too_deep(self) -> Iterator[None]:
        try:
            yield
        except RecursionError:
            raise DataError(f"{self._file}: a line is nested too deeply") from None

    def _column(self, name: str, rows: list[dict[str, Any]], line: int) -> pa.Array:
        if "." in name:
            found = [self._at_path(row, name, line) for row in rows]
        else:
            found = [row.get(name) for row in rows]
        try:
            values = [self._text(value) for value in found]
            if not any(isinstance(value, list) for value in values):
                return pa.array(values, pa.binary()).view(pa.string())
            wrapped = [v if v is None or isinstance(v, list) else [v] for v in values]
            if any(isinstance(element, dict) for value in wrapped for element in value or []):
                return self._objects(wrapped)
            lists = pa.array(wrapped, pa.list_(pa.binary()))
            texts = lists.values.view(pa.string())
            return pa.ListArray.from_arrays(lists.offsets, texts, mask=lists.is_null())
        except UnicodeEncodeError:
            raise DataError(
                f"{self._file}: {name!r} holds half a character (an escape such as \\ud800, from "
                f"line {line} on), which no text in UTF-8 has; correct the file"
            ) from None
        except (TypeError, pa.ArrowException):
            raise DataError(
                f"{self._file}: {name!r} holds objects or lists of lists (from line {line} on); "
                f"name a value in them by its path, such as {name}.key"
            ) from None

    def _at_path(self, row: dict[str, Any], name: str, line: int) -> Any:
        found = list(_values(row, name))
        if len(found) > 1:
            raise DataError(
                f"{self._file}: {name!r} is both a key with dots in it and a path to another one "
                f"(from line {line} on); rename one"
            )
        return found[0] if found else None

    def _objects(self, values: list[list[Any] | None]) -> pa.Array:
        """Lists of objects, as lists of structs of text; TypeError for any other element."""
        objects = [element for value in values for element in value or []]
        if not all(element is None or isinstance(element, dict) for element in objects):
            raise TypeError("some elements are objects and some are not")
        keys = dict.fromkeys(key for element in objects for key in element or {})
        texts = [
            None
            if value is None
            else [element and {k: self._text(v) for k, v in element.items()} for element in value]
            for value in values
        ]
        return pa.array(texts, pa.list_(pa.struct([(key, pa.binary()) for key in keys])))

    def _text(self, value: Any) -> Any:
        """A value's text as bytes, in lists too; objects are left for pyarrow to refuse."""
        if isinstance(value, list):
            return [self._text(element) for element in value]
        if isinstance(value, bool):
            value = "true" if value else "false"
        if not isinstance(value, str):
            return value
        return None if value in self._missing else value.encode("utf-8", "surrogateescape")

    def _rows(self, size: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Objects, with the number of the first one's line."""
        decoder = json.JSONDecoder(
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Number,
            object_pairs_hook=_unambiguous,
        )
        line = 1
        rest = b""
        with opened(self._storage, self._file) as stream:
            chunks = text_chunks(stream, self._file, self._encoding, size)
            following = next(chunks, None)
            while following is not None:
                chunk, following = following, next(chunks, None)
                data = rest + chunk
                end = len(data) if following is None else data.rfind(b"\n") + 1
                rest = data[end:]
                lines = data[:end].split(b"\n")
                yield (
                    line,
                    [
                        self._object(text, line + number, decoder)
                        for number, text in enumerate(lines)
                        if text.strip()
                    ],
                )
                line += len(lines) - 1

    def _object(self, text: bytes, line: int, decoder: json.JSONDecoder) -> dict[str, Any]:
        try:
            # bytes that are not UTF-8 matter only in values that are read
            found = decoder.decode(text.decode("utf-8", "surrogateescape").strip())
        except json.JSONDecodeError as error:
            raise DataError(
                f"{self._file}: line {line} is not JSON ({error.msg}, character {error.pos + 1}); "
                "JSON lines hold one object a line"
            ) from None
        except _RepeatedKeyError as error:
            raise DataError(
                f"{self._file}: line {line} has the key {error.args[0]!r} twice in one object; "
                "rename or drop one"
            ) from None
        except RecursionError:
            raise DataError(f"{self._file}: line {line} is nested too deeply") from None
        if not isinstance(found, dict):
            raise DataError(
                f"{self._file}: line {line} is no JSON object; JSON lines hold one object a line"
            )
        return found


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _RepeatedKeyError(next(key for key in keys if keys.count(key) > 1))
    return found


def _leaves(row: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _values(row: dict[str, Any], name: str) -> Iterator[Any]:
    """What stands at a path; keys may hold dots themselves."""
    if name in row:
        yield row[name]
    for dot in range(len(name)):
        if name[dot] == "." and isinstance(nested := row.get(name[:dot]), dict):
            yield from _values(nested, name[dot + 1 :])
