"""The file of scores: its kinds, its order, whole or not at all; how far it has come."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from plain_scorer import PlainScorer

from infnet_keras.data.raw.files.storage import LocalStorage
from infnet_keras.errors import DataError
from infnet_keras.scoring import TablePlan, score_table
from infnet_keras.scoring.table_files import kind_of

ROWS = 200_000


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of a log without users; no label in it."""
    prices = np.random.default_rng(0).random(ROWS, np.float32)
    path = tmp_path_factory.mktemp("table") / "rows.parquet"
    items = [f"i{n}" for n in range(ROWS)]
    pq.write_table(pa.table({"item": items, "price": prices, "list": [[1]] * ROWS}), path)
    return path


@pytest.mark.parametrize("out", ["scores.parquet", "scores.csv"])
def test_every_row_in_order(out: str, table: Path, tmp_path: Path) -> None:
    scorer = PlainScorer()
    plan = TablePlan.of(scorer, [str(table)])
    assert score_table(scorer, plan, tmp_path / out, batch_size=3000) == ROWS
    read = pyarrow.csv.read_csv if out.endswith("csv") else pq.read_table
    scores = read(tmp_path / out)
    assert scores.column_names == ["file", "row", "item", "click"]
    given = pq.read_table(table)
    assert scores["item"].equals(given["item"])
    np.testing.assert_array_equal(np.float32(scores["click"].to_numpy()), given["price"].to_numpy())
    assert scores["row"].to_pylist() == list(range(ROWS))
    assert max(scorer.sizes) == 3000
    assert {path.name for path in tmp_path.iterdir()} == {out}
    if out.endswith("parquet"):
        assert pq.ParquetFile(tmp_path / out).num_row_groups < 6


def test_a_killed_run_leaves_what_was_there(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.parquet"
    out.write_bytes(b"of yesterday")
    program = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from plain_scorer import PlainScorer\n"
        "from infnet_keras.scoring import TablePlan, score_table\n"
        "scorer = PlainScorer(killed_after=60)\n"
        "plan = TablePlan.of(scorer, [sys.argv[2]])\n"
        "score_table(scorer, plan, Path(sys.argv[3]), batch_size=2000)\n"
    )
    here = str(Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", program, here, table, out], check=False)
    assert done.returncode == -signal.SIGKILL
    assert out.read_bytes() == b"of yesterday"
    partial = [path for path in tmp_path.iterdir() if path != out]
    assert len(partial) == 1
    assert partial[0].stat().st_size > 0
    scorer = PlainScorer()
    score_table(scorer, TablePlan.of(scorer, [str(table)]), out, batch_size=50_000)
    assert pq.read_metadata(out).num_rows == ROWS
    assert {path.name for path in tmp_path.iterdir()} == {out.name}


def test_paths_from_here(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows" / "day=1").mkdir(parents=True)
    (tmp_path / "rows" / "day=1" / "a[1].parquet").symlink_to(table)
    (tmp_path / "b.parquet").symlink_to(table)
    scorer = PlainScorer()
    for given, file in (
        ("rows", "day=1/a[1].parquet"),
        ("./rows/", "day=1/a[1].parquet"),
        ("rows/day=1/a[1].parquet", "a[1].parquet"),
        ("b.parquet", "b.parquet"),
        ("./b.parquet", "b.parquet"),
        (str(tmp_path / "b.parquet"), "b.parquet"),
    ):
        plan = TablePlan.of(scorer, [given])
        assert [found.name for found in plan.files] == [file]
        assert score_table(scorer, plan, Path("scores.csv"), batch_size=100_000) == ROWS
    Path("scores.csv").unlink()
    plan = TablePlan.of(scorer, ["."], keep=["list"])
    assert [found.name for found in plan.files] == ["b.parquet", "rows/day=1/a[1].parquet"]


def test_names_that_say_no_kind_and_columns_that_no_csv_has(table: Path, tmp_path: Path) -> None:
    scorer = PlainScorer()
    plan = TablePlan.of(scorer, [str(table)], keep=["list"])
    with pytest.raises(DataError, match="ends with neither"):
        score_table(scorer, plan, tmp_path / "scores.txt", batch_size=10)
    with pytest.raises(DataError, match="column 'list' holds lists"):
        score_table(scorer, plan, tmp_path / "scores.csv", batch_size=10)
    assert not [*tmp_path.iterdir()]
    score_table(scorer, plan, tmp_path / "scores.parquet", batch_size=50_000)
    assert pq.read_table(tmp_path / "scores.parquet")["list"][0].as_py() == [1]


def test_a_split_of_examples(tmp_path: Path) -> None:
    scorer = PlainScorer()
    for split, price in (("train", 0.25), ("test", 0.75)):
        (tmp_path / f"Split-{split}").mkdir()
        rows = pa.table({"item": ["a"], "price": pa.array([price], pa.float32())})
        pq.write_table(rows, tmp_path / f"Split-{split}" / "examples-00000-of-00001.parquet")
    (tmp_path / "manifest.json").write_text('{"file_format": "parquet"}')
    (tmp_path / "spec.yaml").write_text("name: plain\n")
    assert kind_of(str(tmp_path), LocalStorage()) == "examples"
    plan = TablePlan.of(scorer, [str(tmp_path)], split="test")
    out = tmp_path / "scores.parquet"
    assert score_table(scorer, plan, out, batch_size=10) == 1
    assert pq.read_table(out)["click"].to_pylist() == [0.75]
    with pytest.raises(DataError, match="say which, with --split"):
        TablePlan.of(scorer, [str(tmp_path)])
    with pytest.raises(DataError, match="no example in split 'valid'"):
        TablePlan.of(scorer, [str(tmp_path)], split="valid")
    (tmp_path / "manifest.json").write_text('{"shards": []}')
    with pytest.raises(DataError, match="holds prepared data"):
        TablePlan.of(scorer, [str(tmp_path)], split="test")


def test_names_that_the_output_has_itself(table: Path) -> None:
    class Row(PlainScorer):
        @property
        def tasks(self) -> list[str]:
            return ["row"]

    with pytest.raises(
        DataError, match="the output has a column 'row' of its own; rename the task"
    ):
        TablePlan.of(Row(), [str(table)])
    with pytest.raises(DataError, match="cannot keep column 'file': it has one of that name, of"):
        TablePlan.of(PlainScorer(), [str(table)], keep=["file"])
