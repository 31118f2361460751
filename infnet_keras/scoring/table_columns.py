"""Where the inputs of a request, and what is kept beside its scores, stand in a file of a table."""

from collections.abc import Sequence
from typing import NamedTuple

from infnet_keras.data.raw.files.column_names import nearest_column
from infnet_keras.errors import DataError
from infnet_keras.features.raw_inputs import RawInput
from infnet_keras.spec import FeatureSpec


class TableColumns(NamedTuple):
    """The columns of one file.

    Attributes:
        inputs: own name of a raw input -> the column that holds it. The length of a behaviour may
            be absent: it is then that of its lists.
        kept: name of a column of the output -> the column of the file.
    """

    inputs: dict[str, str]
    kept: dict[str, str]

    @classmethod
    def of(
        cls,
        spec: FeatureSpec,
        inputs: Sequence[RawInput],
        keep: Sequence[str],
        file: str,
        present: Sequence[str],
    ) -> "TableColumns":
        """Find them by their own names or by those under which a signature has them.

        Args:
            spec: what the rows mean.
            inputs: what a request holds.
            keep: what is kept.
            file: for errors.
            present: the columns of the file.

        Raises:
            DataError: one is missing, or there under both names.
        """
        places = {raw.name: _place(spec, raw.name, file, present) for raw in inputs}
        lacking = [raw for raw in inputs if raw.kind != "length" and places[raw.name] is None]
        if lacking:
            raise DataError(_lacking(lacking, file, present))
        kept = {}
        for name in keep:
            place = _place(spec, name, file, present)
            if place is None:
                raise DataError(
                    f"{file} has no column {name!r} to keep; {nearest_column(name, present)}"
                )
            kept[name] = place
        return cls({name: place for name, place in places.items() if place is not None}, kept)

    @property
    def read(self) -> list[str]:
        """Every column to read, each once."""
        return list(dict.fromkeys([*self.inputs.values(), *self.kept.values()]))


def _place(spec: FeatureSpec, name: str, file: str, present: Sequence[str]) -> str | None:
    served = spec.served_names.get(name, name)
    found = [spelt for spelt in dict.fromkeys((name, served)) if spelt in present]
    if len(found) > 1:
        raise DataError(
            f"{file} has {name!r} and {served!r}, which are two names of one input: drop one"
        )
    return found[0] if found else None


def _lacking(lacking: Sequence[RawInput], file: str, present: Sequence[str]) -> str:
    first, *others = (repr(raw.name) for raw in lacking)
    more = f" (nor {', '.join(others)})" if others else ""
    said = f"{file} has no column {first}{more}, which a request holds; "
    if not any(raw.kind == "sequence" for raw in lacking):
        return said + nearest_column(lacking[0].name, present)
    return (
        f"{said}a row of the table holds all of it, histories as lists, oldest event first. A log "
        "has none: `python -m tfx_pipeline.beam.prepare --format parquet` writes its rows with the "
        "histories that they had; `infnet data prepare` makes of it what --run scores with --split"
    )
