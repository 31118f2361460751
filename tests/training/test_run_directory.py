import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from event_values import event_values

from infnet_keras.errors import ModelError
from infnet_keras.training.run_directory import RunDirectory, is_finished
from infnet_keras.training.training_state import Evaluation, TrainingState

SPEC = {"name": "tiny", "training": {"seed": 0, "epochs": 4}}
AUCS = [0.6, 0.55, 0.7, 0.65, 0.66, 0.72, 0.5, 0.5]  # two an epoch; the best is in the third


class Text:
    """Saves as a model does; its content says which step it is of."""

    def __init__(self, step: int) -> None:
        self.step = step

    def save(self, path: Path) -> None:
        path.write_text(f"model of step {self.step}")


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


@contextmanager
def killed_before(change: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every change to the file system from the given one on fails, also those of clean-up."""
    done = 0

    def guarded(function):
        def call(*arguments, **options):
            nonlocal done
            done += 1
            if done > change:
                raise Killed
            return function(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("replace", "unlink", "link", "rmdir", "mkdir", "fsync"):
            patch.setattr(os, name, guarded(getattr(os, name)))
        yield


def train(path: Path) -> TrainingState:
    """What the callbacks do with a run directory in four epochs of ten steps."""
    run = RunDirectory(path)
    state = run.start(SPEC, "data")
    if state.finished is not None:
        return state
    for epoch in range(state.epoch, 4):
        for half in range(2):
            step = 10 * epoch + 5 * (half + 1)
            auc = AUCS[2 * epoch + half]
            best = state.best
            evaluation = Evaluation(epoch + 1, step, 0.5, auc, {"click": auc}, {"click": None})
            state.evaluations.append(evaluation)
            run.append_history(evaluation)
            if best is None or auc > best.mean_auc:
                state.best_model = run.save_checkpoint(Text(step), step)
                run.publish_best(state)
        state.checkpoint = run.save_checkpoint(Text(step), step)
        state.epoch = epoch + 1
        run.commit(state)
    state.finished = "epochs"
    run.finish(state)
    return state


def check_whole(path: Path, state: TrainingState) -> None:
    """The files are those of the state, and there are no others."""
    history = (path / "history.jsonl").read_text().splitlines()
    assert len(history) == len(state.evaluations)
    steps = [step for step, _ in event_values(path / "tensorboard")]
    assert steps == [evaluation.step for evaluation in state.evaluations]
    if state.best is None:
        assert not (path / "model.keras").exists()
    else:
        assert (path / "model.keras").read_text() == f"model of step {state.best.step}"
    if state.checkpoint is not None:
        checkpoint = path / "checkpoints" / state.checkpoint
        assert checkpoint.read_text() == f"model of step {10 * state.epoch}"
    checkpoints = {p.name for p in path.glob("checkpoints/*")}
    assert checkpoints == {state.checkpoint, state.best_model} - {None}
    assert not list(path.glob("**/partial.*"))


def test_a_run_from_start_to_end(tmp_path: Path) -> None:
    state = train(tmp_path / "run")
    check_whole(tmp_path / "run", state)
    assert state.best is not None
    assert (state.best.epoch, state.best.step, state.waits) == (3, 30, 2)
    assert is_finished(tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoints").exists()
    assert train(tmp_path / "run") == state


def test_a_kill_at_any_change_loses_at_most_an_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = train(tmp_path / "whole")
    epochs = set()
    for change in range(1000):
        path = tmp_path / f"run{change}"
        try:
            with killed_before(change, monkeypatch):
                train(path)
            break
        except Killed:
            pass
        begun = (path / "history.jsonl").exists() and len(
            (path / "history.jsonl").read_text().splitlines()
        )
        state = RunDirectory(path).start(SPEC, "data")
        assert state.epoch >= begun // 2 - 1  # every epoch but the one it was in
        if state.finished is None:
            check_whole(path, state)
        epochs.add(state.epoch)
        assert train(path) == expected
        check_whole(path, expected)
    assert change > 40
    assert epochs == {0, 1, 2, 3, 4}


def test_a_killed_run_does_not_look_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Killed), killed_before(60, monkeypatch):
        train(tmp_path / "run")
    assert not is_finished(tmp_path / "run")


def test_a_failing_write_keeps_the_old_file(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "run")
    state = run.start(SPEC, "data")

    class Full(Text):
        def save(self, path: Path) -> None:
            super().save(path)
            raise OSError(28, "No space left on device")

    with pytest.raises(ModelError, match="No space left on device"):
        run.save_checkpoint(Full(10), 10)
    check_whole(tmp_path / "run", state)


def test_another_spec_or_data_is_refused_with_what_differs(tmp_path: Path) -> None:
    train(tmp_path / "run")
    other = {"name": "tiny", "training": {"seed": 7, "epochs": 4}}
    with pytest.raises(ModelError, match=r"training\.seed \(0 there, 7 here\).*--restart"):
        RunDirectory(tmp_path / "run").start(other, "data")
    with pytest.raises(ModelError, match="prepared data"):
        RunDirectory(tmp_path / "run").start(SPEC, "other data")


def test_restart_forgets_the_earlier_run(tmp_path: Path) -> None:
    train(tmp_path / "run")
    (tmp_path / "run" / "report.json").write_text("the user's own")
    state = RunDirectory(tmp_path / "run").start({"name": "other"}, "data", restart=True)
    assert state == TrainingState({"name": "other"}, "data")
    check_whole(tmp_path / "run", state)
    assert (tmp_path / "run" / "report.json").read_text() == "the user's own"


@pytest.mark.parametrize("restart", [False, True])
def test_a_directory_that_is_no_run_is_left_alone(tmp_path: Path, restart: bool) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "logo.svg").write_text("<svg/>")
    with pytest.raises(ModelError, match=r"not a run directory: it holds assets"):
        RunDirectory(tmp_path).start(SPEC, "data", restart)
    (tmp_path / "state.json").write_text('{"somebody": "else"}')
    with pytest.raises(ModelError, match=r"not the state of a run"):
        RunDirectory(tmp_path).start(SPEC, "data", restart)
    assert (tmp_path / "assets" / "logo.svg").read_text() == "<svg/>"


def test_a_missing_checkpoint_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Killed), killed_before(60, monkeypatch):
        train(tmp_path / "run")
    run = RunDirectory(tmp_path / "run")
    state = run.read()
    assert state is not None
    assert state.checkpoint is not None
    (run.checkpoints / state.checkpoint).unlink()
    with pytest.raises(ModelError, match=rf"{state.checkpoint} is missing.*--restart"):
        run.start(SPEC, "data")
