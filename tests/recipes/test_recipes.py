"""Each recipe of docs/recipes prepares and trains on files in the layout of the real ones.

What is said where such files are read without the words of the recipe: tests/data/cases.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import ad_layouts
import keras
import numpy as np
import pytest
import rating_layouts
import shop_layouts
import tensorflow as tf
from written import Written

from infnet_keras.cli import main
from infnet_keras.data import PreparedData
from infnet_keras.spec import load_spec

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"
WRITERS: dict[str, Callable[[Path, Random], Written]] = {
    writer.__name__: writer
    for writer in (
        rating_layouts.movielens_1m,
        rating_layouts.kuairec,
        rating_layouts.amazon_reviews_2023,
        rating_layouts.yambda_flat,
        rating_layouts.yambda_sequential,
        ad_layouts.ali_ccp,
        ad_layouts.criteo_kaggle,
        ad_layouts.avazu,
        ad_layouts.criteo_attribution,
        ad_layouts.taobao_display_ads,
        shop_layouts.taobao_user_behavior,
        shop_layouts.qk_video,
        shop_layouts.yoochoose,
        shop_layouts.mind,
    )
}
KINDS = ("movielens_1m", "mind")  # the others are many minutes
SMALL = ["model.dim=8", "model.blocks=2", "training.batch_size=32", "training.epochs=1"]


@pytest.mark.backend("tensorflow")
@pytest.mark.parametrize(
    "name",
    [name if name in KINDS else pytest.param(name, marks=pytest.mark.long) for name in WRITERS],
)
def test_prepares_trains_and_serves(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    written = WRITERS[name](raw, Random(name))
    recipe, data, run = RECIPES / f"{name}.yaml", tmp_path / "data", tmp_path / "run"
    prepare = ["data", "prepare", "--spec", str(recipe), "--raw", str(raw), "--out", str(data)]
    assert main(prepare) == 0
    check_prepared(PreparedData.open(data), written)
    train = ["train", "--spec", str(recipe), "--data", str(data), "--run", str(run)]
    replacements = [part for pair in SMALL for part in ("--set", pair)]
    # Compiling two steps takes longer than they take.
    tf.config.run_functions_eagerly(True)
    try:
        assert main([*train, *replacements, "--backend", "tensorflow"]) == 0
    finally:
        tf.config.run_functions_eagerly(False)
    model = keras.models.load_model(run / "model.keras")
    assert int(model.optimizer.iterations) == 2
    check_served(run, tmp_path / "models" / name, capsys)


def check_prepared(data: PreparedData, written: Written) -> None:
    """What was prepared is what the writer knows: rows, users, labels, joins."""
    manifest = data.manifest
    assert manifest.impressions == Counter(written.parts)
    assert manifest.users == len(set(written.users))
    assert {n: m for n, m in manifest.joins_missed.items() if n in written.misses} == written.misses
    assert manifest.event_rows == written.events
    for part in ("train", "valid", "test"):
        here = [n for n, of in zip(written.labels, written.parts, strict=True) if of == part]
        batches = list(data.reader(part, 1000).batches())
        for task in data.spec.tasks:
            labels = np.concatenate([batch.labels[task] for batch in batches])
            assert np.nansum(labels) == sum(row[task] is True for row in here), (part, task)
            assert np.isfinite(labels).sum() == sum(row[task] is not None for row in here)


def check_served(run: Path, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The model is exported and answers a request in the shape of its own example."""
    assert main(["export", "--run", str(run), "--out", str(models)]) == 0
    request = models / "1" / "assets.extra" / "example_request.json"
    capsys.readouterr()
    assert main(["predict", "--model", str(models), "--json", str(request)]) == 0
    answer = json.loads(capsys.readouterr().out)["predictions"]
    assert len(answer) == len(json.loads(request.read_text())["instances"])
    tasks = list(load_spec(run / "spec.yaml").tasks)
    for row in answer:
        # One output is a row itself, several are named: so says TensorFlow Serving's REST API.
        probabilities = row if len(tasks) > 1 else {tasks[0]: row}
        assert set(probabilities) == set(tasks)
        assert all(0.0 < probability < 1.0 for probability in probabilities.values())
