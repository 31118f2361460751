"""What the training part taught the transform: vocabularies, boundaries, column types."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.features.number_spread import NumberSpread
from infnet_keras.served_names import served_names
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.sources import ColumnType

FORMAT = 2
VOCABULARY_DIRECTORY = "vocabulary"
VECTOR_DIRECTORY = "vectors"
_EMBEDDING = {"embedding", "frequencies", "frequency_scale"}


@dataclass(frozen=True)
class Assets:
    """Fitted assets of one spec; with the spec they define every id.

    Args:
        definition: `definition_of(spec)`, what the ids depend on in the spec.
        column_types: type of each raw column that is an input.
        vocabularies: for each vocabulary table its values in row order, most frequent first, ties
            by value. No value is empty or holds a newline.
        boundaries: for each quantiles table its boundaries, ascending, exact in float32.
        numbers: for each numeric field how its values spread.
        vectors: for each table with vectors those of its vocabulary, [values, width], zeros where
            a value has none. A model has them among its weights, and none among its assets.

    Raises:
        DataError: a vocabulary, a list of boundaries or a spread is not as above.
    """

    definition: dict[str, Any]
    column_types: dict[str, ColumnType]
    vocabularies: dict[str, list[str]]
    boundaries: dict[str, list[float]]
    numbers: dict[str, NumberSpread] = field(default_factory=dict)
    vectors: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for table, values in self.vocabularies.items():
            if any(value == "" or "\n" in value or "\r" in value for value in values):
                raise DataError(
                    f"the vocabulary of table {table!r} holds an empty value or one with a "
                    "newline: such values are missing or out of vocabulary, leave them out"
                )
            if len(set(values)) != len(values):
                raise DataError(f"the vocabulary of table {table!r} holds a value twice")
        for table, numbers in self.boundaries.items():
            single = np.asarray(numbers, np.float64).astype(np.float32)
            if not np.array_equal(single, numbers) or not np.all(np.diff(single) > 0):
                raise DataError(
                    f"the boundaries of table {table!r} must increase strictly and be exact in "
                    "float32"
                )

        for name, spread in self.numbers.items():
            if not (math.isfinite(spread.mean) and 0 <= spread.deviation < math.inf):
                raise DataError(
                    f"the numeric field {name!r} has mean {spread.mean} and deviation "
                    f"{spread.deviation}: both must be finite, and no deviation is negative"
                )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the definition: equal digests, equal meaning of the ids."""
        return sha256(json.dumps(self.definition, sort_keys=True).encode()).hexdigest()

    def table_rows(self, spec: FeatureSpec) -> dict[str, int]:
        """Rows of every table, padding included, as fitted.

        Raises:
            DataError: a table has no fitted vocabulary.
        """
        found = {}
        for name, table in spec.embedding_tables.items():
            if table.vocabulary is not None and name not in self.vocabularies:
                raise DataError(f"the assets hold no vocabulary of table {name!r}")
            rows = table.rows(len(self.vocabularies.get(name, [])))
            assert rows is not None  # its vocabulary is there
            found[name] = rows
        return found

    def check(self, spec: FeatureSpec) -> None:
        """Make sure that these are the assets of a spec.

        Raises:
            DataError: they belong to another one; the message names the tables, fields, sequences
                and types that differ.
        """
        expected = definition_of(spec)
        differences = [
            f"{section} {', '.join(names)}"
            for section in expected
            if (names := _differing(self.definition.get(section, {}), expected[section]))
        ]
        if differences:
            raise DataError(
                f"these assets were not fitted for spec {spec.name!r}: they differ in "
                f"{'; '.join(differences)}. Prepare the data with this spec, or use the spec that "
                "was kept beside them"
            )
        self.table_rows(spec)
        for name, table in spec.all_tables.items():
            if table.quantiles is not None and (
                len(self.boundaries.get(name, [math.nan] * table.quantiles)) >= table.quantiles
            ):
                raise DataError(
                    f"the assets hold no boundaries of table {name!r}, or more than its "
                    f"{table.quantiles} quantiles have"
                )
        for name in spec.numbers:
            if name not in self.numbers:
                raise DataError(
                    f"the assets hold no mean and deviation of the numeric field {name!r}"
                )

    def save(self, directory: Path) -> None:
        """Write assets.json and the vocabularies into a directory.

        A vocabulary, in a file that `vocabulary_files` names, has one value a line, in row order:
        the format of tf.Transform. The caller makes the directory appear at once, by renaming it
        when everything is written.
        """
        vocabulary = directory / VOCABULARY_DIRECTORY
        vocabulary.mkdir(parents=True, exist_ok=True)
        for table, file in vocabulary_files(self.vocabularies).items():
            text = "".join(f"{value}\n" for value in self.vocabularies[table])
            (vocabulary / file).write_bytes(text.encode())
        if self.vectors:
            (directory / VECTOR_DIRECTORY).mkdir(exist_ok=True)
        for table, name in served_names(self.vectors).items():
            np.save(directory / VECTOR_DIRECTORY / f"{name}.npy", self.vectors[table])
        description = {
            "format": FORMAT,
            "digest": self.digest,
            "definition": self.definition,
            "column_types": self.column_types,
            "vocabulary_sizes": {table: len(v) for table, v in self.vocabularies.items()},
            "boundaries": self.boundaries,
            "vectors": list(self.vectors),
            "numbers": {name: spread._asdict() for name, spread in self.numbers.items()},
        }
        (directory / "assets.json").write_text(json.dumps(description, indent=2), "utf-8")

    @classmethod
    def load(cls, directory: Path) -> "Assets":
        """Read what `save` wrote.

        Raises:
            DataError: a file is missing, cut short or of another version.
        """
        try:
            description = json.loads((directory / "assets.json").read_text("utf-8"))
            if description["format"] != FORMAT:
                raise DataError(
                    f"{directory} holds assets of format {description['format']}, this version "
                    f"reads format {FORMAT}: prepare the data again and train on them"
                )
            sizes = description["vocabulary_sizes"]
            vocabularies = {
                table: _read_vocabulary(directory / VOCABULARY_DIRECTORY / file, sizes[table])
                for table, file in vocabulary_files(sizes).items()
            }
            assets = cls(
                definition=description["definition"],
                column_types=description["column_types"],
                vocabularies=vocabularies,
                boundaries=description["boundaries"],
                numbers={
                    name: NumberSpread(**spread)
                    for name, spread in description.get("numbers", {}).items()
                },
                vectors={
                    table: np.load(directory / VECTOR_DIRECTORY / f"{name}.npy")
                    for table, name in served_names(description.get("vectors", [])).items()
                },
            )
            if assets.digest != description["digest"]:
                raise DataError(f"{directory / 'assets.json'} was changed by hand")
        except OSError as error:
            raise DataError(f"{directory} holds no complete assets: {error}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{directory} holds assets that cannot be read: {error!r}") from error
        return assets


