"""TFMA's results of a model with known scores, against infnet_keras' own metrics."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_model_analysis as tfma
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.types import artifact_utils, standard_artifacts

from infnet_keras.errors import DataError
from infnet_keras.metrics import (
    auc,
    calibration,
    grouped_auc,
    grouped_xauc,
    log_loss,
    mean_absolute_error,
    mean_calibration,
    root_mean_squared_error,
    xauc,
)
from infnet_keras.spec import dump_spec, load_spec, override_spec
from tfx_pipeline.beam.local_runner import with_local_runner
from tfx_pipeline.components.evaluator.executor import Executor
from tfx_pipeline.evaluation.gates import failed_gates

USERS, ROWS = 23, 400
GATE = {"click": {"auc": {"at_least": 0.999}}}
SPEC = override_spec(load_spec("minimal"), {"evaluation.slices": ["hour_band"]})


class Scores(tf.Module):
    """A model that answers with what the examples hold; with factor -1 with the opposite."""

    def __init__(self, factor: float, tasks: Sequence[str] = ("click", "buy")):
        super().__init__()
        self.factor, self.tasks = tf.constant(factor), tasks

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        features = {f"score__{t}": tf.io.FixedLenFeature([], tf.float32) for t in self.tasks}
        parsed = tf.io.parse_example(examples, features)
        shift = (1.0 - self.factor) / 2.0
        return {t: self.factor * parsed[f"score__{t}"] + shift for t in self.tasks}


def save_model(directory: Path, factor: float = 1.0, **tasks: Sequence[str]) -> str:
    model = Scores(factor, **tasks)
    path = directory / "Format-Serving"
    tf.saved_model.save(model, str(path), signatures={"serving_default": model.serve})
    return str(directory)


def rows(seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    click = random.integers(0, 2, ROWS)
    scores = np.round(random.random(ROWS) * 0.6 + 0.3 * click, 2).astype(np.float32)  # with ties
    buy = random.integers(0, 2, ROWS) * click
    return {
        "user": np.array([f"u{n}" for n in random.integers(0, USERS, ROWS)]),
        "hour_band": random.choice(["morning", "evening"], ROWS),
        "label__click": click,
        "weight__click": np.ones(ROWS, np.float32),
        "score__click": scores,
        "label__buy": buy,
        "weight__buy": click.astype(np.float32),
        "score__buy": (0.01 * random.random(ROWS) + 0.001 * buy).astype(np.float32),
    }


def write_examples(directory: Path, columns: dict[str, np.ndarray]) -> str:
    split = directory / "Split-test"
    split.mkdir(parents=True)
    options = tf.io.TFRecordOptions(compression_type="GZIP")
    with tf.io.TFRecordWriter(str(split / "data-00000-of-00001.gz"), options) as writer:
        for n in range(len(columns["user"])):
            features = {}
            for name, values in columns.items():
                value = values[n]
                if isinstance(value, str):
                    features[name] = tf.train.Feature(
                        bytes_list=tf.train.BytesList(value=[value.encode()])
                    )
                elif values.dtype == np.float32:
                    features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=[value]))
                else:
                    features[name] = tf.train.Feature(
                        int64_list=tf.train.Int64List(value=[int(value)])
                    )
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())
    return str(directory)


def evaluate(
    directory: Path, examples: str, model: str, spec: Any = SPEC, baseline: str = ""
) -> tuple[str, int]:
    inputs = {"examples": standard_artifacts.Examples(), "model": standard_artifacts.Model()}
    inputs["examples"].uri, inputs["model"].uri = examples, model
    inputs["examples"].split_names = artifact_utils.encode_split_names(["test"])
    outputs = {
        "evaluation": standard_artifacts.ModelEvaluation(),
        "blessing": standard_artifacts.ModelBlessing(),
    }
    for name, artifact in outputs.items():
        artifact.uri = str(directory / name)
    context = BaseBeamExecutor.Context(
        beam_pipeline_args=with_local_runner(["--sdk_container_image=none"]),
        tmp_dir=str(directory),
        unique_id="1",
    )
    Executor(context).Do(
        {name: [artifact] for name, artifact in inputs.items()},
        {name: [artifact] for name, artifact in outputs.items()},
        {"spec": dump_spec(spec), "baseline_model_uri": baseline},
    )
    blessed = outputs["blessing"].get_int_custom_property("blessed")
    name = "BLESSED" if blessed else "NOT_BLESSED"
    assert (directory / "blessing" / name).exists()
    return outputs["evaluation"].uri, blessed


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, dict[str, Any]]:
    directory = tmp_path_factory.mktemp("evaluation")
    data = rows()
    examples = write_examples(directory / "examples", data)
    areas = [
        auc(data["label__click"][part], data["score__click"][part])
        for part in (data["hour_band"] == "morning", data["hour_band"] == "evening")
    ]
    gate = auc(data["label__click"], data["score__click"]) - 1e-4
    assert min(areas) < gate - 1e-3  # held to the gate, the worse slice would fail
    spec = override_spec(SPEC, {"evaluation.gates": {"click": {"auc": {"at_least": gate}}}})
    evaluation, blessed = evaluate(directory, examples, save_model(directory / "model"), spec)
    assert blessed == 1
    assert failed_gates(evaluation) == []
    result = tfma.load_eval_result(evaluation)
    found: dict[Any, dict[str, Any]] = {}
    for key, metrics in result.slicing_metrics:
        for task, by_sub_key in metrics.items():
            if task:
                found[key, task] = {n: v["doubleValue"] for n, v in by_sub_key[""].items()}
    return found


@pytest.mark.parametrize("task", ["click", "buy"])
@pytest.mark.parametrize("band", [None, "morning", "evening"])
def test_metrics_are_infnet_keras_own(
    measured: dict[Any, dict[str, Any]], task: str, band: str | None
) -> None:
    data = rows()
    counted = data[f"weight__{task}"] > 0
    key = () if band is None else (("hour_band", band),)
    if band is not None:
        counted &= data["hour_band"] == band
    labels, scores = data[f"label__{task}"][counted], data[f"score__{task}"][counted]
    users = data["user"][counted]
    metrics = measured[key, task]
    assert metrics["example_count"] == counted.sum()
    assert metrics["auc"] == pytest.approx(auc(labels, scores), abs=1e-9)
    assert metrics["gauc"] == pytest.approx(grouped_auc(labels, scores, users).value, abs=1e-9)
    assert metrics["calibration"] == pytest.approx(calibration(labels, scores), rel=1e-5)
    assert metrics["log_loss"] == pytest.approx(log_loss(labels, scores), rel=1e-5)


def test_failed_gates_are_named(tmp_path: Path) -> None:
    columns = {**rows(), "label__buy": np.zeros(ROWS, np.int64)}
    examples = write_examples(tmp_path / "examples", columns)
    good, bad = save_model(tmp_path / "good"), save_model(tmp_path / "bad", factor=-1.0)
    area = auc(columns["label__click"], columns["score__click"])
    overrides = {
        "evaluation.gates": {
            "click": {"gauc": {"at_least": 0.99}, "log_loss": {"at_most": 0.01}},
            "buy": {"auc": {"at_least": 0.5}},
        },
        "evaluation.change": {"auc": 0.005},
    }
    evaluation, blessed = evaluate(
        tmp_path, examples, bad, override_spec(SPEC, overrides), baseline=good
    )
    assert blessed == 0
    sentences = {" ".join(s.split()[:3]): s for s in failed_gates(evaluation)}
    assert set(sentences) == {"auc of click", "gauc of click", "log_loss of click", "auc of buy"}
    worse = 2 * area - 1  # from area to 1 - area
    assert f"is {worse:.4f} worse than the last blessed model's" in sentences["auc of click"]
    assert "at least 0.99 is asked" in sentences["gauc of click"]
    assert "at most 0.01 is asked" in sentences["log_loss of click"]
    assert "is undefined" in sentences["auc of buy"]


def test_one_task(tmp_path: Path) -> None:
    data = rows()
    spec = override_spec(
        SPEC, {"tasks.buy": None, "evaluation.gates": GATE, "evaluation.change": {"auc": 0.01}}
    )
    assert list(spec.tasks) == ["click"]
    examples = write_examples(tmp_path / "examples", data)
    model = save_model(tmp_path / "model", tasks=["click"])
    area = auc(data["label__click"], data["score__click"])
    for baseline in ("", save_model(tmp_path / "before")):  # which has another task besides
        evaluation, blessed = evaluate(tmp_path, examples, model, spec, baseline)
        assert blessed == 0
        (sentence,) = failed_gates(evaluation)
        assert sentence.startswith(f"auc of click is {area:.4f}, at least 0.999 is asked")


def test_a_baseline_of_other_tasks(tmp_path: Path) -> None:
    examples = write_examples(tmp_path / "examples", rows())
    model = save_model(tmp_path / "model")
    baseline = save_model(tmp_path / "before", tasks=["click"])
    _, blessed = evaluate(tmp_path, examples, model, baseline=baseline)  # SPEC has no `change`
    assert blessed == 1
    spec = override_spec(SPEC, {"evaluation.change": {"auc": 0.01}})
    with pytest.raises(DataError, match="does not answer for the task buy"):
        evaluate(tmp_path, examples, model, spec, baseline)


def test_no_baseline_where_told(tmp_path: Path) -> None:
    examples = write_examples(tmp_path / "examples", rows())
    model = save_model(tmp_path / "model")
    spec = override_spec(SPEC, {"evaluation.change": {"auc": 0.01}})
    with pytest.raises(DataError, match="there is no model in"):
        evaluate(tmp_path, examples, model, spec, baseline=str(tmp_path / "nowhere"))


def test_what_serving_fixes_is_measured_as_logged(tmp_path: Path) -> None:
    """A model with the signature `logged` is measured by it, and one without by what it has."""
    examples = write_examples(tmp_path / "examples", rows())
    served, logged = Scores(-1.0), Scores(1.0)
    model = tf.Module()
    model.both = [served, logged]
    signatures = {"serving_default": served.serve, "logged": logged.serve}
    path = tmp_path / "model" / "Format-Serving"
    tf.saved_model.save(model, str(path), signatures=signatures)
    spec = override_spec(SPEC, {"evaluation.change": {"auc": 0.001}})
    same = save_model(tmp_path / "before")
    assert evaluate(tmp_path / "right", examples, str(tmp_path / "model"), spec, same)[1] == 1


def test_a_regression_is_measured_and_held_to_its_gates(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    data = rows()
    seconds = random.exponential(30.0, ROWS).astype(np.float32)
    seconds[:100] -= 50.0  # a negative number is a label like any other
    counts = (random.random(ROWS) < 0.8).astype(np.float32)
    said = np.round(seconds + random.normal(0, 20, ROWS)).astype(np.float32)  # with ties
    columns = {**data, "label__watch": seconds, "weight__watch": counts, "score__watch": said}
    examples = write_examples(tmp_path / "examples", columns)
    task = {"label": "seconds", "kind": "regression", "scale": 30}
    gates = {"mae": {"at_most": 1.0}, "xauc": {"at_least": 0.5}}
    changes = {"tasks.watch": task, "evaluation": {"slices": [], "gates": {"watch": gates}}}
    spec = override_spec(override_spec(SPEC, {"tasks.buy": None}), changes)
    model = save_model(tmp_path / "model", tasks=["click", "watch"])
    evaluation, blessed = evaluate(tmp_path, examples, model, spec)
    assert blessed == 0
    counted = counts > 0
    labels, scores, users = seconds[counted], said[counted], data["user"][counted]
    mae = mean_absolute_error(labels, scores)
    (sentence,) = failed_gates(evaluation)
    assert sentence == f"mae of watch is {mae:.4f}, at most 1 is asked: {mae - 1:.4f} too much"
    ((_, metrics),) = tfma.load_eval_result(evaluation).slicing_metrics
    found = {name: value["doubleValue"] for name, value in metrics["watch"][""].items()}
    assert found == pytest.approx(
        {
            "example_count": counted.sum(),
            "xauc": xauc(labels, scores),
            "gxauc": grouped_xauc(labels, scores, users).value,
            "mae": mae,
            "rmse": root_mean_squared_error(labels, scores),
            "calibration": mean_calibration(labels, scores),
        },
        rel=1e-5,
    )
    assert set(metrics["click"][""]) == {"example_count", "auc", "gauc", "calibration", "log_loss"}
