"""A small spec that says most of what the grammar can say; tests break one thing in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

SPEC = """\
name: small
sources:
  events: {files: [a.csv, b.csv.gz], time: {column: at, unit: s, timezone: Asia/Shanghai}}
  items:
    files: items.csv
    join: item
    types: {price: float32, brand: int64}
keys: {user: user, item: item}
outcomes: [seconds]
tables:
  item: {vocabulary: {min_count: 2}, size: 100}
  tag: {vocabulary: {}, oov: 2, missing: own, size: 20, dim: 8}
fields:
  user: {side: user, hash: 50}
  item: {side: item, table: item}
  tags: {side: item, table: tag, multivalue: "|", max_values: 3}
  brand: {side: item, vocabulary: {max_size: 10}, size: 12}
  price: {side: item, quantiles: 10}
  age: {side: item, derive: {days_since: {column: born}}, boundaries: [1, 7.5]}
  band: {side: context, identity: 4}
  hour: {side: context, derive: hour_of_day}
  clicks: {side: user, derive: {history_count: {sequence: click, until: day}}, quantiles: 4}
  rate: {side: user, derive: {history_rate: {sequence: click, of: view}}, quantiles: 4}
sequences:
  view: {length: 5, attributes: {item: item, tags: tag}}
  click:
    when: clicked == 1
    length: 3
    attributes: {item: {table: item}, seconds: price}
tasks:
  click: {label: clicked, weight: 2}
  buy: {label: bought, mask: clicked == 1 and band != 3}
model: {dim: 16, num_heads: 2, tower_hidden: [8]}
training: {learning_rate: 1e-3, schedule: {decay: cosine, final: 0.1}}
"""


@pytest.fixture
def text() -> str:
    return SPEC


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, name: str = "spec.yaml") -> Path:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return write
