"""Random odd logs from file to ids: every row means what plain Python says, and none is lost."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from odd_logs import OddLog, odd_logs
from odd_values import odd

from infnet_keras.data import ImpressionReader, PreparedData, prepare
from infnet_keras.errors import DataError
from infnet_keras.spec import spec_from_dict


@odd(40)
@given(odd_logs())
def test_ids_mean_what_the_files_say(tmp_path_factory, log: OddLog) -> None:
    raw = log.write(tmp_path_factory.mktemp("raw"))
    prepare(spec_from_dict(log.content), raw, raw / "out", "2200-01-01", "2200-01-02")
    assert prepared_meanings(PreparedData.open(raw / "out")) == log.rows


def test_a_nul_byte_in_a_name_is_refused(tmp_path, content, split) -> None:
    content["sources"]["log"]["files"] = "log.parquet"
    content["fields"]["odd"] = {"side": "context", "column": "\0time", "vocabulary": {}}
    rows = {"user": [1, 1], "item": [2, 3], "time": [4, 5], "clicked": [0, 1], "\0time": ["a", "b"]}
    pq.write_table(pa.table(rows), tmp_path / "log.parquet")
    with pytest.raises(DataError, match=r"column '\\x00time' of source 'log' has a NUL byte"):
        prepare(spec_from_dict(content), tmp_path, tmp_path / "out", *split)


def prepared_meanings(data: PreparedData) -> dict[str, dict[str, Any]]:
    """What the ids of every impression mean, by the text of its row."""
    batch = next(ImpressionReader(data, "train", 1000).batches())
    vocabularies = {
        name: data.assets.vocabularies[data.spec.field_table(name)]
        for name in data.spec.fields
        if data.spec.field_table(name) in data.assets.vocabularies
    }

    def text(field: str, number: int) -> str | None:
        return None if number == 1 else vocabularies[field][number - 2]

    found: dict[str, dict[str, Any]] = {}
    for n in range(len(batch.labels["click"])):
        row: dict[str, Any] = {}
        for name in data.spec.fields:
            ids = np.asarray(batch.inputs[name][n]).tolist()
            if name not in vocabularies:
                row[name] = ids
            elif isinstance(ids, list):
                row[name] = [text(name, number) for number in ids if number]
            else:
                row[name] = text(name, ids)
        (feature,) = data.spec.sequence_features
        steps = np.asarray(batch.inputs[feature.name][n]).tolist()
        row["h"] = [text("the item", number) for number in steps if number]
        number = str(row.pop("the row"))
        assert number not in found
        assert float(batch.labels["click"][n]) == int(number.removeprefix("row ")) % 2
        found[number] = row
    return found
