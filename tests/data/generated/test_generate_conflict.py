"""A conflict of tasks in a generated log: the truth beside it says how labels were drawn."""

import json
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from infnet_keras.cli import main
from infnet_keras.data import generate, prepare
from infnet_keras.errors import DataError
from infnet_keras.spec import load_spec, spec_from_dict

TASKS = {"click": "clicked", "like": "liked", "share": "shared", "buy": "bought"}


@pytest.fixture
def four_tasks(content):
    content["tasks"] = {task: {"label": label} for task, label in TASKS.items()}
    return content


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def truth_of(directory: Path):
    truth = pq.read_table(directory / "truth" / "impressions.parquet")
    log = pyarrow.csv.read_csv(directory / "log.csv")
    assert truth["user"].to_pylist() == log["user"].to_pylist()
    assert truth["item"].to_pylist() == log["item"].to_pylist()
    return log, truth


@pytest.mark.parametrize("name", ["minimal", "qb_video"])
def test_without_strength_the_log_is_the_same_to_the_byte(tmp_path, name) -> None:
    spec = load_spec(name)
    generate(spec, tmp_path / "none", users=60, events=3000, seed=1)
    made = generate(spec, tmp_path / "zero", users=60, events=3000, seed=1, conflict=0.0)
    assert made.truth == tmp_path / "zero" / "truth"
    zero = files(tmp_path / "zero")
    truth = {name: zero.pop(name) for name in list(zero) if name.startswith("truth")}
    assert zero == files(tmp_path / "none")
    assert len(truth) == 3
    table = pq.read_table(made.truth / "impressions.parquet")
    assert not any(table[f"conflict:{task}"].to_numpy().any() for task in spec.tasks)


def test_the_same_seed_gives_the_same_bytes(tmp_path, four_tasks) -> None:
    spec = spec_from_dict(four_tasks)
    for name, seed, strength in (("a", 1, 1.0), ("b", 1, 1.0), ("c", 2, 1.0), ("d", 1, 0.5)):
        generate(spec, tmp_path / name, users=50, events=2000, seed=seed, conflict=strength)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    for other in ("c", "d"):
        assert files(tmp_path / "a")["log.csv"] != files(tmp_path / other)["log.csv"]