def vocabulary_files(tables: Iterable[str]) -> dict[str, str]:
    """The file of each table's vocabulary, whatever the tables are called.

    Args:
        tables: all that have one.

    Example:
        >>> vocabulary_files(["item", "a/b"])
        {'item': 'item.txt', 'a/b': 'a_b.txt'}
    """
    return {table: f"{name}.txt" for table, name in served_names(tables).items()}


def definition_of(spec: FeatureSpec) -> dict[str, Any]:
    """What the ids depend on in a spec, as plain JSON: tables, fields, sequences, types, time.

    Widths, reserved sizes, pooling, sides, embeddings of numbers, tasks, model and training are not
    part of it.
    """
    fields = {
        name: {
            **declared.model_dump(include={"multivalue", "max_values", "derive"}, mode="json"),
            "column": spec.field_column(name),
            "table": spec.field_table(name),
        }
        for name, declared in spec.fields.items()
    }
    sequences: dict[str, dict[str, Any]] = {
        name: {
            **sequence.model_dump(
                # A time gap is among the attributes below.
                exclude={"attributes", "time_gap"} | (set() if sequence.source else {"source"}),
                mode="json",
            ),
            "attributes": {},
        }
        for name, sequence in spec.sequences.items()
    }
    for feature in spec.sequence_features:
        sequences[feature.sequence]["attributes"][feature.column] = {
            "table": feature.table,
            "multivalue": feature.multivalue,
            "max_values": feature.max_values,
        }
    log_first = sorted(spec.sources, key=lambda name: name != spec.log_source)
    types: dict[str, str] = {}
    for source in log_first:
        types = {**spec.sources[source].types, **types}
    return {
        "tables": {
            name: table.model_dump(
                # What becomes of a number or a vector in the model does not change it.
                exclude={
                    "dim": True,
                    "size": True,
                    "numeric": True if table.numeric is None else _EMBEDDING,
                    "vectors": True if table.vectors is None else {"trained", "only"},
                },
                mode="json",
            )
            for name, table in spec.all_tables.items()
        },
        "fields": fields,
        "sequences": sequences,
        "types": types,
        "time": spec.time.model_dump(mode="json"),
    }


def _differing(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    return sorted(
        name
        for name in found.keys() | expected.keys()
        if name not in found or name not in expected or found[name] != expected[name]
    )


def _read_vocabulary(path: Path, size: int) -> list[str]:
    lines = path.read_bytes().decode().split("\n")
    if lines.pop() != "" or len(lines) != size:
        raise DataError(f"{path} does not hold its {size} values: the file was cut short or edited")
    return lines
