"""What an examples directory holds; written last, so that its presence says the rest is whole."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from infnet_keras.data.raw.files.storage import LocalStorage, Storage
from infnet_keras.errors import DataError
from infnet_keras.files.whole_file import write_whole
from infnet_keras.spec.sources import ColumnType

FORMAT = 1
LEFT_OUT = "negatives_left_out"
"""The counter of training impressions that files hold and a sample leaves out of training."""
FILE_NAME = "manifest.json"

FileFormat = Literal["tfrecord", "parquet"]


@dataclass(frozen=True)
class ExamplesManifest:
    """Counts of an examples directory, and how to read it.

    manifest.json holds exactly these attributes under their names:

        {"spec": "kuairand_pure", "file_format": "tfrecord",
         "valid_from": "2022-05-04", "test_from": "2022-05-05",
         "column_types": {"user_id": "int64", "tab": "int64", "is_click": "int64"},
         "impressions": {"train": 900, "valid": 50, "test": 50}, "users": 10,
         "counters": {"rows_read": 1001, "duplicates_dropped": 1, ...},
         "label_rates": {"train": {"click": 0.4}, "valid": {"click": null}, "test": {...}},
         "versions": {"apache-beam": "2.77.0", ...}, "format": 1}

    Attributes:
        spec: name of the spec.
        file_format: "tfrecord" (GZIP, serialised tf.Examples, *.gz) or "parquet" (*.parquet), in
            the directories Split-train, Split-valid and Split-test.
        valid_from: first local day, time or fraction of validation, as given.
        test_from: the same for the test.
        column_types: type of every raw column that was read, for `example_columns`.
        impressions: impressions of each split, those that `sample` leaves out aside.
        users: users with at least one impression.
        counters: what happened to rows, by reason: `rows_read`, `duplicates_dropped`,
            `rows_without_user:SOURCE` (left out), `history_rows_read`, `history_rows_kept`,
            `history_rows_dropped` (their user has no impression), `impressions:SPLIT`,
            `joins_missed:SOURCE` (impressions whose key the source does not have),
            `event_rows_kept:SOURCE` (of another log of earlier events, rows that may enter a
            history), `labels_missing:TASK` (inside the task's mask), `labels_masked:TASK`
            (impressions outside of it), `values_unread:FIELD` (impressions whose value is given and
            cannot be read), `history_events_later:SEQUENCE` (of ready-made histories, not
            strictly before the impression and dropped) and, where there are any,
            `negatives_left_out` (training impressions that the files hold and the spec's `sample`
            leaves out of training).
        label_rates: for each split and task, positives over rows with a label, of a regression the
            mean label; None without rows.
        versions: of the libraries that wrote the files.
        format: of the directory.
    """

    spec: str
    file_format: FileFormat
    valid_from: str | float
    test_from: str | float
    column_types: dict[str, ColumnType]
    impressions: dict[str, int]
    users: int
    counters: dict[str, int]
    label_rates: dict[str, dict[str, float | None]]
    versions: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def to_json(self) -> str:
        """The content of manifest.json."""
        return json.dumps(asdict(self), indent=2)

    def save(self, directory: Path) -> None:
        """Write manifest.json into a local directory: it is there in full or not at all."""
        text = self.to_json()
        write_whole(directory / FILE_NAME, lambda partial: partial.write_text(text, "utf-8"))

    @classmethod
    def load(cls, directory: Path | str, storage: Storage | None = None) -> "ExamplesManifest":
        """Read manifest.json.

        Args:
            directory: the examples directory, local or whatever `storage` knows.
            storage: where it lies; None for this machine's file system.

        Raises:
            DataError: there is none, or it is of another format.
        """
        path = f"{str(directory).rstrip('/')}/{FILE_NAME}"
        try:
            with (storage or LocalStorage()).open(path) as stream:
                content: dict[str, Any] = json.loads(stream.read())
            if content["format"] != FORMAT:
                raise DataError(
                    f"{directory} holds examples of format {content['format']}, this version reads "
                    f"format {FORMAT}: write them again"
                )
            return cls(**content)
        except OSError as error:
            raise DataError(
                f"{directory} holds no complete examples ({error}): run `python -m "
                "tfx_pipeline.beam.prepare`"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"{path} cannot be read ({error!r}): write the examples again"
            ) from error
