"""A run that begins with the model of an earlier run, of other data."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_log import write_log

from infnet_keras.data import PreparedData, prepare
from infnet_keras.errors import ModelError
from infnet_keras.features import RowTransform
from infnet_keras.models import MODELS, from_spec
from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec, override_spec
from infnet_keras.testing.draw_weights import draw_weights
from infnet_keras.training import train
from infnet_keras.training.load_run_model import load_run_model
from infnet_keras.training.warm_start import WarmStartRecord, carry_over

pytestmark = pytest.mark.usefixtures("uncompiled")

GONE, COME = "3", "77"
"""A user of the earlier log alone, and one of the later log alone."""


@pytest.fixture(scope="module")
def one_epoch(spec: FeatureSpec) -> FeatureSpec:
    return override_spec(spec, {"training.epochs": 1})


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory, spec: FeatureSpec) -> Path:
    """Prepared data of another day: other impressions, one user gone and one come."""
    directory = tmp_path_factory.mktemp("later")
    write_log(directory / "raw", 600, seed=1)
    log = directory / "raw" / "events.csv"
    log.write_text(log.read_text().replace(f"\n{GONE},", f"\n{COME},"))
    prepare(spec, directory / "raw", directory / "data", valid_from=0.8, test_from=0.9)
    return directory / "data"


@pytest.fixture(scope="module")
def earlier_run(
    tmp_path_factory: pytest.TempPathFactory, one_epoch: FeatureSpec, data: Path
) -> Path:
    path = tmp_path_factory.mktemp("earlier") / "run"
    train(one_epoch, data, path)
    return path


def fresh(spec: FeatureSpec, data: Path | None = None) -> Any:
    keras.utils.set_random_seed(spec.training.seed)
    return from_spec(spec, data)


def numbers(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def embedding(model: Any, table: str, value: str | None) -> np.ndarray:
    """What a lookup of a value gives, by a plain dictionary from values to ids."""
    ids = {value: 2 + place for place, value in enumerate(model.assets.vocabularies[table])}
    row = 1 if value is None else ids.get(value, 1)
    embedded = model.embedded_inputs({table: np.array([row])})["embeddings"]
    return numbers(embedded.fields[table])[0]


def raw_rows(users: list[str], rows: int = 50) -> dict[str, list[Any]]:
    """A raw batch of these users, with shelves and histories drawn."""
    random = np.random.default_rng(5)
    lengths = random.integers(0, 6, rows)
    histories = random.integers(0, 40, (rows, 5)) * (np.arange(5) < lengths[:, None])
    return {
        "user": [int(user) for user in random.choice(users, rows)],
        "item": random.integers(0, 40, rows).tolist(),
        "shelf": random.integers(0, 4, rows).tolist(),
        "click__item": histories.tolist(),
        "click__length": lengths.tolist(),
    }


def answers(model: Any, raw: Mapping[str, Any]) -> dict[str, np.ndarray]:
    inputs = RowTransform(model.spec, model.assets)(raw)
    found: dict[str, np.ndarray] = model.predict(inputs, verbose=0)
    return found


def warmed(earlier: Any, spec: FeatureSpec, data: Path) -> tuple[Any, WarmStartRecord]:
    model, record = fresh(spec, data), WarmStartRecord("earlier", "")
    carry_over(earlier, model, record)
    return model, record


def test_rows_go_by_value(earlier_run: Path, one_epoch: FeatureSpec, later: Path) -> None:
    earlier = load_run_model(earlier_run)
    model, record = warmed(earlier, one_epoch, later)
    assert earlier.assets.vocabularies["user"] != model.assets.vocabularies["user"]
    first = fresh(one_epoch, later)
    for table in ("user", "item"):
        for value in model.assets.vocabularies[table]:
            source = first if value == COME else earlier
            expected = embedding(source, table, value)
            np.testing.assert_array_equal(embedding(model, table, value), expected, value)
        np.testing.assert_array_equal(
            embedding(model, table, None), embedding(earlier, table, None)
        )
    # Who is gone has no row any more: it reads what an unknown value reads.
    np.testing.assert_array_equal(embedding(model, "user", GONE), embedding(earlier, "user", None))
    assert record.tables == {"item": (42, 0, 0), "user": (21, 1, 1), "shelf": (6, 0, 0)}
    assert record.weights_kept == len(model.weights) - 1  # all but the tables of the one width
    assert (record.initialised, record.dropped) == ([], [])


def test_what_is_kept_for_a_row_goes_with_it(
    one_epoch: FeatureSpec, data: Path, later: Path
) -> None:
    def model_of(optimizer: str, directory: Path) -> tuple[Any, np.ndarray]:
        rows = override_spec(one_epoch, {"training.tables.optimizer": optimizer})
        model = fresh(rows, directory)
        (slots,) = model.row_updates.slots.values()
        slot = next(iter(slots.values()))
        slot.assign(np.random.default_rng(0).uniform(1, 2, slot.shape))
        return model, numbers(slot)

    earlier, held = model_of("adagrad_rowwise", data)
    model, drawn = model_of("adagrad_rowwise", later)
    carry_over(earlier, model, WarmStartRecord("earlier", ""))
    (tables,), (earlier_tables,) = (
        each.embedded_inputs.tables.values() for each in (model, earlier)
    )
    (slots,) = model.row_updates.slots.values()
    for table in ("user", "item"):
        vocabulary = earlier.assets.vocabularies[table]
        for place, value in enumerate(model.assets.vocabularies[table], start=2):
            row = tables.offsets[table] + place
            expected = (
                drawn[row]
                if value == COME
                else held[earlier_tables.offsets[table] + 2 + vocabulary.index(value)]
            )
            np.testing.assert_array_equal(numbers(slots["accumulator"])[row], expected, value)

    other, drawn = model_of("adam_lazy", later)
    carry_over(earlier, other, WarmStartRecord("earlier", ""))
    (slots,) = other.row_updates.slots.values()
    np.testing.assert_array_equal(numbers(slots["mean"]), drawn)


def test_what_both_know_is_predicted_alike(
    earlier_run: Path, one_epoch: FeatureSpec, later: Path
) -> None:
    earlier = load_run_model(earlier_run)
    model, _ = warmed(earlier, one_epoch, later)
    users = [user for user in earlier.assets.vocabularies["user"] if user != GONE]
    raw = raw_rows(users)
    for task, expected in answers(earlier, raw).items():
        np.testing.assert_array_equal(answers(model, raw)[task], expected)
    assert not np.array_equal(answers(fresh(one_epoch, later), raw)["click"], expected)


def test_a_run_goes_on_from_there(
    earlier_run: Path, one_epoch: FeatureSpec, later: Path, tmp_path: Path
) -> None:
    lines: list[str] = []
    path = tmp_path / "run"
    # Too small a step to be seen: the run's model is the one that it began with.
    still = override_spec(one_epoch, {"training.optimizer": "sgd", "training.learning_rate": 1e-30})
    train(still, later, path, warm_start=earlier_run, progress=Progress(lines.append))
    assert f"warm start from {earlier_run}" in lines
    assert "  table user: 21 rows kept, 1 initialised, 1 dropped" in lines
    raw = raw_rows([u for u in load_run_model(path).assets.vocabularies["user"] if u != COME])
    for task, expected in answers(load_run_model(earlier_run), raw).items():
        np.testing.assert_allclose(answers(load_run_model(path), raw)[task], expected, atol=1e-6)

    record = json.loads((path / "warm_start.json").read_text())
    assert record["run"] == str(earlier_run)
    assert record["tables"]["user"] == {"kept": 21, "initialised": 1, "dropped": 1}
    assert json.loads((path / "state.json").read_text())["warm_start"] == str(earlier_run)
    assert json.loads((path / "environment.json").read_text())["warm_start"] == str(earlier_run)
    assert keras.models.load_model(path / "model.keras").optimizer.iterations == 8  # from 0


@pytest.mark.long("tensorflow", "jax")
def test_an_interrupted_run_needs_the_earlier_one_no_more(
    earlier_run: Path, one_epoch: FeatureSpec, later: Path, tmp_path: Path
) -> None:
    two = override_spec(one_epoch, {"training.epochs": 2})
    whole = train(two, later, tmp_path / "whole", warm_start=earlier_run)
    source = shutil.copytree(earlier_run, tmp_path / "source")

    class Stop(keras.callbacks.Callback):
        def __init__(self, epoch: int) -> None:
            super().__init__()
            self._epoch = epoch

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == self._epoch:
                raise KeyboardInterrupt

    path = tmp_path / "run"
    for epoch in (0, 1):
        with pytest.raises(KeyboardInterrupt):
            train(two, later, path, warm_start=source, callbacks=[Stop(epoch)])
        shutil.rmtree(source, ignore_errors=True)
    found = train(two, later, path, warm_start=source)
    assert [e.step for e in found.evaluations] == [8, 16]
    for one, other in zip(found.evaluations, whole.evaluations, strict=True):
        assert one.loss == pytest.approx(other.loss, abs=1e-5)
        assert one.auc == pytest.approx(other.auc, abs=1e-3)


@pytest.mark.long("tensorflow", "jax")
def test_a_run_is_warmed_from_one_run(
    earlier_run: Path, one_epoch: FeatureSpec, later: Path, tmp_path: Path
) -> None:
    path = tmp_path / "run"
    train(one_epoch, later, path, warm_start=earlier_run)
    with pytest.raises(ModelError, match=rf"warmed from \({earlier_run} there, none here\)"):
        train(one_epoch, later, path)
    with pytest.raises(ModelError, match=r"cannot be warmed from itself"):
        train(one_epoch, later, path, warm_start=path)
    train(one_epoch, later, path, restart=True)
    assert not (path / "warm_start.json").exists()
    with pytest.raises(ModelError, match=rf"warmed from \(none there, {earlier_run} here\)"):
        train(one_epoch, later, path, warm_start=earlier_run)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model.dim": 4}, r"model\.dim \(8 there, 4 here\)"),
        ({"tables.item.dim": 4}, r"table item \(rows of 8 there, 4 here\)"),
        ({"model.blocks": 3}, r"model\.blocks \(2 there, 3 here\)"),
        (
            {"model.tower_hidden": [4]},
            r"weight towers/kernel_0 \(\[2, 8, 8\] there, \[2, 8, 4\] here\)",
        ),
        ({"model.attention": "silu"}, r'model\.attention \("softmax" there, "silu" here\)'),
        ({"model.variant": "v2"}, r"model\.variant \(default there, v2 here\)"),
        ({"model": {"type": "shared_bottom"}}, r"model\.type \(infnet there, shared_bottom here\)"),
        ({"training.redraw_tables": True, "training.epochs": 2}, r"redraw_tables to false, or"),
    ],
)
def test_another_model_is_refused(
    earlier_run: Path,
    one_epoch: FeatureSpec,
    later: Path,
    tmp_path: Path,
    changes: dict[str, Any],
    said: str,
) -> None:
    with pytest.raises(ModelError, match=said):
        train(override_spec(one_epoch, changes), later, tmp_path / "run", warm_start=earlier_run)
    assert not (tmp_path / "run").exists()


def test_what_is_no_run_is_refused(one_epoch: FeatureSpec, later: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no model\.keras"):
        train(one_epoch, later, tmp_path / "run", warm_start=tmp_path / "nowhere")
    assert not (tmp_path / "run").exists()


@pytest.mark.long("tensorflow", "jax")
@pytest.mark.parametrize("type_", list(MODELS))
def test_parts_come_and_go(
    type_: str, data: Path, spec: FeatureSpec, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A field, a sequence and a task that are new; the old ones stand elsewhere, and are found."""
    few = override_spec(
        spec,
        {
            "model": {"type": type_, "tower_hidden": [8]},
            "fields.shelf": None,
            "sequences.click": None,
            "tasks.like": None,
        },
    )
    raw = data.parent / "raw"
    directory = tmp_path_factory.mktemp(type_)
    prepare(few, raw, directory / "few", valid_from=0.8, test_from=0.9)
    more = override_spec(spec, {"model": {"type": type_, "tower_hidden": [8]}})
    small, large = fresh(few, directory / "few"), fresh(more, data)
    grown, record = warmed(small, more, data)
    assert record.initialised[:3] == ["field shelf", "sequence click__item", "task like"]
    assert record.dropped == []
    np.testing.assert_array_equal(embedding(grown, "user", "7"), embedding(small, "user", "7"))
    for kernel, before, first in zip(
        grown.towers.kernels, small.towers.kernels, large.towers.kernels, strict=True
    ):
        np.testing.assert_array_equal(numbers(kernel)[0], numbers(before)[0])
        np.testing.assert_array_equal(numbers(kernel)[1], numbers(first)[1])
    shrunk, record = warmed(grown, few, directory / "few")
    assert record.dropped[:3] == ["field shelf", "sequence click__item", "task like"]
    assert record.tables["shelf"] == (0, 0, 6)
    for one, other in zip(shrunk.weights, small.weights, strict=True):
        np.testing.assert_array_equal(numbers(one), numbers(other), one.path)


