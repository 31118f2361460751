"""CSV text to tables: fast where it is plain, exact where it is not."""

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv

from infnet_keras.data.raw.files.column_names import decoded, distinct
from infnet_keras.data.raw.files.csv_records import (
    Layout,
    MisquotedError,
    WholeRecords,
    split_record,
    whole_records,
)
from infnet_keras.data.raw.files.storage import Storage
from infnet_keras.data.raw.files.text_stream import opened, text_chunks
from infnet_keras.data.raw.values.inference import Inferred, inferred_from_text
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import Source

_LONGEST_RECORD = 64 << 20
_HEADER_BYTES = 1 << 16
_TEXT = re.compile(rb"[^\r\n]")
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

    def names(self) -> list[str]:
        """The columns; none where the file is empty."""
        with closing(self._pieces(_HEADER_BYTES)) as pieces:
            return next((piece.names for piece in pieces), [])

    def inferred(self, sample_bytes: int) -> dict[str, Inferred]:
        """Every column, with the type that the start of the file suggests."""
        columns: dict[str, Inferred] = {}
        with closing(self._pieces(sample_bytes)) as pieces:
            for piece in pieces:
                if piece.start == piece.end:  # the header alone, so far
                    columns = {name: Inferred(None, self._file, 0, None) for name in piece.names}
                    continue
                table = self._parsed(piece, None)
                return {
                    name: inferred_from_text(table[name].combine_chunks(), self._file)
                    for name in piece.names
                }
        return columns

    def blocks(self, columns: list[str] | None) -> Iterator[pa.Table]:
        """The rows, in order; values are text that nobody checked to be UTF-8 yet, null where
        empty.

        Args:
            columns: what to read, names of the file; None for all.

        Raises:
            DataError: the text is not CSV of this layout; names the line.
        """
        for piece in self._pieces(self._block_bytes):
            if piece.start < piece.end:
                yield self._parsed(piece, columns)

    def _pieces(self, size: int) -> Generator["_Piece", None, None]:
        """Whole records; before them the header, a piece without a record."""
        names = self._source.columns
        behind = 0  # bytes of the text before this piece
        rest = b""
        begun = False
        with opened(self._storage, self._file) as stream:
            chunks = text_chunks(stream, self._file, self._source.encoding, size)
            following = next(chunks, None)
            while following is not None:
                chunk, following = following, next(chunks, None)
                data = rest + chunk if rest else chunk
                records = self._whole(data, behind, following is None)
                rest = data[records.end :]
                start = 0
                if not begun and (found := _TEXT.search(data, 0, records.end)) is not None:
                    begun = True
                    start = found.start()
                    first, end = split_record(data, start, self._layout)
                    if names is None:
                        names, start = self._header(first), end
                    else:
                        self._check_headerless(first)
                    yield _Piece(names, data, start, start, records, behind)
                if names is not None and _TEXT.search(data, start, records.end) is not None:
                    yield _Piece(names, data, start, records.end, records, behind)
                behind += records.end

    def _whole(self, data: bytes, behind: int, last: bool) -> WholeRecords:
        try:
            records = whole_records(data, self._layout, last)
            if records.end == 0 and len(data) > _LONGEST_RECORD:
                raise MisquotedError(0, None)
            return records
        except MisquotedError as error:
            first = self._line(behind + error.start)
            if error.end is None:
                said = f"a quote opens a value in line {first}, and none closes it"
            else:
                end = self._line(behind + error.end)
                said = f"text follows the quote that closes a value in line {end}"
                if end > first:
                    said += f", which opens in line {first}"
            raise DataError(
                f"{self._file}: {said}; correct the file, or say `quote: off` for its source if "
                "quotes are plain text there"
            ) from None

    def _line(self, position: int) -> int:
        """The number of the line at a position of the text; reads it once more."""
        line = 1
        with opened(self._storage, self._file) as stream:
            for chunk in text_chunks(stream, self._file, self._source.encoding, _HEADER_BYTES):
                newline = b"\n" if b"\n" in chunk else b"\r"
                line += chunk.count(newline, 0, position)
                position -= len(chunk)
                if position <= 0:
                    break
        return line

    def _header(self, header: list[bytes]) -> list[str]:
        if any(b"\0" in name for name in header):
            raise DataError(f"{self._file} is not text: its first line holds NUL bytes")
        return distinct(self._file, decoded(header))

    def _check_headerless(self, first: list[bytes]) -> None:
        if first == [name.encode() for name in self._source.columns or []]:
            raise DataError(
                f"{self._file} begins with the names that `columns` gives: it has a header line; "
                "drop `columns` from its source"
            )

    def _parsed(self, piece: "_Piece", columns: list[str] | None) -> pa.Table:
        names = piece.names
        delimiter = self._layout.delimiter
        quoted = len(piece.records.opens) > 0
        keys = [str(number) for number in range(len(names))]
        wanted = keys if columns is None else [str(names.index(name)) for name in columns]
        text = pa.py_buffer(piece.data).slice(piece.start, piece.end - piece.start)
        if len(delimiter) > 1:
            text, delimiter = self._with_single_delimiter(piece)
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
            self._refuse_ragged(piece)
            line = self._line(piece.behind + piece.start)
            raise DataError(f"{self._file}: from line {line} on it is no CSV: {error}") from error
        return table.rename_columns([names[int(key)] for key in table.column_names])

    def _with_single_delimiter(self, piece: "_Piece") -> tuple[bytes, bytes]:
        """The text with a byte that it does not hold in place of the delimiter."""
        data, delimiter = piece.data, self._layout.delimiter
        found = next((byte for byte in _STAND_INS if byte not in data), None)
        if found is None:
            raise DataError(
                f"{self._file}: with control characters of all kinds it is no text that a "
                f"`delimiter` of several characters ({self._source.delimiter!r}) can split"
            )
        stand_in = bytes([found])
        parts = []
        at = piece.start
        quotes = zip(piece.records.opens.tolist(), piece.records.closes.tolist(), strict=True)
        for opens, closes in quotes:
            if opens >= piece.start:
                parts += [data[at:opens].replace(delimiter, stand_in), data[opens : closes + 1]]
                at = closes + 1
        parts.append(data[at : piece.end].replace(delimiter, stand_in))
        return b"".join(parts), stand_in

    def _refuse_ragged(self, piece: "_Piece") -> None:
        """Raise DataError at the first record that has not one value a column."""
        at = piece.start
        while at < piece.end:
            start = at
            values, at = split_record(piece.data, at, self._layout)
            if len(values) != len(piece.names) and values != [b""]:
                line = self._line(piece.behind + start)
                named = "`columns` names" if self._source.columns else "the header names"
                raise DataError(
                    f"{self._file}: line {line} has {len(values)} values, but {named} "
                    f"{len(piece.names)} columns; correct the line, or `delimiter` and `quote` of "
                    "its source"
                )


@dataclass(frozen=True)
class _Piece:
    """Records of a file.

    Attributes:
        names: of their values.
        data: text around them.
        start: where the first one begins in it.
        end: where the last one ends.
        records: where values in it are quoted.
        behind: how many bytes of the file's text lie before it.
    """

    names: list[str]
    data: bytes
    start: int
    end: int
    records: WholeRecords
    behind: int
