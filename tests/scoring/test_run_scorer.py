"""The model of a run scores raw rows, and prepared ones, as itself."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow.parquet as pq
import pytest
from score_files import write_table
from scored_model import SPEC, scored_model, scored_rows

from infnet_keras.data import PreparedData, prepare
from infnet_keras.errors import DataError, ModelError
from infnet_keras.evaluation import predict_split
from infnet_keras.features import RowTransform
from infnet_keras.models import from_spec
from infnet_keras.scoring import RunScorer, TablePlan, score_table
from infnet_keras.scoring.score_prepared import score_prepared
from infnet_keras.spec import spec_from_dict

ROWS = scored_rows(11, seed=3)


@pytest.fixture(scope="module")
def model() -> Any:
    return scored_model()


@pytest.mark.long("jax")
def test_rows_are_scored_as_the_model_scores_them(model: Any, tmp_path: Path) -> None:
    scorer = RunScorer(model, batch_size=4)
    plan = TablePlan.of(scorer, [str(write_table(tmp_path / "rows.jsonl", ROWS))])
    assert score_table(scorer, plan, tmp_path / "scores.parquet", batch_size=4) == len(ROWS)
    scores = pq.read_table(tmp_path / "scores.parquet")

    transform = RowTransform(model.spec, model.assets)
    for number, row in enumerate(ROWS):
        lengths = {f"{name}__length": len(row[f"{name}__商品"]) for name in ("view", "click")}
        ids = transform({name: [value] for name, value in (row | lengths).items()})
        for task, value in model(ids, training=False).items():
            alone = float(keras.ops.convert_to_numpy(value)[0])
            assert scores[task][number].as_py() == pytest.approx(alone, abs=1e-6)


def test_a_model_without_assets(model: Any) -> None:
    bare = type(model)(model.spec, model.table_rows)
    with pytest.raises(ModelError, match="no vocabularies"):
        RunScorer(bare, 4)


def test_a_split_of_prepared_data(tmp_path: Path) -> None:
    spec = spec_from_dict(
        {**SPEC, "splits": {"valid_from": "2023-11-16", "test_from": "2023-11-17"}}
    )
    log = [
        {name: value for name, value in row.items() if "__" not in name}
        | {
            "user:id": f"u{n % 5}",
            "商品": 8 + n % 7,
            "at": 1_700_000_000 + 6_000 * n,
            "shop": f"s{n % 3}",
            "clicked": n % 2,
            "liked": n % 3 // 2,
        }
        for n, row in enumerate(scored_rows(60))
    ]
    write_table(tmp_path / "raw" / "log.csv", log)
    prepare(spec, tmp_path / "raw", tmp_path / "data", "2023-11-16", "2023-11-17")
    data = PreparedData.open(tmp_path / "data")
    model = from_spec(spec, data=data)
    scorer = RunScorer(model, batch_size=4)
    out = tmp_path / "scores.parquet"
    count = score_prepared(scorer, data, "test", out, batch_size=4)
    expected = predict_split(model, data, "test", batch_size=5)
    scores = pq.read_table(out)
    assert scores.column_names == ["row", "click", "like"]
    assert scores["row"].to_pylist() == list(range(count))
    for task, probabilities in expected.probabilities.items():
        np.testing.assert_allclose(scores[task].to_numpy(), probabilities, rtol=0, atol=1e-6)

    other = scored_model()
    with pytest.raises(DataError, match="prepared with other vocabularies"):
        score_prepared(RunScorer(other, 4), data, "test", out, batch_size=4)
