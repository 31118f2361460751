"""What a preparation reads, counts and joins."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infnet_keras.data import ImpressionReader, PreparedData, prepare
from infnet_keras.features.numpy.row_transform import RowTransform
from infnet_keras.progress import Progress
from infnet_keras.spec import spec_from_dict

HOUR = 3_600_000
DAY = 24 * HOUR


@pytest.fixture
def prepared(tmp_path, write, split):
    def run(content, split=split, history=None, lines=None, **files: str) -> PreparedData:
        spec = spec_from_dict(content)
        raw = write(**files)
        prepare(
            spec,
            raw,
            tmp_path / "out",
            *split,
            history=history,
            progress=None if lines is None else Progress(lines.append),
        )
        return PreparedData.open(tmp_path / "out")

    return run


def rows(data: PreparedData, split: str = "train"):
    """All impressions of a split in one batch."""
    return next(ImpressionReader(data, split, 10_000).batches())


def test_counts_of_the_manifest(prepared, content, three_days) -> None:
    content["sources"]["log"]["deduplicate"] = True
    content["sources"]["items"] = {"files": "items.csv", "join": "item"}
    content["fields"]["brand"] = {"side": "item", "hash": 10}
    repeated = three_days + three_days.splitlines()[-1] + "\n"
    manifest = prepared(content, log=repeated, items="item,brand\n0,5\n1,6\n").manifest
    assert manifest.rows_read == 13
    assert manifest.duplicates_dropped == 1
    assert manifest.users == 4
    assert manifest.impressions == {"train": 4, "valid": 4, "test": 4}
    assert manifest.joins_missed == {"items": 10}
    assert manifest.label_rates["train"] == {"click": 0.5}
    assert manifest.column_types["brand"] == "int64"
    assert sum(shard.rows for shard in manifest.shards) == 12
    assert manifest.spec == "small"


def test_rows_that_differ_in_an_unused_column_are_no_repeats(prepared, content) -> None:
    content["sources"]["log"]["deduplicate"] = True
    log = "user,item,time,clicked,note\n" + "1,7,5,1,a\n1,7,5,1,b\n1,7,5,1,a\n1,7,5,0,\n"
    assert prepared(content, log=log).count("train") == 3


def test_formats_give_the_same(prepared, content, tmp_path, three_days, write) -> None:
    raw = write(log=three_days)
    plain = rows(prepared(content))
    (raw / "log.csv.gz").write_bytes(gzip.compress(three_days.encode()))
    table = pa.csv.read_csv(raw / "log.csv")
    table = table.set_column(0, "user", table["user"].cast(pa.float64()))  # as pandas leaves it
    pq.write_table(table, raw / "log.parquet", row_group_size=5)
    content["sources"]["log"]["types"] = {"user": "int64"}
    for name in ("log.csv.gz", "log.parquet"):
        content["sources"]["log"]["files"] = name
        found = rows(prepared(content))
        assert np.array_equal(found.users, plain.users)
        for key, ids in plain.inputs.items():
            assert np.array_equal(found.inputs[key], ids)


def test_a_list_column_of_parquet_is_a_multivalue(prepared, content, write) -> None:
    raw = write()
    table = {"user": [1, 2], "item": [7, 8], "time": [5, 6], "clicked": [1, 0]}
    pq.write_table(pa.table({**table, "tags": [["a", "b"], []]}), raw / "log.parquet")
    content["sources"]["log"]["files"] = "log.parquet"
    content["fields"]["tags"] = {
        "side": "item",
        "vocabulary": {},
        "multivalue": "|",
        "max_values": 2,
    }
    data = prepared(content)
    assert data.assets.vocabularies["tags"] == ["a", "b"]
    assert rows(data).inputs["tags"].tolist() == [[2, 3], [1, 0]]


def test_several_files_and_another_delimiter(prepared, content) -> None:
    content["sources"]["log"]["files"] = ["b.csv", "a_*.csv"]
    content["sources"]["log"]["delimiter"] = "\t"
    content["sources"]["log"]["time"] = {"row_order": "log"}
    head = "user\titem\tclicked\n"
    data = prepared(
        content,
        (1.0, 1.0),
        b=head + "1\t5\t1\n",
        a_1=head + "1\t6\t0\n",
        a_2=head + "1\t7\t1\n" * 2,
    )
    assert data.manifest.impressions == {"train": 4, "valid": 0, "test": 0}
    views = rows(data).inputs["view__item"].tolist()
    assert views == [[0, 0, 0], [3, 0, 0], [3, 4, 0], [3, 4, 2]]  # 7 is the most frequent


def test_row_order_of_each_user(prepared, content) -> None:
    content["sources"]["log"]["time"] = {"row_order": "user"}
    of_a = "".join(f"a,{item},{item % 2}\n" for item in range(10))
    data = prepared(content, ("0.5", "0.8"), log="user,item,clicked\n" + of_a + "b,0,0\nb,1,1\n")
    assert data.manifest.impressions == {"train": 6, "valid": 4, "test": 2}
    assert rows(data, "test").inputs["view__item"].tolist() == [[1, 1, 1]] * 2
    assert rows(data, "train").users.tolist() == [0, 0, 0, 0, 0, 1]


def test_days_are_those_of_the_time_zone(prepared, content) -> None:
    content["sources"]["log"]["time"]["timezone"] = "America/New_York"
    content["fields"]["hour"] = {"side": "context", "derive": "hour_of_day"}
    content["fields"]["day"] = {"side": "context", "derive": "day_of_week"}
    midnight = 1_615_698_000_000  # 2021-03-14 00:00 -05:00; the clocks go forward at 02:00
    hours = [-1, 0, 1, 2, 22, 23]
    log = "user,item,time,clicked\n" + "".join(
        f"{user},{hour + 1},{midnight + hour * HOUR},{user}\n" for user in (0, 1) for hour in hours
    )
    data = prepared(content, ("2021-03-14", "2021-03-15"), log=log)
    assert data.manifest.impressions == {"train": 2, "valid": 8, "test": 2}
    found = [rows(data, split).inputs for split in ("train", "valid", "test")]
    assert [(f["hour"] - 2).tolist() for f in found] == [[23] * 2, [0, 1, 3, 23] * 2, [0] * 2]
    assert [(f["day"] - 2).tolist() for f in found] == [[5] * 2, [6] * 8, [0] * 2]


def test_days_since_a_joined_date(prepared, content) -> None:
    content["sources"]["items"] = {"files": "items.csv", "join": "item"}
    content["fields"]["age"] = {
        "side": "item",
        "boundaries": [1, 2, 3],
        "derive": {"days_since": {"column": "since"}},
    }
    items = "item,since\n1,1970-01-01\n2,1969-12-30T23:59\n3,soon\n4,\n"
    log = "user,item,time,clicked\n" + "".join(
        f"1,{item},{item},{item % 2}\n" for item in range(1, 6)
    )
    assert rows(prepared(content, log=log, items=items)).inputs["age"].tolist() == [2, 4, 1, 1, 1]


def test_sources_joined_through_one_another(prepared, content) -> None:
    content["sources"]["items"] = {"files": "items.csv", "join": "item"}
    content["sources"]["makers"] = {"files": "makers.csv", "join": "maker"}
    content["tables"]["country"] = {"vocabulary": {}}
    content["fields"]["country"] = {"side": "item", "table": "country"}
    content["sequences"]["view"]["attributes"]["country"] = "country"
    data = prepared(
        content,
        log="user,item,time,clicked\n1,1,1,1\n1,2,2,0\n1,3,3,1\n",
        items="item,maker\n1,x\n2,y\n3,\n",
        makers="maker,country\nx,FR\ny,DE\n",
    )
    assert data.assets.vocabularies["country"] == ["DE", "FR"]
    inputs = rows(data).inputs
    assert inputs["country"].tolist() == [3, 2, 1]
    assert inputs["view__country"].tolist() == [[0, 0, 0], [3, 0, 0], [3, 2, 0]]
    assert data.manifest.joins_missed == {"items": 0, "makers": 1}


def test_a_history_seeds_sequences_in_its_order(prepared, content, tmp_path) -> None:
    content["sequences"]["other"] = {
        "when": "place == 'home' or clicked == 0",
        "length": 3,
        "attributes": {"item": "item"},
    }
    log = "user,item,time,clicked,place\n1,1,5,1,home\n1,2,6,0,away\n2,1,5,1,away\n"
    path = tmp_path / "history.csv"
    path.write_text("item,user,pos,clicked\n2,1,-1,1\n1,1,-2,0\n9,3,-1,1\n")
    data = prepared(content, history=path, log=log)
    assert data.manifest.history_rows == 2  # nobody asks for user 3
    assert data.manifest.impressions["train"] == 3
    inputs = rows(data).inputs
    assert inputs["view__item"].tolist() == [[2, 3, 0], [2, 3, 2], [0, 0, 0]]
    assert inputs["click__item"].tolist() == [[3, 0], [3, 2], [0, 0]]
    assert inputs["other__item"].tolist() == [[2, 0, 0], [2, 2, 0], [0, 0, 0]]
    path.write_text("item,user\n2,1\n1,1\n")  # no pos: the rows' order; nothing known of clicks
    inputs = rows(prepared(content, history=path)).inputs
    assert inputs["view__item"].tolist() == [[3, 2, 0], [3, 2, 2], [0, 0, 0]]
    assert inputs["click__item"].tolist() == [[0, 0], [2, 0], [0, 0]]


def test_unseen_values_are_out_of_vocabulary(prepared, content, three_days) -> None:
    content["fields"]["user"]["oov"] = 7
    late = three_days + f"new,999,{2 * DAY + 5},1\n"
    late = late.replace("user", "user", 1)
    content["sources"]["log"]["types"] = {"user": "string"}
    data = prepared(content, log=late)
    inputs = rows(data, "test").inputs
    unseen = inputs["item"] == 1
    assert unseen.all()
    assert ((inputs["user"] >= 1) & (inputs["user"] <= 7)).sum() == 1
    assert inputs["view__item"].max() <= 1 + len(data.assets.vocabularies["item"])


def test_labels_are_nan_where_missing_or_masked(prepared, content) -> None:
    content["tasks"]["buy"] = {"label": "bought", "mask": "clicked == 1"}
    log = "user,item,time,clicked,bought\n1,1,1,1,1\n1,2,2,0,0\n1,3,3,,1\n1,4,4,1,\n1,5,5,1,0\n"
    labels = rows(prepared(content, log=log)).labels
    nan = np.nan
    np.testing.assert_array_equal(labels["click"], [1, 0, nan, 1, 1])
    np.testing.assert_array_equal(labels["buy"], [1, nan, nan, nan, 0])
    assert labels["buy"].dtype == np.float32


def test_a_source_that_leaks_is_warned_of(prepared, content, three_days) -> None:
    content["sources"]["items"] = {"files": "items.csv", "join": "item", "leaks": "it looks ahead"}
    content["fields"]["brand"] = {"side": "item", "hash": 10}
    lines: list[str] = []
    items = "item,brand\n" + "".join(f"{item},5\n" for item in range(24))
    prepared(content, lines=lines, log=three_days, items=items)
    warned = [line for line in lines if line.startswith("warning")]
    assert warned == ["warning: source 'items' must not be trusted offline: it looks ahead"]


def test_columns_called_like_those_of_a_shard(prepared, content, three_days) -> None:
    content["fields"]["split"] = {"side": "context", "hash": 10}
    content["fields"]["history_end"] = {"side": "context", "identity": 10}
    lines = three_days.splitlines()
    log = "\n".join([lines[0] + ",split,history_end", *(line + ",x,3" for line in lines[1:])])
    inputs = rows(prepared(content, log=log + "\n")).inputs
    assert inputs["history_end"].tolist() == [5] * 4


def test_raw_examples_hold_what_the_reader_reads(prepared, content, tmp_path) -> None:
    content["sources"]["items"] = {"files": "items.csv", "join": "item"}
    content["tables"]["tag"] = {"vocabulary": {}, "missing": "own"}
    content["fields"]["tags"] = {"side": "item", "table": "tag", "multivalue": "|"}
    content["fields"]["price"] = {"side": "item", "quantiles": 3}
    content["fields"]["hour"] = {"side": "context", "derive": "hour_of_day"}
    content["fields"]["views"] = {
        "side": "user",
        "boundaries": [1, 2],
        "derive": {"history_count": {"sequence": "view"}},
    }
    content["sequences"]["view"]["attributes"] |= {"tags": "tag", "price": "price_table"}
    content["tables"]["price_table"] = {"quantiles": 3}
    random = np.random.default_rng(0)
    log = "user,item,time,clicked\n" + "".join(
        f"u{random.integers(9)},{random.integers(6)},{time * HOUR},{random.integers(2)}\n"
        for time in range(70)
    )
    items = "item,tags,price\n1,a|b,1.5\n2,,2.5\n3,c,\n4,b,3\n"
    data = prepared(content, log=log, items=items)
    examples = data.raw_examples
    assert examples is not None
    inputs = RowTransform(data.spec, data.assets)(examples)
    held_out = [rows(data, split).inputs for split in ("valid", "test")]

    def lines(batch) -> list[bytes]:
        ordered = [batch[name].reshape(len(batch[name]), -1) for name in sorted(batch)]
        return [row.tobytes() for row in np.concatenate(ordered, axis=1)]

    read = [line for batch in held_out for line in lines(batch)]
    assert sorted(lines(inputs)) == sorted(read)  # all of them: fewer than 256
    assert any(length == 0 for length in examples["view__length"])


def test_infinite_numbers_are_in_the_outer_buckets(content, prepared) -> None:
    content["fields"]["rate"] = {"side": "item", "quantiles": 4}
    rates = ["inf", "-inf", "0.1", "0.2", "0.3", "0.4", "1e39", ""]
    lines = [
        f"{n % 3},{n},{DAY * number + n},{n // 3 % 2},{rate}\n"
        for number in range(3)
        for n, rate in enumerate(rates)
    ]
    data = prepared(content, log="user,item,time,clicked,rate\n" + "".join(lines))
    (table,) = data.assets.boundaries
    assert np.isfinite(data.assets.boundaries[table]).all()
    inputs = rows(data).inputs
    first, last = 2, 2 + len(data.assets.boundaries[table])
    items = [data.assets.vocabularies["item"][number - 2] for number in inputs["item"].reshape(-1)]
    found = dict(zip(items, inputs["rate"].reshape(-1).tolist(), strict=True))
    assert (found["0"], found["6"], found["1"], found["7"]) == (last, last, first, 1)
    assert first <= found["2"] <= found["3"] <= found["5"] <= last


@pytest.mark.parametrize("name", [":time", ":text", ":user", "kept:item", "row", "time\u200b"])
def test_a_column_may_be_called_like_one_that_is_made(content, prepared, three_days, name) -> None:
    content["fields"] |= {name: {"side": "context", "vocabulary": {}}}
    lines = three_days.splitlines()
    log = "\n".join([f"{lines[0]},{name}", *(f"{line},same" for line in lines[1:])]) + "\n"
    data = prepared(content, log=log)
    assert data.manifest.impressions == {"train": 4, "valid": 4, "test": 4}
    assert rows(data).inputs[name].tolist() == [2] * 4
