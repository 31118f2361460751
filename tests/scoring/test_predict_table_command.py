"""`infnet predict --data`."""

from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from score_files import answered, assert_scores, write_table
from scored_model import scored_rows

from infnet_keras.cli import main

pytestmark = pytest.mark.backend("tensorflow")
ROWS = scored_rows(30, seed=5)


def test_a_model_and_a_run_score_as_the_request_is_answered(
    scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [dict(row) for row in ROWS]
    rows[4]["price"] = "much"
    file = write_table(tmp_path / "rows.csv", rows)
    rows[4]["price"] = None
    expected = answered(scored / "models", rows)
    for kind, of in (("--model", "models"), ("--run", "run")):
        out = tmp_path / f"{of}.parquet"
        command = ["predict", kind, str(scored / of), "--data", str(file), "--out", str(out)]
        assert main([*command, "--batch-size", "16"]) == 0
        said = capsys.readouterr()
        assert said.out == f"{out}\n"
        assert said.err.splitlines()[-1] == (
            "price: 1 value could not be read and counted as missing, such as 'much' in "
            f"{file}, row 5"
        )
        assert said.err.splitlines()[-2].startswith("scoring: 30 rows, ")
        assert_scores(pq.read_table(out), expected)

    out = tmp_path / "scores.csv"
    command = ["predict", "--model", str(scored / "models"), "--data", str(file)]
    assert main([*command, "--out", str(out), "--keep", "tags", "--refuse-unreadable"]) == 2
    assert "'price' cannot be read: 'much'" in capsys.readouterr().err
    assert not out.exists()
    assert main([*command, "--out", str(out), "--keep", "tags"]) == 0
    names = ["file", "row", "user:id", "商品", "tags", "click", "like"]
    assert pyarrow.csv.read_csv(out).column_names == names


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "m"], "one of the arguments --json, --data is required"),
        (["--model", "m", "--data", "d", "--json", "j"], "one of the arguments --json, --data"),
        (["--run", "r", "--json", "j"], "--run scores a table"),
        (["--url", "http://u", "--data", "d", "--out", "o"], "--data is scored by --model or"),
        (["--model", "m", "--data", "d"], "required: --out"),
        (["--model", "m", "--json", "j", "--out", "o"], "go with --data"),
        (["--model", "m", "--data", "d", "--out", "o.csv", "--backend", "jax"], "is for --run"),
        (["--model", "m", "--data", "d", "--out", "o.csv", "--batch-size", "0"], "not at least 1"),
    ],
)
def test_arguments_that_do_not_go_together(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["predict", *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_what_is_wrong_is_said_before_a_model_is_loaded(
    scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["predict", "--model", str(scored / "models"), "--data", "d"]
    assert main([*command, "--out", str(tmp_path / "no" / "scores.csv")]) == 2
    assert "there is no directory" in capsys.readouterr().err
    assert main([*command, "--out", str(tmp_path / "scores.xlsx")]) == 2
    assert "ends with neither" in capsys.readouterr().err
    assert main([*command, "--out", str(tmp_path / "scores.csv")]) == 2
    assert "d: there is no such file" in capsys.readouterr().err