@pytest.mark.parametrize("embedding", ["linear", "periodic"])
def test_the_projection_of_a_number_goes_on(
    spec: FeatureSpec, data: Path, later: Path, embedding: str, tmp_path: Path
) -> None:
    """It is of standardised numbers: of those of the new data's own mean and deviation."""
    number = {"side": "item", "column": "shelf", "numeric": {"embedding": embedding}}
    numeric = override_spec(spec, {"fields.exact_shelf": number})
    models = []
    for name, directory in (("data", data), ("later", later)):
        prepare(numeric, directory.parent / "raw", tmp_path / name, valid_from=0.8, test_from=0.9)
        models.append(fresh(numeric, tmp_path / name))
    earlier, model = models
    draw_weights(earlier)
    record = WarmStartRecord("earlier", "")
    carry_over(earlier, model, record)
    (old,), (new,) = (m.embedded_inputs.number_embeddings.values() for m in models)
    for before, now in zip(old.weights, new.weights, strict=True):
        np.testing.assert_array_equal(numbers(now), numbers(before), now.path)
    assert "exact_shelf" not in record.tables
    assert (record.initialised, record.dropped) == ([], [])


@pytest.mark.long("tensorflow", "jax")
@pytest.mark.parametrize("type_", list(MODELS))
def test_parts_in_another_order_are_found(
    type_: str, spec: FeatureSpec, data: Path, tmp_path: Path
) -> None:
    """Fields and tasks the other way round: the same model says the same."""
    # A chain of tasks is another model in another order.
    chain = {"task_order": list(spec.tasks)} if type_ == "aitm" else {}
    same = override_spec(spec, {"model": {"type": type_, **chain}})
    content = same.model_dump(mode="json", exclude_none=True)
    for block in ("fields", "tasks"):
        content[block] = dict(reversed(content[block].items()))
    turned = FeatureSpec.model_validate(content)
    prepare(turned, data.parent / "raw", tmp_path / "data", valid_from=0.8, test_from=0.9)
    earlier = fresh(same, data)
    draw_weights(earlier)
    model, _ = warmed(earlier, turned, tmp_path / "data")
    assert list(model.spec.fields) == list(reversed(earlier.spec.fields))
    raw = raw_rows(earlier.assets.vocabularies["user"])
    for task, expected in answers(earlier, raw).items():
        np.testing.assert_allclose(answers(model, raw)[task], expected, atol=1e-5)


