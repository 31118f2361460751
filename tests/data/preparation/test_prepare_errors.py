"""What is wrong with raw logs is one clear error, and nothing is left behind."""

import gzip
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infnet_keras.data import prepare
from infnet_keras.errors import DataError
from infnet_keras.spec import spec_from_dict

LOG = "user,item,time,clicked\n1,7,5,1\n2,8,6,0\n"


@pytest.fixture
def refused(tmp_path, write, split):
    """Prepare a log that cannot be prepared; returns what is said."""

    def prepared(content, history=None, split=split, **files: str) -> str:
        raw = write(**{"log": LOG, **files})
        with pytest.raises(DataError) as caught:
            prepare(spec_from_dict(content), raw, tmp_path / "out", *split, history=history)
        left = {path.name for path in tmp_path.iterdir()} - {"raw", "history.csv"}
        assert not left
        return str(caught.value)

    return prepared


def test_no_file(content, refused) -> None:
    content["sources"]["log"]["files"] = "events_*.csv"
    assert "no file matches 'events_*.csv'" in refused(content)


def test_the_same_file_twice(content, refused, tmp_path) -> None:
    content["sources"]["log"]["files"] = "log.csv*"
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "log.csv.gz").write_bytes(gzip.compress(LOG.encode()))
    assert "twice, compressed and not" in refused(content)


@pytest.mark.parametrize("text", ["user,item,time,clicked\n", ""])
def test_an_empty_log(content, refused, text) -> None:
    said = refused(content, log=text)
    assert "log.csv" in said
    assert "empty" in said.lower()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("fields", "itm", {"side": "item", "table": "item"}), "'itm'.*did you mean 'item'"),
        (
            ("tasks", "click", {"label": "clickd"}),
            r"'clickd' \(the label of task click\).*'clicked'",
        ),
        (("keys", "user", "usr"), r"'usr' \(keys.user\).*'user'"),
        (("sequences", "like", {"when": "likd == 1"}), "'likd'.*sequence like"),
    ],
)
def test_a_missing_column_names_the_nearest(content, refused, change, said) -> None:
    block, key, value = change
    content[block][key] = value
    if block == "keys":
        content["fields"]["usr"] = content["fields"].pop("user")
    assert re.search(said, refused(content))


def test_a_later_file_without_a_column(content, refused) -> None:
    content["sources"]["log"]["files"] = ["log.csv", "more.csv"]
    said = refused(content, more="user,item,time,click\n1,7,5,1\n")
    assert "more.csv: there is no column 'clicked'; did you mean 'click'?" in said


def test_a_type_declared_for_no_column(content, refused) -> None:
    content["sources"]["log"]["types"] = {"itme": "int64"}
    assert "'itme'" in refused(content)


def test_a_value_that_contradicts_what_was_looked_at(content, refused, monkeypatch) -> None:
    monkeypatch.setattr("infnet_keras.data.raw.sources._SAMPLE_FILES", 1)
    content["sources"]["log"]["files"] = ["log.csv", "more.csv", "last.csv"]
    more = "user,item,time,clicked\n3,4,7,0\n3,nine,7,0\n"
    said = refused(content, more=more, last="user,item,time,clicked\n3,4,7,0\n")
    assert "more.csv: column 'item' holds 'nine' in row 2" in said
    assert "row 1 of" in said
    assert "log.csv holds '7', so that it looked like int64" in said
    assert "declare `types: {item: string}`" in said


def test_a_label_that_only_another_source_has(content, refused) -> None:
    content["sources"]["items"] = {"files": "items.csv", "join": "item"}
    content["tasks"]["good"] = {"label": "good"}
    said = refused(content, items="item,good\n7,5\n")
    assert said.startswith("source 'items': label 'good' holds 5; a label is 0, 1 or missing")
    said = refused(content, items="item,goods\n7,1\n")
    assert "no source has a column 'good' (the label of task good); did you mean 'goods'?" in said


def test_ids_that_another_file_spells_with_a_point(content, refused) -> None:
    content["sources"]["items"] = {"files": "items.csv", "join": "item"}
    content["fields"]["good"] = {"side": "item", "hash": 9}
    said = refused(content, items="item,good\n7.0,a\n")
    assert "items.csv: column 'item' holds '7.0' in row 1" in said
    assert said.endswith("declare `types: {item: int64}` for its source")
    content["sources"]["items"]["types"] = {"item": "int64"}
    spec_from_dict(content)


@pytest.mark.parametrize("value", ["2", "-1", "0.5"])
def test_a_label_is_0_or_1(content, refused, value) -> None:
    said = refused(content, log=LOG + f"3,9,7,{value}\n")
    assert "log.csv: label 'clicked' holds" in said
    assert value in said


def test_a_label_of_words(content, refused) -> None:
    said = refused(content, log="user,item,time,clicked\n1,7,5,yes\n")
    assert "label 'clicked' holds 'yes'; a label is 0, 1 or missing" in said


@pytest.mark.parametrize("value", ["", "-5", "99999999999999"])
def test_an_impossible_time_names_its_row(content, refused, value) -> None:
    said = refused(content, log=LOG + f"3,9,{value},0\n")
    assert "log.csv: the time 'time'" in said
    assert "row 3" in said


def test_unreadable_text_as_time(content, refused) -> None:
    content["sources"]["log"]["time"] = {"column": "time", "unit": "iso8601"}
    log = "user,item,time,clicked\n1,7,1970-01-01T00:00:05,1\n1,7,yesterday,1\n"
    said = refused(content, log=log)
    assert "'yesterday' in row 2" in said


