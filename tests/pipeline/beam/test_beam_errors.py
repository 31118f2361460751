"""What prepare refuses, the Beam job refuses in the same words."""

import gzip

import pytest
from beam_logs import rows_content, shop_content, write_shop

from infnet_keras.data import prepare
from infnet_keras.errors import DataError
from infnet_keras.spec import spec_from_dict

LOG = "user,item,clicked\n1,7,1\n2,8,0\n1,8,1\n"


@pytest.mark.parametrize(
    ("change", "files", "split"),
    [
        pytest.param({}, {"log_2": "user,item,clicked\n3,x,1\n"}, (0.5, 0.9), id="value"),
        pytest.param({}, {"log_2": "user,item\n3,4\n"}, (0.5, 0.9), id="column"),
        pytest.param({}, {"log_2": LOG + "1,7,2\n"}, (0.5, 0.9), id="label"),
        pytest.param({}, {"log_1": "user,item,clicked\n,7,1\n,8,0\n"}, (0.5, 0.9), id="user"),
        pytest.param({}, {"log_2": LOG + "1\n"}, (0.5, 0.9), id="line"),
        pytest.param({}, {"log_1": "user,item,clicked\n"}, (0.5, 0.9), id="empty"),
        pytest.param({}, {"log_1": "user,item,clicked\n1,7,\n"}, (0.9, 1.0), id="no label"),
        pytest.param({}, {}, (0.9, 0.5), id="splits"),
        pytest.param({}, {}, ("2020-01-01", "2020-01-02"), id="days"),
        pytest.param({"keys.user": "usr"}, {}, (0.5, 0.9), id="key"),
        pytest.param({"tasks.click.mask": "item == 99"}, {}, (0.5, 0.9), id="mask"),
        pytest.param({"sequences.click.when": "clicked == 'y'"}, {}, (0.5, 0.9), id="condition"),
    ],
)
def test_the_same_message(tmp_path, write, change, files, split) -> None:
    content = rows_content("log")
    content["sources"]["log"]["types"] = {"item": "int64", "clicked": "int64"}
    for key, value in change.items():
        *blocks, last = key.split(".")
        block = content
        for name in blocks:
            block = block[name]
        block[last] = value
        if key == "keys.user":
            content["fields"]["usr"] = content["fields"].pop("user")
            content["sources"]["log"]["types"] = {}
    spec = spec_from_dict(content)
    raw = tmp_path / "raw"
    raw.mkdir()
    for name, text in {"log_1": LOG, **files}.items():
        (raw / f"{name}.csv").write_text(text)
    with pytest.raises(DataError) as expected:
        prepare(spec, raw, tmp_path / "prepared", *split)
    with pytest.raises(DataError) as found:
        write(spec, raw, tmp_path / "out", valid_from=split[0], test_from=split[1], partitions=2)
    assert str(found.value) == str(expected.value)
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_nothing_to_train_on(tmp_path, write) -> None:
    write_shop(tmp_path / "raw", rows=100)
    days = {"valid_from": "2020-09-01", "test_from": "2020-09-18"}
    with pytest.raises(DataError, match="no impression is before 2020-09-01"):
        write(spec_from_dict(shop_content()), tmp_path / "raw", tmp_path / "out", **days)


def test_the_first_of_several_failures(tmp_path, write) -> None:
    spec = spec_from_dict(rows_content("log"))
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "log_1.csv").write_text(LOG)
    (raw / "log_2.csv").write_text(LOG + "1,7,5\n")
    (raw / "log_3.csv").write_text(LOG + "1,7,6\n")
    with pytest.raises(DataError, match=r"log_2.csv: label 'clicked' holds 5"):
        write(spec, raw, tmp_path / "out", valid_from=0.5, test_from=0.9, partitions=3)


@pytest.mark.parametrize("found_in", ["survey", "partition"])
def test_a_key_that_occurs_twice(tmp_path, write, found_in) -> None:
    write_shop(tmp_path / "raw", rows=100)
    content = shop_content()
    if found_in == "partition":  # nothing counts by item
        del content["fields"]["item_views"], content["fields"]["brand_rate"]
    with (tmp_path / "raw" / "items.csv").open("a") as items:
        items.write("7,a,b1,2020-09-01,5\n")
    with pytest.raises(DataError, match=r"source 'items' \(items.csv\): item 7 occurs more"):
        write(
            spec_from_dict(content),
            tmp_path / "raw",
            tmp_path / "out",
            valid_from="2020-09-17",
            test_from="2020-09-18",
            partitions=3,
        )


def test_files_and_history_that_are_not_there(tmp_path, write) -> None:
    write_shop(tmp_path / "raw", rows=100)
    spec = spec_from_dict(shop_content())
    days = {"valid_from": "2020-09-17", "test_from": "2020-09-18"}
    with pytest.raises(DataError, match="no file matches 'log_"):
        write(spec, tmp_path, tmp_path / "out", **days)
    with pytest.raises(DataError, match=r"none.csv is no file; correct `--history`"):
        write(spec, tmp_path / "raw", tmp_path / "out", history=str(tmp_path / "none.csv"), **days)
    (tmp_path / "history.csv").write_text("user,pos\nu1,-1\n")
    with pytest.raises(DataError, match="a history needs the key column 'item'"):
        write(
            spec, tmp_path / "raw", tmp_path / "out", history=str(tmp_path / "history.csv"), **days
        )


def test_a_file_cut_short(tmp_path, write) -> None:
    write_shop(tmp_path / "raw", rows=3000)
    path = tmp_path / "raw" / "log_2.csv.gz"
    whole = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(whole)[:-2000])
    with pytest.raises(DataError, match=r"log_2.csv.gz cannot be read"):
        write(
            spec_from_dict(shop_content()),
            tmp_path / "raw",
            tmp_path / "out",
            valid_from="2020-09-17",
            test_from="2020-09-18",
        )


def test_splits_of_nobody(tmp_path, write) -> None:
    write_shop(tmp_path / "raw", rows=100)
    with pytest.raises(DataError, match="splits"):
        write(spec_from_dict(shop_content()), tmp_path / "raw", tmp_path / "out")
