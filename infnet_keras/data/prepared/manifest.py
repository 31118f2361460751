"""What a prepared directory holds; written last, so that its presence says the rest is whole."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infnet_keras.data.prepared.file_names import MANIFEST
from infnet_keras.errors import DataError
from infnet_keras.files.whole_file import write_whole

FORMAT = 2


@dataclass(frozen=True)
class Shard:
    """One file of events; all events of a user are in one shard.

    `impressions` counts the impressions of each split, `steps` the steps of ready-made histories.
    """

    file: str
    rows: int
    bytes: int
    impressions: dict[str, int]
    steps: int = 0


@dataclass(frozen=True)
class Manifest:
    """Counts of a preparation, and its files.

    Attributes:
        spec: name of the spec.
        valid_from: first local day, time or fraction of validation, as given.
        test_from: the same for the test.
        column_types: type of every raw column that was read.
        shards: the files, in order.
        users: users with at least one impression; 0 for a log without users.
        impressions: impressions of each split, those that `sample` leaves out aside.
        history_rows: rows of the earlier history that seed sequences.
        rows_read: rows of the log's files.
        duplicates_dropped: exact repeats among them.
        rows_without_user: of each source of events, rows that name no user and are left out.
        joins_missed: for each joined source, and each log that labels are found in, impressions
            whose key it does not have.
        history_events_later: for each ready-made history with times, how many of its events were
            not strictly before their impression, and were dropped.
        values_unread: for each field of dates, or of whole numbers in text, impressions whose value
            is given and cannot be read.
        labels_missing: for each task, impressions inside its mask whose label is not known.
        negatives_left_out: training impressions that the spec's `sample` leaves out.
        label_rates: for each split and task, positives over rows with a label, of a regression the
            mean label; None without rows.
        event_rows: of each log of earlier events, rows that may enter a history.
        train_from: where training starts, as given; None: with the log.
        versions: of this package's format and of the libraries that wrote the files.
        format: of the directory.
    """

    spec: str
    valid_from: str | float
    test_from: str | float
    column_types: dict[str, str]
    shards: list[Shard]
    users: int
    impressions: dict[str, int]
    history_rows: int
    rows_read: int
    duplicates_dropped: int
    joins_missed: dict[str, int]
    label_rates: dict[str, dict[str, float | None]]
    rows_without_user: dict[str, int] = field(default_factory=dict)
    event_rows: dict[str, int] = field(default_factory=dict)
    history_events_later: dict[str, int] = field(default_factory=dict)
    values_unread: dict[str, int] = field(default_factory=dict)
    labels_missing: dict[str, int] = field(default_factory=dict)
    negatives_left_out: int = 0
    train_from: str | float | None = None
    versions: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def save(self, directory: Path) -> None:
        """Write manifest.json at once: it is there in full or not at all."""
        text = json.dumps(asdict(self), indent=2)
        write_whole(directory / MANIFEST, lambda partial: partial.write_text(text, "utf-8"))

    @classmethod
    def load(cls, directory: Path) -> "Manifest":
        """Read manifest.json.

        Raises:
            DataError: there is none, or it is of another format.
        """
        path = directory / MANIFEST
        try:
            content: dict[str, Any] = json.loads(path.read_text("utf-8"))
            if content["format"] != FORMAT:
                raise DataError(
                    f"{directory} was prepared in format {content['format']}, this version reads "
                    f"format {FORMAT}: prepare the data again"
                )
            shards = [Shard(**shard) for shard in content.pop("shards")]
            return cls(shards=shards, **content)
        except OSError as error:
            raise DataError(
                f"{directory} holds no complete prepared data ({error}): run `infnet data prepare`"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path} cannot be read ({error!r}): prepare the data again") from error
