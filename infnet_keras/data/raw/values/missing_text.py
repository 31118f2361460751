"""Texts such as \\N and NULL that stand as values in a column, and may mean a missing one."""

import pyarrow as pa
import pyarrow.compute as pc

_SPELLINGS = pa.array(["\\N", "NULL", "null", "nan", "NaN", "None", "NaT", "<NA>", "N/A", "#N/A"])


class MissingText:
    """Which columns of text hold which of these spellings."""

    def __init__(self) -> None:
        self._found: dict[str, set[str]] = {}

    def add(self, column: str, values: pa.Array) -> None:
        """Look at values of a column; only text can hold a spelling."""
        if pa.types.is_string(values.type):
            spelt = pc.is_in(values, value_set=_SPELLINGS)
            if pc.any(spelt).as_py():
                found = pc.unique(values.filter(spelt)).to_pylist()
                self._found.setdefault(column, set()).update(found)

    def warnings(self, source: str) -> list[str]:
        """A sentence a column; texts are quoted as in YAML, where \\ is a plain character."""
        texts = {
            column: ", ".join(f"'{t}'" for t in sorted(f)) for column, f in self._found.items()
        }
        return [
            f"warning: column {column!r} of source {source!r} holds the texts {found} as values; "
            f"if they mean missing ones, say `missing_values: [{found}]` for the source"
            for column, found in texts.items()
        ]
