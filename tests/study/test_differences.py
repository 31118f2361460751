"""What counts as a difference: held to plain loops."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from infnet_keras.errors import SpecError
from infnet_keras.evaluation import Predictions, compare_predictions, evaluate_predictions
from infnet_keras.runs.resample_run import load_resamples, resample_run
from infnet_keras.runs.run_files import RunFiles, write_json
from infnet_keras.study.differences import differences, holm, p_value
from infnet_keras.study.loading import Study, load_study
from infnet_keras.study.results import Results, score_of
from infnet_keras.study.run_study import StudyRuns
from infnet_keras.study.study_directory import StudyDirectory
from infnet_keras.study.study_file import Sweep

RESAMPLES = 20


def made_up(quality: float, seed: int) -> Predictions:
    """Labels that are the same for all; scores that know this much of them."""
    log = np.random.default_rng(0)
    users = log.integers(0, 40, 400)
    labels = {t: (log.random(400) < 0.4).astype(np.float32) for t in ("click", "like")}
    noise = np.random.default_rng(100 + seed)
    scores = {
        t: (1 / (1 + np.exp(-quality * (y - 0.5) - noise.normal(size=400)))).astype(np.float32)
        for t, y in labels.items()
    }
    return Predictions(labels, scores, users)


@pytest.fixture
def results(study_file: Path, tmp_path: Path) -> Results:
    """Of runs with made-up predictions: a reference, and one that is better."""
    directory = StudyDirectory(tmp_path / "out")
    study = load_study(study_file)
    directory.begin()
    runs = StudyRuns(study, "c0ffee", directory)
    runs.settle()
    for label, run in runs.final_runs():
        quality = 3.0 if label.startswith("shared_bottom") else 1.0
        seed = run.configuration.spec.training.seed
        run.begin()
        predictions = made_up(quality, seed)
        predictions.save(run.path / "test.npz")
        validation = {"mean_auc": 0.7, "seconds": 2.0, "parameters_outside_tables": 10}
        report = evaluate_predictions(predictions, bootstrap=0)
        write_json(run.path / "result.json", {"validation": validation, "test": report})
        resample_run(run, RESAMPLES)
    return Results(runs)


def test_resamples_are_those_of_a_paired_comparison(results: Results) -> None:
    """`infnet evaluate compare` draws the same users from the same seed."""
    first, second = (results.runs(row)[0] for row in ("infnet", "shared_bottom"))
    apart = load_resamples(second, RESAMPLES) - load_resamples(first, RESAMPLES)
    expected = compare_predictions(first.predictions, second.predictions, RESAMPLES)
    for place, task in enumerate(results.tasks):
        for index, metric in enumerate(("auc", "gauc")):
            found = np.quantile(apart[:, place, index], [0.025, 0.975])
            assert found == pytest.approx(expected[task][f"{metric}_difference_ci95"])


def test_differences_are_of_means_over_seeds(results: Results) -> None:
    assert results.rows == ["infnet", "shared_bottom"]
    found = differences(results, RESAMPLES)
    assert [(d.row, d.task, d.metric) for d in found] == [
        ("shared_bottom", task, metric)
        for task in ("click", "like", "mean")
        for metric in ("auc", "gauc")
    ]
    by_task = {(d.task, d.metric): d for d in found}
    for task in ("click", "like", "mean"):
        mine, base = (
            [run.result["test"][task]["auc"] for run in results.runs(row)]
            for row in ("shared_bottom", "infnet")
        )
        d = by_task[task, "auc"]
        assert d.value == pytest.approx(np.mean(mine) - np.mean(base))
        error = np.sqrt(np.var(mine, ddof=1) / 2 + np.var(base, ddof=1) / 2)
        assert d.seeds_error == pytest.approx(error)
        assert d.p == pytest.approx(2 / (RESAMPLES + 1))  # better in every resample
        assert d.interval[0] > 0
        assert d.verdict == "same"  # 20 resamples never make a p below .05
    reference = [load_resamples(run, RESAMPLES) for run in results.runs("infnet")]
    other = [load_resamples(run, RESAMPLES) for run in results.runs("shared_bottom")]
    means = np.mean(other, axis=0).mean(axis=1) - np.mean(reference, axis=0).mean(axis=1)
    expected = np.quantile(means[:, 0], [0.025, 0.975])
    assert by_task["mean", "auc"].interval == pytest.approx(expected)


def test_a_verdict_needs_users_and_seeds(results: Results, monkeypatch) -> None:
    for run in (*results.runs("infnet"), *results.runs("shared_bottom")):
        resample_run(run, 100)
    found = differences(results, 100)
    assert {d.verdict for d in found if d.metric == "auc"} == {"better"}
    scores = {"infnet": score_of([0.60, 0.70]), "shared_bottom": score_of([0.66, 0.72])}
    rows = {results.runs(row)[0].path: row for row in scores}
    monkeypatch.setattr(Results, "score", lambda _, runs, *__: scores[rows[runs[0].path]])
    d = differences(results, 100)[0]
    assert d.p_holm < 0.05
    assert (d.value, d.verdict) == (pytest.approx(0.04), "same")  # less than two errors of seeds


def test_p_values() -> None:
    random = np.random.default_rng(0)
    shifted = random.normal(2.0, 1.0, 999)
    expected = 2 * (1 + min((shifted <= 0).sum(), (shifted >= 0).sum())) / 1000
    assert p_value(shifted) == pytest.approx(expected)
    assert p_value(np.zeros(10)) == 1.0
    assert p_value(np.full(3, np.nan)) is None
    found = holm({"a": 0.04, "b": 0.01, "c": None, "d": 0.03})
    assert found == {"a": 0.06, "b": 0.03, "c": None, "d": 0.06}
    assert holm({"a": 0.9, "b": 0.8})["a"] == 1.0


def test_deviations() -> None:
    assert score_of([0.5]).deviation is None
    assert score_of([0.5, None]).mean is None
    assert score_of([1.0, 2.0, 6.0]) == (3.0, pytest.approx(7**0.5), (1.0, 2.0, 6.0))


def test_the_reports_tables_hold_what_was_measured(results: Results, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from infnet_keras.study.report import write_report

    counts = SimpleNamespace(users=40, impressions={"train": 480, "valid": 60, "test": 60})
    write_report(results.study, SimpleNamespace(manifest=counts), processes=2)
    out = results.study.directory.path
    runs = results.runs("shared_bottom")
    score = results.score(runs, "click", "auc")
    text = f"**{score.mean:.4f}** ± {score.deviation:.4f}".replace("0.", ".")
    assert text in (out / "report.md").read_text()
    page = (out / "report.html").read_text()
    assert page.count("<table") == 3 + 3 + 1 + 2
    for name in ("metrics", "seeds", "differences", "costs", "settings", "variants"):
        assert (out / "tables" / f"{name}.csv").exists()
    lines = (out / "tables" / "metrics.csv").read_text().splitlines()
    assert f"shared_bottom,click,auc,{score.mean},{score.deviation},2" in lines


def test_some_rows_are_reported_by_themselves(results: Results) -> None:
    """The rest of the study, what starts from it included, is as if it were not there."""
    pytest.importorskip("matplotlib")
    from infnet_keras.study.report import write_report

    file, spec = results.study.study
    sweeps = {"width": Sweep(key="model.dim", values=[4, 8])}
    study = Study(file.model_copy(update={"ablations": "infnet", "sweeps": sweeps}), spec)
    runs = StudyRuns(study, "c0ffee", results.study.directory, only=["shared_bottom"])
    counts = SimpleNamespace(users=40, impressions={"train": 480, "valid": 60, "test": 60})
    page = write_report(runs, SimpleNamespace(manifest=counts), processes=2).read_text()
    assert "shared_bottom" in page
    assert not [title for title in ("Differences", "Ablation", "Sweeps") if title in page]
    with pytest.raises(SpecError, match="--only mmoe: the study has no such row"):
        StudyRuns(study, "c0ffee", results.study.directory, only=["mmoe"])


def test_a_row_that_is_not_finished_is_left_out(results: Results) -> None:
    (results.runs("shared_bottom")[1].path / "result.json").unlink()
    fewer = Results(results.study)
    assert fewer.rows == ["infnet"]
    assert differences(fewer, RESAMPLES) == []
    assert RunFiles.at(results.runs("shared_bottom")[1].path).result is None
