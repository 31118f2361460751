"""The scores of the Beam job are those of the exported model's `predict`."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from file_systems import StoreFileSystem  # registers store://
from made_once import made_once
from score_files import answered, assert_scores, write_table
from scored_model import export_scored_model, scored_rows

from infnet_keras.cli import main as infnet
from tfx_pipeline.beam.score import main

assert StoreFileSystem
ROWS = scored_rows(40, seed=9)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "scored", export_scored_model) / "models"


def scores_of(out: Path) -> pa.Table:
    manifest = json.loads((out / "manifest.json").read_text())
    shards = [pq.read_table(out / name) for name in manifest["rows"]]
    assert [shard.num_rows for shard in shards] == [*manifest["rows"].values()]
    assert {path.name for path in out.iterdir()} == {"manifest.json", *manifest["rows"]}
    return pa.concat_tables(shards)


def test_scores_equal_the_answers_and_those_of_the_command(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [dict(row) for row in ROWS]
    rows[3]["at"] = "late"
    write_table(tmp_path / "rows" / "a.csv", rows[:9])
    write_table(tmp_path / "rows" / "b.parquet", rows[9:30])
    write_table(tmp_path / "rows" / "c.jsonl", rows[30:])
    rows[3]["at"] = None
    flags = ["--model", str(models), "--data", str(tmp_path / "rows"), "--batch-size", "8"]
    out = tmp_path / "scores"
    assert main([*flags, "--out", str(out), "--keep", "tags"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{out}\n"
    assert "at: 1 value could not be read" in said.err
    assert said.err.splitlines()[-1] == "40 rows"
    scores = scores_of(out)
    assert_scores(scores, answered(models, rows))
    assert infnet(["predict", *flags, "--out", f"{out}.parquet", "--keep", "tags"]) == 0
    assert scores.equals(pq.read_table(f"{out}.parquet"))

    # What was there stays where a run fails, and is replaced by one that ends.
    assert main([*flags, "--out", str(out), "--refuse-unreadable"]) == 2
    assert "'at' cannot be read: 'late' in" in capsys.readouterr().err
    assert scores_of(out).equals(scores)
    (tmp_path / "rows" / "a.csv").unlink()
    assert main([*flags, "--out", str(out), "--refuse-unreadable"]) == 0
    assert scores_of(out).num_rows == 31


def test_an_object_store(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(tmp_path / "rows" / "a.parquet", ROWS)
    flags = ["--model", f"store:/{models}", "--data", f"store:/{tmp_path}/rows"]
    command = [*flags, "--out", f"store:/{tmp_path}/scores"]
    assert main(command) == 0
    assert_scores(scores_of(tmp_path / "scores"), answered(models, ROWS))
    assert main(command) == 2
    assert "is not empty" in capsys.readouterr().err


def test_a_table_without_files_of_rows(models: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("")
    out = tmp_path / "scores"
    flags = ["--model", str(models), "--data", str(tmp_path / "rows.jsonl")]
    assert main([*flags, "--out", str(out)]) == 0
    assert scores_of(out).column_names == ["file", "row", "user:id", "商品", "click", "like"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("none.csv", "there is no such file"), ("bad.csv", "has no column 'tags'")],
)
def test_errors_are_sentences(
    name: str, said: str, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_table(tmp_path / "bad.csv", ROWS, [n for n in ROWS[0] if n != "tags"])
    out = tmp_path / "scores"
    assert main(["--model", str(models), "--data", str(tmp_path / name), "--out", str(out)]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()
