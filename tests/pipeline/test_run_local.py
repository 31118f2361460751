"""One pipeline, killed, resumed, run again, and held to a gate that it cannot pass."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from small_pipeline import (
    environment,
    run_local,
    run_local_command,
    small_log,
    spec_of,
)

from infnet_keras.export import predict
from infnet_keras.spec import dump_spec, load_spec

STEPS = [
    "ExampleGen",
    "SchemaGen",
    "StatisticsGen",
    "ExampleValidator",
    "Transform",
    "Trainer",
    "Evaluator",
    "InfraValidator",
    "Pusher",
]
SPEC = spec_of("mmoe")
FINISHED_BEFORE_THE_KILL = STEPS[:3]
# No model passes it.
GATE = "evaluation.gates={click: {auc: {at_least: 0.999}}}"


class Session(NamedTuple):
    """A root in which a killed run was resumed."""

    spec: Path
    data: Path
    root: Path
    killed: list[str]
    resumed: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    directory = tmp_path_factory.mktemp("pipeline")
    spec = directory / "spec.yaml"
    spec.write_text(dump_spec(SPEC), "utf-8")
    data, root = small_log(directory / "raw"), directory / "run"
    command = run_local_command(spec, data, root)
    lines = []
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        for line in run.stdout:
            lines.append(line.strip())
            if line.startswith(FINISHED_BEFORE_THE_KILL[-1]):
                run.send_signal(signal.SIGKILL)
                break
    return Session(spec, data, root, lines, run_local(spec, data, root))


def states(output: str) -> dict[str, str]:
    """Step -> done or cached."""
    lines = [line.split() for line in output.splitlines()]
    return {line[0]: line[4] for line in lines if line and line[0] in (*STEPS, "Tuner")}


def test_a_killed_run_is_resumed(session: Session) -> None:
    assert states("\n".join(session.killed)) == dict.fromkeys(FINISHED_BEFORE_THE_KILL, "done")
    assert session.resumed.returncode == 0, session.resumed.stdout
    assert states(session.resumed.stdout) == {
        step: "cached" if step in FINISHED_BEFORE_THE_KILL else "done" for step in STEPS
    }


def test_the_pushed_model_predicts(session: Session) -> None:
    last = session.resumed.stdout.splitlines()[-1]
    version = Path(last.removeprefix("blessed: "))
    serving = session.root / "serving_model" / SPEC.name
    assert version.parent == serving
    request = json.loads((version / "assets.extra" / "example_request.json").read_text())
    answer = predict(serving, request)
    (probabilities,) = answer.values()
    assert probabilities


def test_a_second_run_is_cached(session: Session) -> None:
    again = run_local(session.spec, session.data, session.root)
    assert again.returncode == 0
    assert states(again.stdout) == dict.fromkeys(STEPS, "cached")
    assert again.stdout.splitlines()[-1] == session.resumed.stdout.splitlines()[-1]


def test_not_blessed(session: Session) -> None:
    refused = run_local(session.spec, session.data, session.root, "--set", GATE)
    assert refused.returncode == 1
    expected = dict.fromkeys(STEPS, "cached") | {"Evaluator": "done", "Pusher": "done"}
    assert states(refused.stdout) == expected
    last = refused.stdout.splitlines()[-1]
    assert last.startswith("not blessed: auc of click is 0.")
    assert "at least 0.999 is asked" in last
    assert Path(last.partition("the model lies in ")[2], "saved_model.pb").exists()
    versions = list((session.root / "serving_model" / SPEC.name).iterdir())
    assert len(versions) == 1


@pytest.mark.long
def test_the_tuner_chooses_what_the_trainer_trains(session: Session) -> None:
    rates = [0.01, 0.03]
    search = f"tuning={{trials: 2, search: {{training.learning_rate: {{choices: {rates}}}}}}}"
    options = ("--tune", "--set", search, "--set", GATE, "--allow-unblessed")
    tuned = run_local(session.spec, session.data, session.root, *options)
    assert tuned.returncode == 0, tuned.stdout
    assert tuned.stdout.splitlines()[-1].startswith("not blessed: auc of click is 0.")
    steps = [*STEPS[:5], "Tuner", *STEPS[5:]]
    expected = {s: "cached" if s in STEPS[:5] else "done" for s in steps}
    assert states(tuned.stdout) == expected
    runs = session.root / "artifacts" / "Trainer" / "model_run"
    trained = load_spec(max(runs.iterdir(), key=lambda run: int(run.name)) / "run" / "spec.yaml")
    assert trained.training.learning_rate in rates
    assert SPEC.training.learning_rate not in rates


def test_a_mistake_is_one_sentence(session: Session, tmp_path: Path) -> None:
    failed = run_local(session.spec, tmp_path / "nowhere", tmp_path / "run")
    assert failed.returncode == 2
    assert "Traceback" not in failed.stdout + failed.stderr
    last = failed.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert "nowhere" in last


def test_a_root_is_on_this_machine(tmp_path: Path) -> None:
    command = run_local_command(Path("minimal"), tmp_path, tmp_path)
    assert command[-2] == "--root"
    command[-1] = "gs://bucket/run"
    failed = subprocess.run(
        command, env=environment(), capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert failed.returncode == 2
    assert failed.stderr.startswith("error: --root gs://bucket/run is not on this machine")
    assert not list(tmp_path.iterdir())
