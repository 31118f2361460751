"""The files of one training run, each replaced as a whole: a kill never leaves half a state."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infnet_keras.errors import ModelError
from infnet_keras.files.run_lock import LOCK, run_lock
from infnet_keras.files.whole_file import UNFINISHED, write_whole
from infnet_keras.spec.value_differences import value_differences
from infnet_keras.training.tracking.event_file import EventFile
from infnet_keras.training.training_state import Evaluation, TrainingState, is_of_version_1

TRACKED = "tracked.json"
"""Which run of an experiment tracker this one is, see `Tracker`."""

_EVENTS = "tensorboard"
_OWN_FILES = (
    "model.keras",
    "history.jsonl",
    "environment.json",
    "warm_start.json",
    "spec.yaml",
    TRACKED,
)


class RunDirectory:
    """One run on disk.

    - `spec.yaml`, `assets/`, `environment.json`: what was trained, on what, with what.
    - `model.keras`: the best model so far by mean validation AUC, complete in itself.
    - `warm_start.json`: of a run that began with another one's model: what was kept of it.
    - `history.jsonl`: one line an evaluation; `tensorboard/`: the same as an event file.
    - `state.json`: the commit point. It names the checkpoint to continue from and the best model;
      written after both, by rename. Only its `finished` says that a run is complete.
    - `checkpoints/`: what `state.json` names; gone once the run is finished.
    - `lock`: held by the process that trains here, whom it names.

    Args:
        path: the directory; created when the run starts.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoints = path / "checkpoints"
        self._events = EventFile(path / _EVENTS)
        self._committed: set[str | None] = set()

    @property
    def model_path(self) -> Path:
        """The best model so far."""
        return self.path / "model.keras"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the directory, made if need be, to this process until the block ends.

        Raises:
            ModelError: another process trains there, or the directory holds something else.
        """
        if not (self.path / "state.json").exists():
            self._refuse_other_directory()
        with _failure_explained(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        with run_lock(self.path):
            yield

    def start(
        self,
        spec: Mapping[str, Any],
        data: str,
        restart: bool = False,
        warm_start: str | None = None,
    ) -> TrainingState:
        """The state to continue from: the last committed one, or a new one.

        Brings every other file back to that state: what an interrupted epoch left is removed.

        Args:
            spec: the resolved spec, as JSON data.
            data: digest of the prepared data.
            restart: forget an earlier run of this directory.
            warm_start: directory of the run whose model this one begins with; None: with none.

        Raises:
            ModelError: the directory holds something else than a run, or a run of another spec,
                other data or another warm start.
        """
        if restart and self._is_of_version_1():
            self._remove()
        state = self.read()
        if state is None:
            self._refuse_other_directory()
        elif restart:
            self._remove()
            state = None
        if state is None:
            state = TrainingState(spec=dict(spec), data=data, warm_start=warm_start)
            with _failure_explained(self.path):
                self.checkpoints.mkdir(parents=True, exist_ok=True)
            self.commit(state)
        else:
            self._check_same(state, spec, data, warm_start)
            self._committed = {state.checkpoint, state.best_model}
        self._restore(state)
        return state

    def read(self) -> TrainingState | None:
        """The last committed state; None where no run was started.

        Raises:
            ModelError: there is one that cannot be read.
        """
        path = self.path / "state.json"
        if not path.exists():
            return None
        if self._is_of_version_1():
            raise ModelError(
                f"{self.path} was written by infnet-keras 0.1, whose models this version cannot "
                "read: train again, with --restart or into another --run"
            )
        try:
            return TrainingState.from_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ModelError(
                f"{path} is not the state of a run ({error}); choose another --run, or remove this "
                "directory"
            ) from error

    def has_begun(self) -> bool:
        """Whether there is something to continue from."""
        state = self.read()
        return state is not None and (state.checkpoint is not None or state.finished is not None)

    def save_checkpoint(self, model: Any, step: int) -> str:
        """Save the model and its optimiser, unless this step's are there already.

        Returns:
            The file's name in `checkpoints/`.
        """
        name = self.checkpoint_name(step)
        if not (self.checkpoints / name).exists():
            replace_file(self.checkpoints / name, lambda partial: model.save(partial))
        return name

    def checkpoint_name(self, step: int) -> str:
        """What the checkpoint of a step is called."""
        return f"step-{step:09d}.keras"

    def publish_best(self, state: TrainingState) -> None:
        """Make `model.keras` the state's best model and drop the bests that it overtook."""
        assert state.best_model is not None
        source = self.checkpoints / state.best_model
        replace_file(self.model_path, lambda partial: _link(source, partial))
        self._prune(state)

    def append_history(self, evaluation: Evaluation) -> None:
        """Add an evaluation to `history.jsonl` and to the event file."""
        path = self.path / "history.jsonl"
        with _failure_explained(path), path.open("a", encoding="utf-8") as file:
            file.write(_line(evaluation))
        with _failure_explained(self.path / _EVENTS):
            self._events.append(evaluation)

    def write(self, name: str, text: str) -> None:
        """Write one text file of the run."""
        replace_file(self.path / name, lambda partial: partial.write_text(text, encoding="utf-8"))

    def commit(self, state: TrainingState) -> None:
        """Make this the state that a rerun continues from; its files must be there."""
        self.write("state.json", state.to_json())
        self._committed = {state.checkpoint, state.best_model}
        self._prune(state)

    def finish(self, state: TrainingState) -> None:
        """Commit a finished state; nothing will be continued, so the checkpoints go."""
        state.checkpoint = state.best_model = None
        self.commit(state)
        shutil.rmtree(self.checkpoints, ignore_errors=True)

    def _is_of_version_1(self) -> bool:
        path = self.path / "state.json"
        return path.exists() and is_of_version_1(path.read_text(encoding="utf-8"))

    def _refuse_other_directory(self) -> None:
        if not self.path.exists():
            return
        if not self.path.is_dir():
            raise ModelError(f"{self.path} is a file; give --run a directory")
        # Killed as it began, or about to begin.
        started = {self.checkpoints.name, UNFINISHED + "state.json", LOCK}
        strangers = sorted(e.name for e in self.path.iterdir() if e.name not in started)
        if strangers:
            raise ModelError(
                f"{self.path} is not a run directory: it holds {', '.join(strangers[:3])}; give "
                "--run a new or an empty directory"
            )

    def _check_same(
        self, state: TrainingState, spec: Mapping[str, Any], data: str, warm_start: str | None
    ) -> None:
        changed = list(value_differences(state.spec, spec))
        if state.data != data:
            changed.append("the prepared data (another manifest)")
        if state.warm_start != warm_start:
            there, here = state.warm_start or "none", warm_start or "none"
            changed.append(f"the run that it is warmed from ({there} there, {here} here)")
        if changed:
            more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
            raise ModelError(
                f"{self.path} holds a run that differs from this one in {'; '.join(changed[:5])}"
                f"{more}; choose another --run, undo the change, or begin again with --restart"
            )

    def _restore(self, state: TrainingState) -> None:
        for name in (state.checkpoint, state.best_model):
            if name is not None and not (self.checkpoints / name).exists():
                raise ModelError(
                    f"{self.checkpoints / name} is missing, so the run cannot be continued; begin "
                    "again with --restart"
                )
        for partial in self.path.glob(f"{UNFINISHED}*"):
            partial.unlink()
        if state.finished is not None:
            shutil.rmtree(self.checkpoints, ignore_errors=True)
            if not self.model_path.exists():
                raise ModelError(
                    f"{self.path} holds a finished run whose model.keras is gone; begin again "
                    "with --restart"
                )
            return
        if state.best_model is not None:
            self.publish_best(state)
        else:
            self.model_path.unlink(missing_ok=True)
        self._prune(state)
        self.write("history.jsonl", "".join(map(_line, state.evaluations)))
        with _failure_explained(self.path / _EVENTS):
            self._events.begin(state.evaluations)

    def _prune(self, state: TrainingState) -> None:
        """Remove checkpoints that neither the committed state nor this one names."""
        named = {state.checkpoint, state.best_model} | self._committed
        for path in self.checkpoints.glob("*"):
            if path.name not in named:
                path.unlink()

    def _remove(self) -> None:
        for name in ("assets", _EVENTS, self.checkpoints.name):
            shutil.rmtree(self.path / name, ignore_errors=True)
        # The state goes last: as long as it is there, the directory is known to be a run.
        for name in (*_OWN_FILES, "state.json"):
            (self.path / name).unlink(missing_ok=True)


def is_finished(path: Path) -> bool:
    """Whether a run directory's run has come to its end."""
    state = RunDirectory(path).read()
    return state is not None and state.finished is not None


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place and move it there when it is complete and on disk.

    Raises:
        ModelError: it cannot be written (a full disk, ...); the file at `path` is as before.
    """
    with _failure_explained(path):
        write_whole(path, write)


@contextmanager
def _failure_explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"cannot write {path}: {error.strerror or error}; what the run had committed is kept, "
            "so the same command continues from there once this is mended"
        ) from error


def _line(evaluation: Evaluation) -> str:
    return json.dumps(evaluation._asdict()) + "\n"


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)
