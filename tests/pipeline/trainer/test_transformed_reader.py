"""Transformed examples, read in batches."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from clicks import SPEC, TYPES, click_rows, raw_batch
from pipeline_parts import transform, write_examples, write_schema
from tfx.types import Artifact

from infnet_keras.data.prepared.batch import Batch
from infnet_keras.errors import DataError
from infnet_keras.spec import override_spec
from tfx_pipeline.trainer import transformed_reader
from tfx_pipeline.trainer.transformed_examples import TransformedExamples
from tfx_pipeline.transform.assets import assets_from_transform

COUNT = 480


@pytest.fixture
def data(artifacts: dict[str, Artifact], monkeypatch: pytest.MonkeyPatch) -> TransformedExamples:
    """The training part, in windows of about a hundred impressions."""
    monkeypatch.setattr(transformed_reader, "_BLOCK", 50)
    monkeypatch.setattr(transformed_reader, "WINDOW_BYTES", 100 * 9 * 4)
    assets = assets_from_transform(artifacts["transform_graph"].uri, SPEC, TYPES)
    pattern = f"{artifacts['transformed_examples'].uri}/Split-train/*"
    return TransformedExamples(SPEC, assets, {"train": [pattern]}, {"train": COUNT})


def rows(batches: list[Batch]) -> list[tuple[float, ...]]:
    """Everything that each impression holds, in order."""
    found = []
    for batch in batches:
        columns = [*batch.inputs.values(), *batch.labels.values(), batch.users]
        joined = np.concatenate([np.reshape(c, (len(batch.users), -1)) for c in columns], axis=1)
        found += [tuple(row) for row in np.nan_to_num(joined, nan=-1.0).tolist()]
    return found


def test_every_impression_once(data: TransformedExamples) -> None:
    plain = list(data.reader("train", 64).batches())
    assert [len(batch.users) for batch in plain] == [64] * 7 + [32]
    for name, ids in plain[0].inputs.items():
        assert ids.dtype == np.int32, name
    shuffled = list(data.reader("train", 64, shuffle=True, seed=3).batches(epoch=1))
    assert rows(shuffled) != rows(plain)
    assert sorted(rows(shuffled)) == sorted(rows(plain))


def test_labels_outside_their_mask_are_missing(data: TransformedExamples) -> None:
    (batch,) = data.reader("train", COUNT).batches()
    clicked = batch.labels["click"] == 1
    assert np.isnan(batch.labels["like"][~clicked]).all()
    assert set(batch.labels["like"][clicked]) == {0.0, 1.0}
    assert len(np.unique(batch.users)) == 20


def test_an_order_follows_from_seed_and_epoch(data: TransformedExamples) -> None:
    def order(seed: int, epoch: int) -> list[tuple[float, ...]]:
        return rows(list(data.reader("train", 64, shuffle=True, seed=seed).batches(epoch)))

    assert order(3, 1) == order(3, 1)
    assert order(3, 1) != order(3, 2)
    assert order(3, 1) != order(4, 1)


def test_batches_by_number(data: TransformedExamples) -> None:
    """As Keras asks: a look at the first two, then in order; any other is found too."""
    expected = list(data.reader("train", 64, shuffle=True).batches(epoch=2))
    reader = data.reader("train", 64, shuffle=True)
    for index in (0, 1, 0, 1, 2, 3, 7, 5):
        assert rows([reader.batch(index, epoch=2)]) == rows([expected[index]])
    with pytest.raises(IndexError):
        reader.batch(8)


def test_a_missing_part_is_noticed(data: TransformedExamples, tmp_path: Path) -> None:
    more = TransformedExamples(SPEC, data.assets, {"train": data._files["train"]}, {"train": 500})
    with pytest.raises(DataError, match=r"holds 480 impressions where 500 were counted"):
        list(more.reader("train", 64).batches())
    with pytest.raises(DataError, match=r"480 impressions in split 'train', but no file"):
        TransformedExamples(SPEC, data.assets, {"train": [f"{tmp_path}/*"]}, {"train": 480})


@pytest.mark.long
def test_weights_come_along_and_what_the_sample_leaves_out_does_not(tmp_path: Path) -> None:
    """Transform is fitted on all rows: what is left out has its value in the vocabulary."""
    spec = override_spec(SPEC, {"sample": {"negatives": 0.5}, "weight": "price"})
    rows = click_rows(100)
    for number, row in enumerate(row for given in rows.values() for row in given):
        row |= {"sample__kept": number % 3 and 1, "loss_weight__click": number + 0.5}
        row |= {"loss_weight__like": 2.0, "item": 1000 + number}
    examples = write_examples(tmp_path / "examples", spec, TYPES, rows)
    counts = {split: sum(row["sample__kept"] for row in given) for split, given in rows.items()}
    schema = write_schema(tmp_path / "schema", spec, TYPES, counts, raw_batch(rows["test"]))
    made = transform(tmp_path, spec, examples, schema)
    assets = assets_from_transform(made["transform_graph"].uri, spec, TYPES)
    assert {str(row["item"]) for row in rows["train"]} <= {*assets.vocabularies["item"]}
    pattern = f"{made['transformed_examples'].uri}/Split-train/*"
    data = TransformedExamples(spec, assets, {"train": [pattern]}, {"train": counts["train"]})
    found = np.concatenate([b.weights["click"] for b in data.reader("train", 16).batches()])
    expected = [row["loss_weight__click"] for row in rows["train"] if row["sample__kept"]]
    assert sorted(found) == expected


def test_a_file_that_is_cut_short(data: TransformedExamples, tmp_path: Path) -> None:
    path = shutil.copy(data._files["train"][0], tmp_path / "part.gz")
    content = Path(path).read_bytes()
    Path(path).write_bytes(content[: len(content) // 2])
    cut = TransformedExamples(SPEC, data.assets, {"train": [str(path)]}, {"train": COUNT})
    with pytest.raises(DataError, match="run Transform again"):
        list(cut.reader("train", 64).batches())