def test_what_only_training_reads_may_differ(spec: FeatureSpec, data: Path) -> None:
    chained = override_spec(spec, {"model": {"type": "aitm"}})
    earlier = fresh(chained, data)
    model, _ = warmed(earlier, override_spec(chained, {"model.calibrator_weight": 0.0}), data)
    for one, other in zip(model.weights, earlier.weights, strict=True):
        np.testing.assert_array_equal(numbers(one), numbers(other), one.path)


def test_a_model_without_vocabularies_is_refused(one_epoch: FeatureSpec, later: Path) -> None:
    sizes = {"tables.item.size": 50, "fields.user.size": 50}
    with pytest.raises(ModelError, match=r"the earlier model holds no vocabularies"):
        warmed(fresh(override_spec(one_epoch, sizes)), one_epoch, later)


def test_days_before_the_start_of_training_fit_vocabularies(
    spec: FeatureSpec, data: Path, tmp_path: Path
) -> None:
    """`train_from` leaves impressions out of training, and nothing else."""
    raw = data.parent / "raw"
    out = tmp_path / "data"
    manifest = prepare(spec, raw, out, valid_from=0.8, test_from=0.9, train_from=0.6)
    assert manifest.impressions == {"train": 120, "valid": 60, "test": 60}
    whole, part = PreparedData.open(data), PreparedData.open(out)
    assert part.assets.vocabularies == whole.assets.vocabularies
    (ours,), (theirs,) = (list(d.reader("valid", 60).batches()) for d in (part, whole))
    for name, ids in theirs.inputs.items():
        np.testing.assert_array_equal(ours.inputs[name], ids, name)
