"""Scores of a table are the answers to the same rows as JSON requests."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from score_files import answered, assert_scores, write_table
from scored_model import SPEC, scored_rows

from infnet_keras.errors import DataError
from infnet_keras.scoring import SavedModelScorer, TablePlan, score_table
from infnet_keras.scoring.unreadable_cells import UnreadableCells
from infnet_keras.spec import FeatureSpec

pytestmark = pytest.mark.backend("tensorflow")
ROWS = scored_rows(50)


@pytest.fixture(scope="module")
def scorer(scored: Path) -> SavedModelScorer:
    return SavedModelScorer(scored / "models")


@pytest.fixture(scope="module")
def expected(scored: Path) -> dict[str, list[float]]:
    return answered(scored / "models", ROWS)


def scores_of(
    scorer: SavedModelScorer,
    out: Path,
    *data: Path,
    unreadable: UnreadableCells | None = None,
    **options: Any,
) -> pa.Table:
    plan = TablePlan.of(scorer, [str(path) for path in data], **options)
    rows = score_table(scorer, plan, out, batch_size=7, unreadable=unreadable)
    read = pyarrow.csv.read_csv if out.suffix == ".csv" else pq.read_table
    table = read(out)
    assert table.num_rows == rows
    return table


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv"])
def test_every_kind_of_file_is_scored_as_a_request(
    kind: str, scorer: SavedModelScorer, expected: dict[str, list[float]], tmp_path: Path
) -> None:
    file = write_table(tmp_path / f"rows.{kind}", ROWS)
    unreadable = UnreadableCells()
    table = scores_of(scorer, tmp_path / "scores.parquet", file, unreadable=unreadable)
    assert table.column_names == ["file", "row", "user:id", "商品", "click", "like"]
    assert_scores(table, expected)
    assert table["file"].to_pylist() == [file.name] * len(ROWS)
    assert table["row"].to_pylist() == list(range(len(ROWS)))
    assert table["user:id"].to_pylist() == [row["user:id"] for row in ROWS]
    keys = [row["商品"] for row in ROWS]
    assert table["商品"].to_pylist() == keys
    assert list(unreadable.lines()) == []
    assert len(np.unique(table["click"].to_numpy())) > len(ROWS) // 2  # they are told apart


def test_served_names_lengths_and_further_columns(
    scorer: SavedModelScorer, scored: Path, tmp_path: Path
) -> None:
    served = scorer.spec.served_names
    rows = [
        {served[name]: value for name, value in row.items()}
        | {served["view__length"]: max(len(row["view__商品"]) - 1, 0), "extra": number}
        for number, row in enumerate(ROWS)
    ]
    assert "user:id" not in rows[0]
    file = write_table(tmp_path / "rows.parquet", rows)
    table = scores_of(scorer, tmp_path / "scores.csv", file, keep=["extra"])
    assert table.column_names == ["file", "row", "user:id", "商品", "extra", "click", "like"]
    assert table["extra"].to_pylist() == list(range(len(ROWS)))
    asked = [{name: value for name, value in row.items() if name != "extra"} for row in rows]
    for task, probabilities in answered(scored / "models", asked).items():
        np.testing.assert_allclose(table[task].to_numpy(), probabilities, rtol=0, atol=1e-6)


def test_several_files_of_all_kinds_and_partition_directories(
    scorer: SavedModelScorer, expected: dict[str, list[float]], tmp_path: Path
) -> None:
    rows = tmp_path / "rows"
    write_table(rows / "a.csv", ROWS[:10])
    (rows / "b.csv").write_text("")
    write_table(rows / "c.parquet", ROWS[10:12]).rename(rows / "c.parquet")
    write_table(rows / "d.jsonl", ROWS[12:20])
    # A column may be in the names of directories.
    prices = {row["price"] for row in ROWS[20:25]}
    parts = [
        rows / "e" / f"price={row['price'] or ''}" / f"{n:02}.csv"
        for n, row in enumerate(ROWS[20:25])
    ]
    assert len(prices) > 1
    names = [name for name in ROWS[0] if name != "price"]
    for part, row in zip(parts, ROWS[20:25], strict=True):
        write_table(part, [row], names)
    (rows / "_SUCCESS").write_text("")
    (rows / ".a.csv.crc").write_bytes(b"\1\2")
    last = write_table(tmp_path / "last.csv", ROWS[25:])
    order = [*range(20), *sorted(range(20, 25), key=lambda n: str(parts[n - 20])), *range(25, 50)]
    table = scores_of(scorer, tmp_path / "scores.parquet", rows, last)
    assert_scores(table, {task: [p[n] for n in order] for task, p in expected.items()})
    assert table["file"].to_pylist()[:21:10] == [
        "a.csv",
        "c.parquet",
        str(parts[order[20] - 20].relative_to(rows)),
    ]
    assert table["row"].to_pylist()[8:14] == [8, 9, 0, 1, 0, 1]


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl", "nothing", "directory"])
def test_a_table_without_rows_has_no_scores(
    kind: str, scorer: SavedModelScorer, tmp_path: Path
) -> None:
    file = tmp_path / f"rows.{kind}"
    if kind in ("csv", "parquet"):
        write_table(file, [], list(ROWS[0]))
    elif kind == "directory":
        write_table(file / "a.csv", [], list(ROWS[0]))
        (file / "b.jsonl").write_text("")
    else:
        file.write_text("\n" if kind == "nothing" else "")
    table = scores_of(scorer, tmp_path / "scores.parquet", file)
    assert table.num_rows == 0
    assert table.column_names == ["file", "row", "user:id", "商品", "click", "like"]
    assert table.schema.field("click").type == pa.float32()


def test_what_cannot_be_read_is_missing_and_counted(
    scorer: SavedModelScorer, scored: Path, tmp_path: Path
) -> None:
    clean = [dict(row) for row in ROWS[:12]]
    dirty: list[dict[str, Any]] = [dict(row) for row in clean]
    spoilt = {
        "商品": [(1, "x"), (2, "12.5"), (9, "99999999999999999999")],
        "price": [(3, "cheap")],
        "at": [(4, "yesterday")],
        "made": [(5, "31.12.2023")],
    }
    for name, cells in spoilt.items():
        for row, value in cells:
            dirty[row][name], clean[row][name] = value, None
    dirty[6]["view__商品"], clean[6]["view__商品"] = "10, 11", []
    clean[7]["click__商品"] = [10, None, 11]
    dirty[7]["click__商品"] = "[10, 'ten', 11]"
    for row in dirty:
        row["view__length"] = None
    dirty[8]["view__length"] = 100
    file = write_table(tmp_path / "rows.csv", dirty)
    unreadable = UnreadableCells()
    table = scores_of(scorer, tmp_path / "scores.parquet", file, unreadable=unreadable)
    assert_scores(table, answered(scored / "models", clean))
    counts = {name: unread.values for name, unread in unreadable.found.items()}
    assert counts == {name: len(cells) for name, cells in spoilt.items()} | {
        "view__商品": 1,
        "click__商品": 1,
        "view__length": 1,
    }
    assert unreadable.found["商品"].first == f"'x' in {file}, row 2"
    assert table["商品"].to_pylist()[1:3] == [None, None]

    with pytest.raises(DataError, match="cannot be read"):
        scores_of(scorer, tmp_path / "no.parquet", file, unreadable=UnreadableCells(refused=True))
    assert not (tmp_path / "no.parquet").exists()
    assert not [*tmp_path.glob("partial*")]


def test_a_file_without_a_header_has_the_columns_of_the_log(
    scored: Path, scorer: SavedModelScorer, expected: dict[str, list[float]], tmp_path: Path
) -> None:
    names = list(ROWS[0])
    log = {**SPEC["sources"]["log"], "columns": names, "delimiter": "\t"}
    with_columns = scorer.spec.model_copy(
        update={"sources": {"log": type(scorer.spec.sources["log"])(**log)}}
    )

    class Headerless(SavedModelScorer):
        @property
        def spec(self) -> FeatureSpec:
            return with_columns

    headerless = Headerless(scored / "models")
    lines = ["\t".join("" if v is None else str(v) for v in row.values()) for row in ROWS]
    text = "\n".join(lines) + "\n"
    (tmp_path / "without.csv").write_text(text, "utf-8")
    (tmp_path / "with.csv").write_text("\t".join(names) + "\n" + text, "utf-8")
    for name in ("without.csv", "with.csv"):
        table = scores_of(headerless, tmp_path / "scores.parquet", tmp_path / name)
        assert_scores(table, expected)


def test_errors_are_sentences(scorer: SavedModelScorer, tmp_path: Path) -> None:
    def refused(*data: Path, **options: Any) -> str:
        with pytest.raises(DataError) as caught:
            scores_of(scorer, tmp_path / "scores.parquet", *data, **options)
        assert not (tmp_path / "scores.parquet").exists()
        return str(caught.value)

    names = list(ROWS[0])
    no_price = write_table(tmp_path / "a.csv", ROWS, ["prise", *(n for n in names if n != "price")])
    assert "has no column 'price', which a request holds; did you mean 'prise'" in refused(no_price)
    no_views = write_table(tmp_path / "b.csv", ROWS, [n for n in names if "view" not in n])
    said = refused(no_views)
    assert "has no column 'view__商品' (nor 'view__shop'), which a request holds; a row" in said
    assert "A log has none: `python -m tfx_pipeline.beam.prepare" in said
    twice = [row | {"user_id": "x"} for row in ROWS]
    assert "two names of one input" in refused(write_table(tmp_path / "c.parquet", twice))
    numbers = write_table(tmp_path / "n.parquet", [row | {"view__shop": None} for row in ROWS])
    table = pq.read_table(numbers).drop_columns("view__shop")
    pq.write_table(table.append_column("view__shop", table["商品"]), numbers)
    assert "column 'view__shop' holds int64, neither lists nor text" in refused(numbers)
    good = write_table(tmp_path / "d.csv", ROWS)
    assert "no column 'prize' to keep; " in refused(good, keep=["prize"])
    assert "there is no such file" in refused(tmp_path / "e.csv")
    clicks = write_table(tmp_path / "f.csv", [row | {"click": 1} for row in ROWS])
    assert "cannot keep column 'click'" in refused(clicks, keep=["click"])
    assert "drop --split" in refused(good, split="test")
    # The second file is at fault; nothing was scored before that is said.
    assert str(no_price) in refused(good, no_price)
