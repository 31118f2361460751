"""Specs and logs that use everything a spec can say about data."""

import gzip
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

Content = dict[str, Any]
DAY = 86_400_000


def shop_content() -> Content:
    """String users, joins of joins, repeats, masks, lists, histories by item, `until: day`."""
    return {
        "name": "shop",
        "sources": {
            "log": {
                "files": ["log_*.csv", "log_*.csv.gz", "log_*.parquet"],
                "time": {"column": "time", "unit": "s", "timezone": "Asia/Shanghai"},
                "deduplicate": True,
                "types": {"clicked": "int64", "bought": "int64", "price": "float32"},
            },
            "items": {
                "files": "items.csv",
                "join": "item",
                "types": {"tags": "string", "brand": "string", "born": "string"},
            },
            "brands": {"files": "brands.csv", "join": "brand", "types": {"brand": "string"}},
        },
        "keys": {"user": "user", "item": "item"},
        "outcomes": ["dwell"],
        "tables": {
            "item": {"vocabulary": {}},
            "tag": {"vocabulary": {}, "missing": "own"},
            "dwell": {"quantiles": 5},
        },
        "fields": {
            "user": {"side": "user", "vocabulary": {}},
            "item": {"side": "item", "table": "item"},
            "tags": {"side": "item", "table": "tag", "multivalue": "|", "max_values": 2},
            "brand": {"side": "item", "vocabulary": {}, "missing": "own"},
            "country": {"side": "item", "hash": 50},
            "price": {"side": "context", "quantiles": 8},
            "age": {
                "side": "item",
                "boundaries": [1, 5],
                "derive": {"days_since": {"column": "born"}},
            },
            "exact_price": {"side": "context", "column": "price", "numeric": {"transform": "log"}},
            "exact_age": {
                "side": "item",
                "numeric": {},
                "derive": {"days_since": {"column": "born"}},
            },
            "exact_rate": {
                "side": "user",
                "numeric": {"clip": 4.0},
                "derive": {"history_rate": {"sequence": "click", "of": "view", "until": "day"}},
            },
            "exact_gap": {
                "side": "user",
                "numeric": {"transform": "log", "embedding": "periodic"},
                "derive": {"seconds_since": {"sequence": "click"}},
            },
            "exact_same_item": {
                "side": "item",
                "numeric": {},
                "derive": {"history_count": {"sequence": "view", "same": "item"}},
            },
            "hour": {"side": "context", "derive": "hour_of_day"},
            "clicks": {
                "side": "user",
                "quantiles": 10,
                "derive": {"history_count": {"sequence": "click"}},
            },
            "rate": {
                "side": "user",
                "quantiles": 20,
                "derive": {"history_rate": {"sequence": "click", "of": "view", "until": "day"}},
            },
            "item_views": {
                "side": "item",
                "quantiles": 20,
                "derive": {"history_count": {"sequence": "view", "by": "item", "until": "day"}},
            },
            "gap": {
                "side": "user",
                "quantiles": 5,
                "derive": {"seconds_since": {"sequence": "click"}},
            },
            "same_item": {
                "side": "item",
                "quantiles": 3,
                "derive": {"history_count": {"sequence": "view", "same": "item"}},
            },
            "same_tags": {
                "side": "item",
                "quantiles": 3,
                "derive": {"history_count": {"sequence": "foreign", "same": "tags"}},
            },
            "brand_rate": {
                "side": "item",
                "quantiles": 20,
                "derive": {
                    "history_rate": {
                        "sequence": "click",
                        "of": "view",
                        "by": "brand",
                        "until": "day",
                        "prior": 0.3,
                        "strength": 2,
                    }
                },
            },
        },
        "sequences": {
            "view": {"length": 5, "attributes": {"item": "item", "tags": "tag", "dwell": "dwell"}},
            "click": {"when": "clicked == 1", "length": 3, "attributes": {"item": "item"}},
            "foreign": {
                "when": "country == 'de' or not clicked == 1",
                "until": "day",
                "length": 4,
                "attributes": {"tags": "tag"},
            },
        },
        "tasks": {
            "click": {"label": "clicked"},
            "buy": {"label": "bought", "mask": "clicked == 1 and country != 'fr'"},
            "cheap": {"label": "clicked", "mask": "price <= 4.5"},
            "liked": {"label": "stars >= 4.1"},  # of a joined source
        },
    }


