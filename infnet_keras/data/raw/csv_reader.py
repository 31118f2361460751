"""CSV text to tables: fast where it is plain, exact where it is not."""

from collections.abc import Generator, Iterator
from contextlib import closing

import pyarrow as pa
import pyarrow.csv

from infnet_keras.data.raw.csv_records import (
    Layout,
    MisquotedError,
    WholeRecords,
    split_record,
    whole_records,
)
from infnet_keras.data.raw.inference import Inferred, inferred_from_text
from infnet_keras.data.raw.storage import Storage
from infnet_keras.data.raw.text_stream import opened, text_chunks
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import Source

_LONGEST_RECORD = 64 << 20
_STAND_INS = b"\x1f\x1e\x1d\x1c\x1b\x1a\x19\x18\x17\x16\x15\x14\x13\x12\x11\x10\x0f\x0e\x08\x07"


class CsvReader:
    """One CSV file.

    Args:
        file: its path.
        source: how its text is laid out.
        storage: where it lies.
        block_bytes: how much is read at a time.
    """

    def __init__(self, file: str, source: Source, storage: Storage, block_bytes: int):
        self._file = file
        self._source = source
        self._storage = storage
        self._block_bytes = block_bytes
        quote = source.quote_character
        self._layout = Layout(source.delimiter.encode(), quote.encode() if quote else None)

    def inferred(self, sample_bytes: int) -> dict[str, Inferred]:
        """Every column, with the type that the start of the file suggests."""
        columns: dict[str, Inferred] = {}
        with closing(self._pieces(sample_bytes)) as pieces:
            for names, data, records, line in pieces:
                if not data:  # the header alone, so far
                    columns = {name: Inferred(None, self._file, 0, None) for name in names}
                    continue
                table = self._parsed(names, data, records, line, None)
                return {
                    name: inferred_from_text(table[name].combine_chunks(), self._file)
                    for name in names
                }
        return columns

    def blocks(self, columns: list[str] | None) -> Iterator[pa.Table]:
        """The rows, in order; values are text that nobody checked to be UTF-8 yet,
        null where empty.

        Args:
            columns: what to read, names of the file; None for all.

        Raises:
            DataError: the text is not CSV of this layout; names the line.
        """
        for names, data, records, line in self._pieces(self._block_bytes):
            if data:
                yield self._parsed(names, data, records, line, columns)

    def _pieces(self, size: int) -> Generator[tuple[list[str], bytes, WholeRecords, int], None, None]:
        """Whole records, with the names of their values and their first line; first the header."""
        names: list[str] | None = self._source.columns
        line = 1
        rest = b""
        begun = False
        with opened(self._storage, self._file) as stream:
            chunks = text_chunks(stream, self._file, self._source.encoding, size)
            following = next(chunks, None)
            while following is not None:
                chunk, following = following, next(chunks, None)
                data = rest + chunk if rest else chunk
                records = self._whole(data, line, following is None)
                if records.end == 0:
                    rest = data
                    continue
                lines = line
                line += _lines(data, records.end)
                rest = data[records.end :]
                data = data[: records.end]
                if names is None:
                    start = len(data) - len(data.lstrip(b"\r\n"))
                    if start == len(data):
                        continue
                    header, start = split_record(data, start, self._layout)
                    names = self._header(header)
                    yield names, b"", records, lines
                    lines += _lines(data, start)
                    data = data[start:]
                    records = WholeRecords(
                        len(data),
                        records.opens[records.opens >= start] - start,
                        records.closes[records.closes >= start] - start,
                    )
                elif not begun:
                    self._check_headerless(data)
                    yield names, b"", records, lines
                begun = True
                if data.strip(b"\r\n"):
                    yield names, data, records, lines

    def _whole(self, data: bytes, line: int, last: bool) -> WholeRecords:
        try:
            records = whole_records(data, self._layout, last)
            if records.end == 0 and len(data) > _LONGEST_RECORD:
                raise MisquotedError(0, None)
            return records
        except MisquotedError as error:
            first = line + _lines(data, error.start)
            if error.end is None:
                said = f"a quote opens a value in line {first}, and none closes it"
            else:
                end = line + _lines(data, error.end)
                said = f"text follows the quote that closes a value in line {end}"
                if end > first:
                    said += f", which opens in line {first}"
            raise DataError(
                f"{self._file}: {said}; correct the file, or say `quote: off` for its source if "
                "quotes are plain text there"
            ) from None

    def _header(self, header: list[bytes]) -> list[str]:
        if any(b"\0" in name for name in header):
            raise DataError(f"{self._file} is not text: its first line holds NUL bytes")
        # a name that is not UTF-8 matters only to those who ask for it
        return unlike(self._file, [name.decode("utf-8", "backslashreplace") for name in header])

    def _check_headerless(self, data: bytes) -> None:
        names = self._source.columns or []
        start = len(data) - len(data.lstrip(b"\r\n"))
        first, _ = split_record(data, start, self._layout)
        if first == [name.encode() for name in names]:
            raise DataError(
                f"{self._file} begins with the names that `columns` gives: it has a header line; "
                "drop `columns` from its source"
            )

    def _parsed(
        self,
        names: list[str],
        data: bytes,
        records: WholeRecords,
        line: int,
        columns: list[str] | None,
    ) -> pa.Table:
        delimiter = self._layout.delimiter
        quoted = len(records.opens) > 0
        keys = [str(number) for number in range(len(names))]
        wanted = keys if columns is None else [str(names.index(name)) for name in columns]
        text = data
        if len(delimiter) > 1:
            text, delimiter = self._with_single_delimiter(data, records)
        try:
            table = pa.csv.read_csv(
                pa.BufferReader(text),
                pa.csv.ReadOptions(column_names=keys, block_size=len(text) + 1),
                pa.csv.ParseOptions(
                    delimiter=delimiter.decode(),
                    quote_char=self._source.quote_character if quoted else False,
                    newlines_in_values=quoted,
                ),
                pa.csv.ConvertOptions(
                    column_types=dict.fromkeys(wanted, pa.string()),
                    check_utf8=False,
                    include_columns=wanted,
                    null_values=["", *self._source.missing_values],
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            self._refuse_ragged(data, line, names)
            raise DataError(f"{self._file}: from line {line} on it is no CSV: {error}") from error
        return table.rename_columns([names[int(key)] for key in table.column_names])

    def _with_single_delimiter(self, data: bytes, records: WholeRecords) -> tuple[bytes, bytes]:
        """The text with a byte that it does not hold in place of the delimiter."""
        delimiter = self._layout.delimiter
        found = next((byte for byte in _STAND_INS if byte not in data), None)
        if found is None:
            raise DataError(
                f"{self._file}: with control characters of all kinds it is no text that a "
                f"`delimiter` of several characters ({self._source.delimiter!r}) can split"
            )
        stand_in = bytes([found])
        parts = []
        at = 0
        for opens, closes in zip(records.opens.tolist(), records.closes.tolist(), strict=True):
            parts += [data[at:opens].replace(delimiter, stand_in), data[opens : closes + 1]]
            at = closes + 1
        parts.append(data[at:].replace(delimiter, stand_in))
        return b"".join(parts), stand_in

    def _refuse_ragged(self, data: bytes, line: int, names: list[str]) -> None:
        """Raise DataError at the first record that has not one value a column."""
        at = 0
        while at < len(data):
            start = at
            values, at = split_record(data, at, self._layout)
            if len(values) != len(names) and values != [b""]:
                where = line + _lines(data, start)
                named = "`columns` names" if self._source.columns else "the header names"
                raise DataError(
                    f"{self._file}: line {where} has {len(values)} values, but {named} "
                    f"{len(names)} columns; correct the line, or `delimiter` and `quote` of its "
                    "source"
                )


def unlike(file: str, names: list[str]) -> list[str]:
    """The names, if no two are the same.

    Raises:
        DataError: two are.
    """
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{file}: two columns are called {twice!r}; rename one")
    return names


def _lines(data: bytes, end: int) -> int:
    """How many lines end before a position."""
    return data.count(b"\n", 0, end) or data.count(b"\r", 0, end)
