import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from event_values import event_values
from tiny_log import write_log

from infnet_keras.data import PreparedData, prepare
from infnet_keras.errors import DataError, ModelError
from infnet_keras.evaluation import predict_split
from infnet_keras.evaluation.collapse import measure_collapse
from infnet_keras.metrics import auc
from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec, load_spec, override_spec
from infnet_keras.training import Evaluation, TrainingResult, train


def changed(spec: FeatureSpec, **training: Any) -> FeatureSpec:
    return override_spec(spec, {f"training.{key}": value for key, value in training.items()})


class AtEvaluation(Progress):
    """Does something when an evaluation is reported."""

    def __init__(self, number: int, act: Callable[[], None]) -> None:
        super().__init__()
        self._left = number
        self._act = act

    def say(self, line: str) -> None:
        self._left -= 1
        if self._left == 0:
            self._act()


def interrupt() -> None:
    raise KeyboardInterrupt


@contextmanager
def largest_file(size: int) -> Iterator[Callable[[], None]]:
    """A way to make every write beyond a size fail from now on, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def saved(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((path / "state.json").read_text())
    return content


def assert_alike(found: list[Evaluation], expected: list[Evaluation]) -> None:
    assert [(e.epoch, e.step) for e in found] == [(e.epoch, e.step) for e in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.loss == pytest.approx(other.loss, abs=1e-5)
        assert one.auc == pytest.approx(other.auc, abs=1e-3)
        assert one.gauc == pytest.approx(other.gauc, abs=1e-3)
        assert one.task_cosine == pytest.approx(other.task_cosine, abs=1e-3)


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, spec: FeatureSpec, data: Path
) -> tuple[Path, TrainingResult]:
    """An uninterrupted run of three epochs, evaluated twice in each."""
    path = tmp_path_factory.mktemp("uninterrupted") / "run"
    return path, train(changed(spec, evaluations_per_epoch=2), data, path)


def test_evaluations_are_evenly_spaced(run: tuple[Path, TrainingResult]) -> None:
    _, result = run
    steps = [(e.epoch, e.step) for e in result.evaluations]
    assert steps == [(1, 4), (1, 8), (2, 12), (2, 16), (3, 20), (3, 24)]
    assert result.epochs == 3
    assert not result.stopped_early


def test_it_learns(run: tuple[Path, TrainingResult]) -> None:
    _, result = run
    assert result.best.mean_auc > 0.6
    assert result.evaluations[-1].loss < result.evaluations[0].loss


def assert_events_are_the_history(path: Path) -> None:
    """TensorBoard would draw every line of `history.jsonl`, and each once."""
    expected = []
    for line in map(json.loads, (path / "history.jsonl").read_text().splitlines()):
        tags = {"loss": line["loss"], "auc/mean": line["mean_auc"]}
        tags |= {f"{name}/{task}": v for name in ("auc", "gauc") for task, v in line[name].items()}
        tags |= {"task_cosine": line["task_cosine"]}
        known = {tag: np.float32(value) for tag, value in tags.items() if value is not None}
        expected.append((line["step"], known))
    assert event_values(path / "tensorboard") == expected


def test_the_best_evaluation_is_kept(run: tuple[Path, TrainingResult], data: Path) -> None:
    path, result = run
    assert result.best.mean_auc == max(e.mean_auc for e in result.evaluations)
    model = keras.models.load_model(path / "model.keras")
    predictions = predict_split(model, PreparedData.open(data), "valid", 64)
    for task, expected in result.best.auc.items():
        found = auc(predictions.labels[task], predictions.probabilities[task])
        assert found == pytest.approx(expected, abs=1e-3)
    assert result.best.mean_auc == pytest.approx(np.mean(list(result.best.auc.values())))


def test_the_run_directory(run: tuple[Path, TrainingResult], spec: FeatureSpec, data: Path) -> None:
    path, result = run
    assert load_spec(path / "spec.yaml") == changed(spec, evaluations_per_epoch=2)
    history = [json.loads(line) for line in (path / "history.jsonl").read_text().splitlines()]
    assert [Evaluation(**line) for line in history] == result.evaluations
    assert_events_are_the_history(path)
    assert saved(path)["finished"] == "epochs"
    environment = json.loads((path / "environment.json").read_text())
    (session,) = environment["sessions"]
    assert environment["seed"] == 0
    assert session["backend"] == keras.backend.backend()
    assert session["packages"]["keras"] == keras.__version__
    assert session["started"] <= session["finished"]
    prepared = PreparedData.open(data)
    vocabulary = (path / "assets" / "vocabulary" / "item.txt").read_text().split()
    assert vocabulary == prepared.assets.vocabularies["item"]


def test_every_evaluation_says_how_alike_the_tasks_are(
    run: tuple[Path, TrainingResult], data: Path
) -> None:
    path, result = run
    model = keras.models.load_model(path / "model.keras")
    inputs = [batch.inputs for batch in PreparedData.open(data).reader("valid", 60).batches()]
    expected = measure_collapse(model, inputs)[-1].task_cosine
    assert result.best.task_cosine == pytest.approx(expected, abs=1e-4)
    cosines = [evaluation.task_cosine for evaluation in result.evaluations]
    assert len(set(cosines)) == 6
    assert all(cosine is not None and -1.0 <= cosine <= 1.0 for cosine in cosines)


def test_a_finished_run_is_not_trained_again(
    run: tuple[Path, TrainingResult], spec: FeatureSpec, data: Path
) -> None:
    path, result = run
    before = (path / "model.keras").stat()
    assert train(changed(spec, evaluations_per_epoch=2), data, path) == result
    assert (path / "model.keras").stat() == before


def test_a_resumed_run_equals_an_uninterrupted_one(
    run: tuple[Path, TrainingResult], spec: FeatureSpec, data: Path, tmp_path: Path
) -> None:
    """Ended before the second epoch is saved, then by a full disk in the third."""
    expected_path, expected = run
    wanted = changed(spec, evaluations_per_epoch=2)
    path = tmp_path / "run"

    with pytest.raises(KeyboardInterrupt):
        train(wanted, data, path, progress=AtEvaluation(4, interrupt))
    assert saved(path)["epoch"] == 1
    with largest_file(20_000) as fill, pytest.raises(ModelError, match=r"cannot write .*too large"):
        train(wanted, data, path, progress=AtEvaluation(3, fill))
    assert saved(path)["epoch"] == 2
    assert saved(path)["finished"] is None
    found = train(wanted, data, path)

    assert_alike(found.evaluations, expected.evaluations)
    assert_events_are_the_history(path)
    if found.best.step == expected.best.step:
        models = [keras.models.load_model(p / "model.keras") for p in (path, expected_path)]
        assert models[0].optimizer.iterations == models[1].optimizer.iterations
        for one, other in zip(*(model.get_weights() for model in models), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-3)
    environment = json.loads((path / "environment.json").read_text())
    assert [bool(s["finished"]) for s in environment["sessions"]] == [False, False, True]


@pytest.mark.long("tensorflow", "jax")
@pytest.mark.parametrize(
    ("times", "patience", "steps"),
    [(1, 2, [8, 16, 24]), (3, 1, [3, 5]), (50, 3, [1, 2, 3, 4])],
)
def test_early_stopping(
    spec: FeatureSpec, data: Path, tmp_path: Path, times: int, patience: int, steps: list[int]
) -> None:
    # Nothing is learnt, so that every evaluation equals the first.
    wanted = changed(
        spec,
        optimizer="sgd",
        learning_rate=1e-30,
        epochs=9,
        patience=patience,
        evaluations_per_epoch=times,
    )
    result = train(wanted, data, tmp_path / "run")
    assert [e.step for e in result.evaluations] == steps
    assert result.stopped_early
    assert result.best is result.evaluations[0]
    assert saved(tmp_path / "run")["finished"] == "early stopping"


def test_a_run_of_another_spec_is_refused(
    run: tuple[Path, TrainingResult], spec: FeatureSpec, data: Path
) -> None:
    with pytest.raises(ModelError, match=r"training\.batch_size \(60 there, 32 here\)"):
        train(changed(spec, evaluations_per_epoch=2, batch_size=32), data, run[0])


def test_data_of_another_spec_are_refused(spec: FeatureSpec, data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="shelf"):
        train(override_spec(spec, {"fields.shelf.identity": 5}), data, tmp_path / "run")
    with pytest.raises(DataError, match="like differs"):
        train(override_spec(spec, {"tasks.like.mask": "click == 1"}), data, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_empty_validation_split_is_refused(spec: FeatureSpec, tmp_path: Path) -> None:
    write_log(tmp_path / "raw", 100)
    prepare(spec, tmp_path / "raw", tmp_path / "data", valid_from=0.9, test_from=0.9)
    with pytest.raises(DataError, match=r"valid split .* is empty"):
        train(spec, tmp_path / "data", tmp_path / "run")


def test_a_validation_split_of_one_class_is_refused(spec: FeatureSpec, tmp_path: Path) -> None:
    """`prepare` refuses it too; data that others wrote never saw it."""
    write_log(tmp_path / "raw", 600)
    prepare(spec, tmp_path / "raw", tmp_path / "data", valid_from=0.8, test_from=0.9)
    manifest = tmp_path / "data" / "manifest.json"
    content = json.loads(manifest.read_text())
    for shard in content["shards"]:
        path = tmp_path / "data" / shard["file"]
        table = pq.read_table(path)
        for task in spec.tasks:
            at = table.column_names.index(f"label:{task}")
            zeros = pa.array(np.zeros(table.num_rows, np.float32))
            table = table.set_column(at, f"label:{task}", zeros)
        pq.write_table(table, path)
        shard["bytes"] = path.stat().st_size
    manifest.write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"no task has both"):
        train(spec, tmp_path / "data", tmp_path / "run")