def write_shop(
    raw: Path,
    rows: int = 900,
    users: int = 40,
    spell: Callable[[pa.Array], pa.Array] = lambda seconds: seconds,
) -> Path:
    """Three files of the log in three formats, with repeats, ties in time and missing values.

    Args:
        raw: where to.
        rows: of the log, before repeats.
        users: how many.
        spell: makes the column of times of int64 seconds.

    Returns:
        The file of earlier events.
    """
    random = np.random.default_rng(3)
    raw.mkdir(parents=True, exist_ok=True)

    def some(values: Any, share: float = 0.1) -> pa.Array:
        return pa.array(values, mask=random.random(len(values)) < share)

    days = random.integers(0, 6, rows)
    log = pa.table(
        {
            "user": [f"u{number}" for number in random.integers(0, users, rows)],
            "item": random.integers(1, 30, rows),
            "time": 1_600_000_000 + days * 86_400 + 3_600 * random.integers(0, 24, rows),
            "clicked": some(random.integers(0, 2, rows)),
            "bought": some(random.integers(0, 2, rows)),
            "dwell": some(random.integers(0, 100, rows)),
            "price": some(np.round(random.random(rows) * 9, 2)),
            "note": random.integers(0, 3, rows),
        }
    )
    log = log.set_column(2, "time", spell(log["time"].combine_chunks()))
    log = pa.concat_tables([log, log.slice(rows // 3, rows // 10)])
    third = log.num_rows // 3
    pa.csv.write_csv(log.slice(0, third), raw / "log_1.csv")
    pa.csv.write_csv(log.slice(third, third), raw / "plain.csv")
    (raw / "log_2.csv.gz").write_bytes(gzip.compress((raw / "plain.csv").read_bytes()))
    (raw / "plain.csv").unlink()
    pq.write_table(log.slice(2 * third), raw / "log_3.parquet", row_group_size=100)
    tags = ["a|b", "b||c|a", "", "c"]
    (raw / "items.csv").write_text(
        "item,tags,brand,born,stars\n"
        + "".join(
            f"{item},{tags[item % 4]},b{item % 5},2020-09-{item % 9 + 1:02d},{item % 3 + 2.1}\n"
            for item in range(25)
        )
    )
    (raw / "brands.csv").write_text("brand,country\nb0,de\nb1,fr\nb2,\nb3,se\n")
    past = pa.table(
        {
            "user": [f"u{number}" for number in random.integers(0, users + 20, 300)],
            "item": random.integers(1, 30, 300),
            "clicked": some(random.integers(0, 2, 300)),
            "pos": random.permutation(300) - 300,
        }
    )
    pq.write_table(past, raw / "past.parquet")
    return raw / "past.parquet"


SHOP_SPLIT = {"valid_from": "2020-09-17", "test_from": "2020-09-18"}


def rows_content(row_order: str) -> Content:
    """A log without time."""
    return {
        "name": "rows",
        "sources": {
            "log": {
                "files": "log_*.csv",
                "time": {"row_order": row_order},
                "types": {"user": "int64"},
            }
        },
        "keys": {"user": "user", "item": "item"},
        "tables": {"item": {"vocabulary": {}}},
        "fields": {
            "user": {"side": "user", "vocabulary": {}},
            "item": {"side": "item", "table": "item"},
            "clicks": {
                "side": "user",
                "quantiles": 10,
                "derive": {"history_count": {"sequence": "click"}},
            },
        },
        "sequences": {
            "view": {"length": 4, "attributes": {"item": "item"}},
            "click": {"when": "clicked == 1", "length": 3, "attributes": {"item": "item"}},
        },
        "tasks": {"click": {"label": "clicked"}},
    }


def write_rows(raw: Path, rows: int = 1000, nobody: int | None = None) -> Path:
    """A log in four files of different sizes, and earlier events in the order of their rows.

    Rows of the user `nobody`, of both, name no user.
    """
    random = np.random.default_rng(5)
    raw.mkdir(parents=True, exist_ok=True)
    users = random.integers(-20, 20, rows)
    log = pa.table(
        {
            "user": pa.array(users, mask=users == nobody),
            "item": random.integers(0, 50, rows),
            "clicked": random.integers(0, 2, rows),
        }
    )
    ends = [0, 17, rows // 3, rows // 2, rows]
    for number, (start, end) in enumerate(pairwise(ends)):
        pa.csv.write_csv(log.slice(start, end - start), raw / f"log_{number}.csv")
    pa.csv.write_csv(log.slice(0, 60), raw / "past.csv")
    return raw / "past.csv"


def several_logs_content() -> Content:
    """Labels by condition and from another log, another log's events, keys with two names."""
    return {
        "name": "several",
        "sources": {
            "log": {"files": "log_*.csv", "time": {"column": "time", "unit": "s"}},
            "buys": {
                "files": ["buys_1.csv", "buys_2.csv"],
                "time": {"column": "at", "unit": "iso8601", "timezone": "UTC"},
                "join": {"user": "who", "item": "sku"},
            },
            "prices": {"files": "prices.csv", "join": {"item": "sku", "place": "shop"}},
        },
        "keys": {"user": "user", "item": "item"},
        "tables": {
            "item": {"vocabulary": {}},
            "paid_bucket": {"boundaries": [25, 50, 75]},
        },
        "fields": {
            "user": {"side": "user", "vocabulary": {}},
            "item": {"side": "item", "table": "item"},
            "place": {"side": "context", "vocabulary": {}},
            "price": {"side": "item", "quantiles": 4},
            "bought": {
                "side": "user",
                "boundaries": [1, 2, 4],
                "derive": {"history_count": {"sequence": "buy"}},
            },
        },
        "sequences": {
            "view": {"length": 4, "attributes": {"item": "item"}},
            "buy": {
                "source": "buys",
                "length": 3,
                "attributes": {"item": "item", "paid": "paid_bucket"},
            },
            "dear": {
                "source": "buys",
                "when": "paid > 50",
                "length": 3,
                "attributes": {"item": "item"},
            },
        },
        "tasks": {
            "like": {"label": "stars >= 4", "missing": -1},
            "buy": {"label": {"found_in": "buys", "when": "paid > 20"}, "mask": "stars != 1"},
        },
    }


def write_several_logs(raw: Path, rows: int = 400) -> None:
    """The files of `several_logs_content`, over three days of 1970; some rows name no user."""
    random = np.random.default_rng(5)
    raw.mkdir(parents=True)

    def lines(count: int, row: Any) -> str:
        return "".join(row(*random.integers(0, [9, 12, 3 * 86_400, 101, 3])) for _ in range(count))

    def user(number: int) -> str:
        return "" if number == 8 else f"u{number}"

    for part in (1, 2):
        log = lines(
            rows // 2,
            lambda u, i, t, n, p: f"{user(u)},{i},{t},{[5, 4, 2, 1, -1, ''][n % 6]},p{p}\n",
        )
        (raw / f"log_{part}.csv").write_text(f"user,item,time,stars,place\n{log}")
        buys = lines(
            rows // 8,
            lambda u, i, t, n, p: f"{user(u)},{i},{np.datetime64(int(t), 's')},{n}\n",
        )
        (raw / f"buys_{part}.csv").write_text(f"who,sku,at,paid\n{buys}")
    prices = "".join(f"{i},p{p},{i * 10 + p}\n" for i in range(10) for p in range(2))
    (raw / "prices.csv").write_text(f"sku,shop,price\n{prices}")