def test_a_log_whose_users_are_missing(content, refused) -> None:
    said = refused(content, log="user,item,time,clicked\n" + ",7,5,1\n" * 3)
    assert "source 'log': 3 of 3 rows have no value of 'user'" in said


def test_a_key_of_fractions(content, refused) -> None:
    said = refused(content, log="user,item,time,clicked\n1.0,7,5,1\n")
    assert "types: {user: int64}" in said


def test_strings_in_buckets(content, refused) -> None:
    content["fields"]["size"] = {"side": "item", "quantiles": 4}
    said = refused(content, log="user,item,time,clicked,size\n1,7,5,1,large\n")
    assert "'size' looks like text: row 1 of" in said


def test_a_condition_of_another_type(content, refused) -> None:
    content["sequences"]["click"]["when"] = "clicked == 'yes'"
    assert "'clicked' holds numbers" in refused(content)


def test_a_key_that_occurs_twice(content, refused) -> None:
    content["sources"]["items"] = {"files": "items.csv", "join": "item"}
    content["fields"]["brand"] = {"side": "item", "vocabulary": {}}
    said = refused(content, items="item,brand\n7,x\n8,y\n7,z\n")
    assert "source 'items' (items.csv): item 7 occurs more than once" in said


def test_nothing_to_train_on(content, refused) -> None:
    assert "nothing is left to train on" in refused(content, split=("1970-01-01", "1970-01-02"))


def test_a_label_that_is_always_missing(content, refused) -> None:
    content["sources"]["log"]["types"] = {"clicked": "int64"}
    said = refused(content, log="user,item,time,clicked\n1,7,5,\n2,8,6,\n")
    assert "label 'clicked' of task 'click' is missing in every training impression" in said


def test_a_task_whose_mask_never_holds(content, refused) -> None:
    content["tasks"]["click"]["mask"] = "item == 1000"
    assert "where item == 1000" in refused(content)


@pytest.mark.parametrize("cut", [30, 0])
def test_a_corrupt_gzip(content, refused, tmp_path, cut) -> None:
    whole = gzip.compress((LOG * 50).encode())
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "events.csv.gz").write_bytes(whole[:cut] if cut else b"no gzip" * 9)
    content["sources"]["log"]["files"] = "events.csv.gz"
    assert "events.csv.gz cannot be read" in refused(content)


def test_a_corrupt_parquet(content, refused, tmp_path) -> None:
    (tmp_path / "raw").mkdir()
    path = tmp_path / "raw" / "events.parquet"
    pq.write_table(pa.table({"user": [1], "item": [7], "time": [5], "clicked": [1]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    content["sources"]["log"]["files"] = "events.parquet"
    assert "events.parquet cannot be read" in refused(content)


def test_a_broken_line(content, refused) -> None:
    said = refused(content, log=LOG + "3,9\n")
    assert "log.csv: line 4 has 2 values, but the header names 4 columns" in said


def test_text_that_is_not_utf8(content, tmp_path, refused) -> None:
    content["sources"]["log"]["files"] = "latin.csv"
    (tmp_path / "raw").mkdir()
    latin = "user,item,time,clicked\nJosé,7,5,1\n".encode("latin-1")
    (tmp_path / "raw" / "latin.csv").write_bytes(latin)
    said = refused(content)
    assert "latin.csv" in said
    assert "UTF-8" in said or "UTF8" in said


def test_a_history_that_is_not_there(content, refused, tmp_path) -> None:
    assert "is no file" in refused(content, history=tmp_path / "history.csv")


def test_a_history_without_items(content, refused, tmp_path) -> None:
    (tmp_path / "history.csv").write_text("user,pos\n1,-1\n")
    said = refused(content, history=tmp_path / "history.csv")
    assert "needs the key column 'item'" in said


def test_another_directory_is_never_touched(content, tmp_path, write, split) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(DataError, match=r"holds 'thesis.txt', which is not ours; choose another"):
        prepare(spec_from_dict(content), write(log=LOG), out, *split)
    assert Path(out / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("table", "values", "said"),
    [
        (
            {"quantiles": 3},
            ["1.5", "1,234"],
            "row 2 of .*log\\.csv holds '1,234'; correct the file",
        ),
        ({"boundaries": [1.0]}, ["10%", "2"], "row 1 of .*log\\.csv holds '10%'"),
        ({"quantiles": 3}, ["", ""], "log\\.csv begins without a value of it"),
        (
            {"quantiles": 3},
            ["True", "False"],
            "`types: {size: int64}` for source 'log', which makes",
        ),
        (
            {"identity": 2},
            ["true", "false"],
            "table 'size' takes numbers, and 'size' holds true and",
        ),
    ],
)
def test_a_table_of_numbers_is_fed_text(content, refused, table, values, said) -> None:
    content["fields"]["size"] = {"side": "item", **table}
    rows = [f'{n},{n},{n},{n},"{value}"\n' for n, value in enumerate(values)]
    message = refused(content, log="user,item,time,clicked,size\n" + "".join(rows))
    assert re.search(said, message), message


def test_booleans_of_parquet_in_a_table_of_integers(content, refused, tmp_path) -> None:
    content["fields"]["fresh"] = {"side": "item", "identity": 2}
    content["sources"]["log"]["files"] = "log.parquet"
    columns = {name: [0, 1] for name in ("user", "item", "time", "clicked")}
    (tmp_path / "raw").mkdir()
    pq.write_table(pa.table({**columns, "fresh": [True, None]}), tmp_path / "raw" / "log.parquet")
    assert "declare `types: {fresh: int64}` for source 'log'" in refused(content)
