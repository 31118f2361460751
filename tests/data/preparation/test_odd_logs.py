"""Random odd logs from file to ids: every row means what plain Python says, and none is lost."""

import pytest
from hypothesis import given
from odd_logs import OddLog, odd, odd_logs, prepared_meanings

from infnet_keras.data import PreparedData, prepare
from infnet_keras.errors import DataError
from infnet_keras.spec import spec_from_dict


@odd(40)
@given(odd_logs())
def test_ids_mean_what_the_files_say(tmp_path_factory, log: OddLog) -> None:
    raw = log.write(tmp_path_factory.mktemp("raw"))
    prepare(spec_from_dict(log.content), raw, raw / "out", "2200-01-01", "2200-01-02")
    assert prepared_meanings(PreparedData.open(raw / "out")) == log.rows
