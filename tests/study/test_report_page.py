"""The report as a person sees it: on a screen and on a phone, nothing is cut or overlaps."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from page_layout import faults

from infnet_keras.evaluation import Predictions, evaluate_predictions
from infnet_keras.runs.resample_run import resample_run
from infnet_keras.runs.run_files import write_json
from infnet_keras.runs.settled import Settings
from infnet_keras.study.loading import load_study
from infnet_keras.study.report import write_report
from infnet_keras.study.run_study import StudyRuns, answers
from infnet_keras.study.study_directory import StudyDirectory

RESAMPLES = 10
CUT = """
() => [...document.querySelectorAll('svg')].filter((svg) => {
  const drawn = svg.getBBox(), view = svg.viewBox.baseVal;
  return drawn.x < -1 || drawn.y < -1
    || drawn.x + drawn.width > view.width + 1 || drawn.y + drawn.height > view.height + 1;
}).map((svg) => svg.getAttribute('aria-label'))
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the largest study, with its names, and made-up predictions, times and attention."""
    pytest.importorskip("matplotlib")
    changes = {"seeds": [0, 1], "bootstrap": RESAMPLES}
    study = load_study("kuairand_pure", changes)
    directory = StudyDirectory(tmp_path_factory.mktemp("report") / "out")
    directory.begin()
    runs = StudyRuns(study, "c0ffee", directory)
    values = {"training.learning_rate": 0.00123, "model.dropout": 0.1, "model.dim": 32}
    for name, settled in runs.settled.items():
        tuned = {} if name in ("infnet", "lightgbm") else values
        settled.write(Settings(tuned, 0.79, 20, 7, 82), [])
    random = np.random.default_rng(0)
    users = random.integers(0, 30, 200)
    labels = {t: (random.random(200) < 0.4).astype(np.float32) for t in study.spec.tasks}
    for _, run in runs.final_runs():
        if run.result is None:
            scores = {t: np.float32(0.4 * y + 0.6 * random.random(200)) for t, y in labels.items()}
            predictions = Predictions(labels, scores, users)
            run.begin()
            predictions.save(run.path / "test.npz")
            outside = float(np.exp(random.uniform(9, 15)))
            validation = {"mean_auc": 0.79, "seconds": random.uniform(60, 3000), "peak_bytes": 1e9}
            validation["parameters_outside_tables"] = outside
            found = evaluate_predictions(predictions, bootstrap=0)
            write_json(run.path / "result.json", {"validation": validation, "test": found})
            resample_run(run, RESAMPLES)
    positions = study.spec.model.positions(study.spec)
    queries = [*study.spec.tasks, "shared 1", "shared 2"]
    times = {"median": 12.5, "low": 11.75, "high": 103.25}
    for one in answers(runs):
        if one.label == "timing inference":
            paths = one.request["runs"]
            one.keep({Path(run).name: {"batch": times, "request": times} for run in paths})
        else:
            weights = random.dirichlet(np.ones(len(positions)), len(queries)).tolist()
            one.keep({"queries": queries, "positions": positions, "weights": weights})
    counts = {"train": 150_214, "valid": 17_194, "test": 26_556}
    data: Any = SimpleNamespace(manifest=SimpleNamespace(users=24_717, impressions=counts))
    return write_report(runs, data, processes=2)


@pytest.mark.parametrize("width", [1280, 420])
def test_nothing_is_cut_or_overlaps(browser: Any, report: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(report.as_uri())
    assert faults(page) == []
    assert page.evaluate(CUT) == []
    text = page.inner_text("body")
    for needed in (
        "Test metrics (table 1)",
        "Differences to infnet",
        "Ablation (table 3)",
        "Sweeps (figure 4, section 4.2)",
        "Attention (figure 5)",
        "Costs (figure 6)",
        "Settings and validation looks",
        "model.variant: paper",
        "11.8 .. 103",
    ):
        assert needed in text
    smallest = page.evaluate(
        "() => Math.min(...[...document.querySelectorAll('td, th, small, p')]"
        ".map((node) => parseFloat(getComputedStyle(node).fontSize)))"
    )
    assert smallest >= 9
    # Five sweeps, the fields, five queries over the steps, two of times.
    drawn = page.locator("svg").all()
    assert len(drawn) == 5 + 1 + 5 + 2
    assert all(svg.bounding_box()["width"] >= 330 for svg in drawn)
    page.close()
