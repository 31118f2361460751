"""The fingerprint changes exactly when a file does that ExampleGen reads."""

import os
from pathlib import Path

import pytest
from beam_logs import rows_content, shop_content, write_rows, write_shop
from file_systems import StoreFileSystem, TreeFileSystem

from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec, spec_from_dict
from tfx_pipeline.fingerprint import fingerprint

SHOP = spec_from_dict(shop_content())


def touch(path: Path) -> None:
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 2_000_000_000))


@pytest.mark.parametrize(
    "prefix", ["", f"{StoreFileSystem.scheme()}:/", f"{TreeFileSystem.scheme()}:/"]
)
def test_raw_logs(tmp_path, prefix) -> None:
    past = write_shop(tmp_path, rows=50)
    data, history = f"{prefix}{tmp_path}", f"{prefix}{past}"
    seen = [fingerprint(SHOP, data, history), fingerprint(SHOP, data)]
    for name in ("log_1.csv", "log_2.csv.gz", "log_3.parquet", "brands.csv", "past.parquet"):
        touch(tmp_path / name)
        seen.append(fingerprint(SHOP, data, history))
    (tmp_path / "log_4.csv").write_text("")
    seen.append(fingerprint(SHOP, data, history))
    assert len(set(seen)) == len(seen)
    (tmp_path / "notes.txt").write_text("not read")
    assert fingerprint(SHOP, data, history) == seen[-1]


def files_spec(files: str) -> FeatureSpec:
    content = rows_content("log")
    content["sources"]["log"]["files"] = files
    return spec_from_dict(content)


@pytest.mark.parametrize("files", ["*.csv", "**/*.csv", "day/*.csv"])
def test_brackets_deep_patterns_and_links(tmp_path, files) -> None:
    data = tmp_path / "run[1]"
    data.mkdir()
    write_rows(tmp_path / "elsewhere")
    if files == "day/*.csv":
        (data / "day").symlink_to(tmp_path / "elsewhere")
        log = tmp_path / "elsewhere" / "log_0.csv"
    else:
        write_rows(data)
        log = data / "log_0.csv"
    before = fingerprint(files_spec(files), str(data))
    touch(log)
    assert fingerprint(files_spec(files), str(data)) != before


def test_the_history_is_a_name_and_no_pattern(tmp_path) -> None:
    write_rows(tmp_path)
    spec = files_spec("log_*.csv")
    history = tmp_path / "past[1].csv"
    with pytest.raises(DataError, match="is no file; correct `--history`"):
        fingerprint(spec, str(tmp_path), str(history))
    history.write_text("user,item\n")
    before = fingerprint(spec, str(tmp_path), str(history))
    touch(history)
    assert fingerprint(spec, str(tmp_path), str(history)) != before


def test_an_examples_directory(tmp_path, write) -> None:
    write_rows(tmp_path / "raw")
    spec = files_spec("log_*.csv")
    out = tmp_path / "out"
    write(spec, tmp_path / "raw", out, valid_from=0.6, test_from=0.8, partitions=2)
    seen = [fingerprint(spec, str(out))]
    for path in sorted(out.rglob("*")):
        if path.is_file():
            touch(path)
            seen.append(fingerprint(spec, str(out)))
    assert len(set(seen)) == len(seen) == 10
