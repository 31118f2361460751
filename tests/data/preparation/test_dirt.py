"""The dirt of a log: what prepare says of it is what the manifest keeps."""

import re
from pathlib import Path
from typing import Any

from infnet_keras.data import prepare
from infnet_keras.progress import Progress
from infnet_keras.spec import spec_from_dict

CONTENT: dict[str, Any] = {
    "name": "dirty",
    "sources": {
        "log": {
            "files": "log.csv",
            "deduplicate": True,
            "time": {"column": "at", "unit": "s"},
            "types": {"listed": "string", "shelf": "string"},
        },
        "items": {"files": "items.csv", "join": "item"},
    },
    "keys": {"user": "user", "item": "item"},
    "fields": {
        "item": {"side": "item", "hash": 10},
        "brand": {"side": "item", "hash": 10},
        "shelf": {"side": "item", "identity": 9},
        "age": {
            "side": "item",
            "derive": {"days_since": {"column": "listed"}},
            "boundaries": [7],
        },
    },
    "tasks": {"click": {"label": "click"}, "buy": {"label": "buy", "mask": "click == 1"}},
    "model": {"dim": 8},
}


def written(directory: Path, dirty: bool) -> Path:
    directory.mkdir()
    rows = []
    for n in range(40):
        row = {
            "user": f"u{n % 5}",
            "item": n % 7,
            "at": n * 86_400,
            "click": n % 2,
            "buy": n % 4 // 2,
            "shelf": n % 9,
            "listed": "1970-01-01",
            "note": n,
        }
        if dirty:
            row |= {"user": ""} if n in (3, 4) else {}
            row |= {"listed": "31st of May"} if n in (5, 6, 7) else {}
            row |= {"shelf": "07"} if n == 8 else {}
            row |= {"item": 99} if n in (9, 10, 11, 12) else {}
            row |= {"buy": ""} if n in (13, 14, 15) else {}
        rows.append(",".join(map(str, row.values())))
    if dirty:
        rows += [rows[20]] * 5
    (directory / "log.csv").write_text("\n".join([",".join(row), *rows]) + "\n")
    items = "".join(f"{n},b{n % 3}\n" for n in range(7))
    (directory / "items.csv").write_text(f"item,brand\n{items}")
    return directory


def test_every_kind_of_dirt_is_a_line_and_a_count(tmp_path: Path) -> None:
    lines: list[str] = []
    raw = written(tmp_path / "raw", dirty=True)
    out = tmp_path / "out"
    spec = spec_from_dict(CONTENT)
    manifest = prepare(spec, raw, out, "1970-01-25", "1970-02-02", progress=Progress(lines.append))
    assert manifest.duplicates_dropped == 5
    assert manifest.rows_without_user == {"log": 2}
    assert manifest.joins_missed == {"items": 4}
    assert manifest.values_unread == {"age": 3, "shelf": 1}
    assert manifest.labels_missing == {"click": 0, "buy": 2}  # 13 and 15: 14 is outside the mask
    said = "\n".join(lines)
    for line in (
        "source 'log': 5 of 45 rows (11.11 %) repeat another one and are dropped",
        "warning: source 'log': 2 rows name no user and are left out",
        "warning: source 'items': 4 of 38 impressions (10.53 %) have a key that it lacks, item 99",
        "warning: field 'age': 3 of 38 impressions (7.89 %) hold a value that cannot be read, "
        "'31st of May' for one; it counts as missing; if all dates are spelt so, "
        "say its `unit` or `format` for it",
        "warning: field 'shelf': 1 of 38 impressions (2.63 %) hold a value that cannot be read, "
        "'07' for one; it counts as out of vocabulary",
        "task 'buy': 2 of 19 impressions (10.53 %) within its mask have no label and teach it",
        f"{out / 'manifest.json'} keeps these counts",
    ):
        assert line in said
    assert "'click'" not in said


def test_a_clean_log_has_no_dirt(tmp_path: Path) -> None:
    lines: list[str] = []
    raw = written(tmp_path / "raw", dirty=False)
    spec = spec_from_dict(CONTENT)
    prepare(
        spec, raw, tmp_path / "out", "1970-01-25", "1970-02-02", progress=Progress(lines.append)
    )
    assert not [line for line in lines if re.search("warning|dropped|no label", line)]