@pytest.mark.parametrize(
    ("behaviour", "order"), [("view", "log"), ("click", "log"), ("click", "user")]
)
def test_the_part_is_what_the_log_itself_gives(tmp_path, four_tasks, behaviour, order) -> None:
    """Recomputed one impression at a time from the log, whose events a model sees too."""
    for other in {"view", "click"} - {behaviour}:
        del four_tasks["sequences"][other]
    four_tasks["sequences"][behaviour]["length"] = 4
    four_tasks["sources"]["log"]["time"] = {"row_order": order}
    spec = spec_from_dict(four_tasks)
    generate(spec, tmp_path / "raw", users=40, events=1500, seed=3, conflict=1.0)
    log, truth = truth_of(tmp_path / "raw")
    items = pq.read_table(tmp_path / "raw" / "truth" / "items.parquet").to_pydict()
    groups = dict(zip(items["item"], items["group"], strict=True))
    made = json.loads((tmp_path / "raw" / "truth" / "conflict.json").read_text())
    assert made["sequence"] == behaviour
    assert made["events"] == 4
    assert made["signs"] == {"click": 1, "like": -1, "share": 1, "buy": -1}
    history = defaultdict(list)
    expected = {task: [] for task in TASKS}
    empty = []
    for event in log.to_pylist():
        past, candidate = history[event["user"]][-4:], groups[event["item"]]
        empty.append(not past)
        for place, task in enumerate(TASKS):
            part = 0.0
            for sign, factor in ((1, 1.0), (-1, -made["opposition"])):
                relevance = made["relevance"][place // 2]
                sharpness = made["sharpness"] * sign * made["signs"][task]
                weights = [math.exp(sharpness * relevance[group]) for group in past]
                reading = sum(
                    w * made["affinity"][candidate][group]
                    for w, group in zip(weights, past, strict=True)
                )
                part += factor * reading / sum(weights) if past else 0.0
            expected[task].append(part)
        if behaviour == "view" or event["clicked"]:
            history[event["user"]].append(candidate)
    seen = ~np.array(empty)
    assert seen.sum() > 1000
    for task, part in expected.items():
        found = truth[f"conflict:{task}"].to_numpy()
        assert not found[~seen].any()
        scale, shift = np.polyfit(np.array(part)[seen], found[seen], 1)
        assert scale > 0
        np.testing.assert_allclose(found[seen], scale * np.array(part)[seen] + shift, atol=1e-9)


def test_opposite_tasks_disagree_and_labels_follow_the_truth(tmp_path, four_tasks) -> None:
    spec = spec_from_dict(four_tasks)
    generate(spec, tmp_path / "raw", users=600, events=30_000, seed=0, conflict=1.0)
    log, truth = truth_of(tmp_path / "raw")
    parts = np.stack([truth[f"conflict:{task}"].to_numpy() for task in TASKS])
    together = np.corrcoef(parts)
    assert together[0, 1] < -0.3
    assert together[2, 3] < -0.3
    assert np.abs(together[:2, 2:]).max() < 0.9  # the pairs read along other axes
    for task, label in TASKS.items():
        probabilities = truth[f"probability:{task}"].to_numpy()
        labels = log[label].to_numpy()
        for rows in np.array_split(np.argsort(probabilities), 10):
            mean = probabilities[rows].mean()
            error = np.sqrt(mean * (1 - mean) / len(rows))
            assert abs(labels[rows].mean() - mean) < 4 * error


def test_with_the_same_rest_opposite_probabilities_correlate_negatively(
    tmp_path, four_tasks
) -> None:
    spec = spec_from_dict(four_tasks)
    generate(spec, tmp_path / "raw", users=600, events=10_000, seed=0, conflict=1.0)
    _, truth = truth_of(tmp_path / "raw")

    def at_an_average_rest(task):
        """What the probability would be for this history, were all else as on average."""
        probability = truth[f"probability:{task}"].to_numpy()
        part = truth[f"conflict:{task}"].to_numpy()
        rest = np.log(probability / (1 - probability)) - part
        return 1 / (1 + np.exp(-rest.mean() - part))

    for one, other in (("click", "like"), ("share", "buy")):
        assert np.corrcoef(at_an_average_rest(one), at_an_average_rest(other))[0, 1] < -0.1


@pytest.mark.parametrize("behaviours", [("view", "click"), ("click",)])
def test_strength_makes_labels_surer_and_no_more_frequent(tmp_path, four_tasks, behaviours) -> None:
    four_tasks["sequences"] = {name: four_tasks["sequences"][name] for name in behaviours}
    spec = spec_from_dict(four_tasks)
    rates, aucs = [], []
    for strength in (0.0, 0.5, 1.0, 2.0):
        directory = tmp_path / str(strength)
        generate(spec, directory, users=600, events=30_000, seed=0, conflict=strength)
        log, truth = truth_of(directory)
        labels = [log[label].to_numpy() for label in TASKS.values()]
        truths = [truth[f"probability:{task}"].to_numpy() for task in TASKS]
        rates.append([values.mean() for values in labels])
        pairs = zip(labels, truths, strict=True)
        aucs.append(np.mean([roc_auc_score(values, chances) for values, chances in pairs]))
    np.testing.assert_allclose(rates[1:3], [rates[0]] * 2, rtol=0.15)
    assert aucs[0] + 0.002 < aucs[1]
    assert aucs[1] + 0.01 < aucs[2]
    assert aucs[2] + 0.02 < aucs[3]


def test_rows_outside_a_mask_have_no_probability(tmp_path) -> None:
    generate(load_spec("minimal"), tmp_path / "raw", users=50, events=2000, seed=0, conflict=1.0)
    truth = pq.read_table(tmp_path / "raw" / "truth" / "impressions.parquet")
    log = pyarrow.csv.read_csv(tmp_path / "raw" / "events.csv")
    clicked = log["clicked"].to_numpy() == 1
    assert np.array_equal(np.isnan(truth["probability:buy"].to_numpy()), ~clicked)
    assert truth["probability:click"].null_count == 0


def test_prepare_reads_the_log_alone(tmp_path, four_tasks) -> None:
    four_tasks["sources"]["log"]["files"] = "*"
    spec = spec_from_dict(four_tasks)
    made = generate(spec, tmp_path / "raw", users=50, events=2000, seed=0, conflict=1.0)
    manifest = prepare(spec, tmp_path / "raw", tmp_path / "out", made.valid_from, made.test_from)
    assert manifest.rows_read == 2000


def test_a_source_that_would_read_the_truth_is_refused(tmp_path, four_tasks) -> None:
    four_tasks["sources"]["log"]["files"] = "**/*.parquet"
    spec = spec_from_dict(four_tasks)
    with pytest.raises(DataError, match=r"source 'log' would read truth/impressions.parquet"):
        generate(spec, tmp_path / "raw", users=5, events=100, seed=0, conflict=1.0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "sequence",
    [
        {"when": "clicked == 0"},
        {"when": "clicked == 1 and liked == 1"},
        {"when": "clicked == 1", "until": "day"},
        {"when": "bought == 1"},
    ],
)
def test_some_sequence_must_show_what_tasks_disagree_about(tmp_path, four_tasks, sequence) -> None:
    four_tasks["tasks"]["buy"]["mask"] = "clicked == 1"
    four_tasks["sequences"] = {"only": {"length": 5, "attributes": {"item": "item"}, **sequence}}
    spec = spec_from_dict(four_tasks)
    with pytest.raises(DataError, match="no sequence whose events tasks could disagree about"):
        generate(spec, tmp_path / "raw", users=5, events=100, seed=0, conflict=0.5)
    generate(spec, tmp_path / "raw", users=5, events=100, seed=0, conflict=0.0)


@pytest.mark.parametrize("strength", ["-0.1", "nan", "inf"])
def test_the_command_refuses_other_strengths(tmp_path, capsys, strength) -> None:
    command = ["data", "generate", "--spec", "minimal", "--out", str(tmp_path / "raw")]
    command += ["--users", "5", "--events", "100", f"--conflict={strength}"]
    assert main(command) == 2
    assert capsys.readouterr().err == (
        f"error: the strength of a conflict is a finite number from 0, not {float(strength)}\n"
    )
    assert not (tmp_path / "raw").exists()


def test_the_command_writes_the_truth(tmp_path, capsys) -> None:
    command = ["data", "generate", "--spec", "minimal", "--out", str(tmp_path / "raw")]
    command += ["--users", "5", "--events", "100"]
    assert main([*command, "--conflict", "1"]) == 0
    assert f"truth in {tmp_path / 'raw' / 'truth'}" in capsys.readouterr().out
    assert (tmp_path / "raw" / "truth" / "conflict.json").is_file()
