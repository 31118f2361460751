"""A search of so many trials, kept in a file: a killed one goes on where it was."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from infnet_keras.errors import ModelError
from infnet_keras.search.space import import_optuna
from infnet_keras.search.trial import Trial

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

_AT_RANDOM = 4  # trials before the sampler learns
_UNPRUNED = 3  # trials before the pruner compares
_INTERRUPTED, _NUMBER = "interrupted", "number"
_NAME = "search"


class Best(NamedTuple):
    """The values that a search found, their mean validation AUC, and the trial's number from 1."""

    values: dict[str, Any]
    mean_auc: float
    number: int


class Search:
    """Optuna's TPE over the values of one model, by mean validation AUC.

    A trial is pruned when an evaluation lies below the median of the earlier trials' at the same
    place. What a trial tries follows from the seed, its number and the trials that have ended, so
    a search by one process ends alike whether it was interrupted or not. A trial that a kill
    interrupted is tried anew, with the same values; it is counted once.

    Args:
        directory: the search's own; what it knows is in `trials.log`, a journal of Optuna's.
        space: key -> distribution, of `search_space`.
        trials: how many values are tried, the pruned and the diverged ones included.
        seed: of the sampler.

    Raises:
        InfnetError: Optuna is not installed.
        ModelError: the directory holds a search of another space.

    Example:
        >>> from optuna.distributions import IntDistribution
        >>> search = Search(tmp_path, {"model.dim": IntDistribution(8, 64)}, trials=3)
        >>> while (trial := search.ask()) is not None:
        ...     is_best = search.complete(trial, 0.7 + 1e-4 * trial.params["model.dim"])
        >>> best = search.best()
        >>> best.mean_auc == 0.7 + 1e-4 * best.values["model.dim"]
        True
    """

    def __init__(
        self, directory: Path, space: "Mapping[str, BaseDistribution]", trials: int, seed: int = 0
    ) -> None:
        optuna = self._optuna = import_optuna()
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        self._space = dict(space)
        self._trials = trials
        self._seed = seed
        directory.mkdir(parents=True, exist_ok=True)
        storage = JournalStorage(JournalFileBackend(str(directory / "trials.log")))
        pruner = optuna.pruners.MedianPruner(n_startup_trials=_UNPRUNED)
        if _NAME not in optuna.get_all_study_names(storage):
            optuna.create_study(storage=storage, study_name=_NAME, direction="maximize")
        self._study = optuna.load_study(study_name=_NAME, storage=storage, pruner=pruner)
        self._check_space(directory)
        self._resumed = False

    @property
    def left(self) -> int:
        """Trials that have not ended, those that are running included."""
        return max(self._trials - self._counted(ended=True), 0)

    @property
    def looks(self) -> int:
        """Values whose validation score was seen: trials that have ended, pruned ones too."""
        return self._counted(ended=True)

    @property
    def stopped_early(self) -> int:
        """Trials among them that were pruned, diverged or made no model."""
        states = self._optuna.trial.TrialState
        return len(self._in(states.PRUNED, states.FAIL))

    def ask(self) -> Any:
        """The next trial, with its `number` and `params`; None where all have begun.

        The first call takes over what a killed process left: no other one may be at work.
        """
        if not self._resumed:
            self._resume()
            self._resumed = True
        if self._counted(ended=False) >= self._trials:
            return None
        text = f"{self._seed}/{self._counted(ended=False)}"
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
        self._study.sampler = self._optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=_AT_RANDOM, constant_liar=True
        )
        return self._study.ask(self._space)

    def report(self, trial: Any, number: int, mean_auc: float) -> bool:
        """An evaluation within a trial, numbered from 1; whether to prune it."""
        trial.report(mean_auc, number)
        return bool(trial.should_prune())

    def complete(self, trial: Any, mean_auc: float) -> bool:
        """A trial came to its end; whether it is the best so far."""
        earlier = self._in(self._optuna.trial.TrialState.COMPLETE)
        self._study.tell(trial, mean_auc)
        return all(mean_auc > other.value for other in earlier)

    def pruned(self, trial: Any) -> None:
        """A trial was stopped, as `report` said."""
        self._study.tell(trial, state=self._optuna.trial.TrialState.PRUNED)

    def failed(self, trial: Any) -> None:
        """A trial's loss diverged, or its values make no model; it counts."""
        self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)

    def best(self) -> Best:
        """The best trial that came to its end.

        Raises:
            ModelError: none did.
        """
        complete = self._in(self._optuna.trial.TrialState.COMPLETE)
        if not complete:
            raise ModelError(
                f"none of the {self._trials} trials came to its end: look at the logs of the "
                "processes, and narrow what is searched"
            )
        best = max(complete, key=lambda trial: (trial.value, -trial.number))
        return Best(dict(best.params), float(best.value), self.number(best))

    def number(self, trial: Any) -> int:
        """A trial's number from 1; one that was interrupted keeps its own when it is tried anew."""
        own: int | None = trial.user_attrs.get(_NUMBER)
        if own is not None:
            return own
        number: int = trial.number
        earlier = self._study.get_trials(deepcopy=False)[:number]
        return number + 1 - sum(_NUMBER in other.user_attrs for other in earlier)

    def ended(self) -> list[Trial]:
        """The trials that have ended, by number."""
        states = self._optuna.trial.TrialState
        found = []
        for state in (states.COMPLETE, states.PRUNED, states.FAIL):
            for trial in self._in(state):
                seen = trial.intermediate_values
                last = seen[max(seen)] if seen else None
                mean_auc = last if trial.value is None else trial.value
                name: Any = {states.FAIL: "failed"}.get(state, state.name.lower())
                found.append(Trial(self.number(trial), trial.params, name, mean_auc, len(seen)))
        return sorted(found, key=lambda trial: trial.number)

    def _counted(self, ended: bool) -> int:
        states = self._optuna.trial.TrialState
        wanted = [states.COMPLETE, states.PRUNED, states.FAIL]
        return len(self._in(*wanted, *([] if ended else [states.RUNNING])))

    def _in(self, *states: Any) -> list[Any]:
        trials = self._study.get_trials(deepcopy=False, states=states)
        interrupted = self._study.user_attrs.get(_INTERRUPTED, [])
        return [trial for trial in trials if trial.number not in interrupted]

    def _check_space(self, directory: Path) -> None:
        spelt = {key: str(distribution) for key, distribution in sorted(self._space.items())}
        known = self._study.user_attrs.get("space")
        if known is None:
            self._study.set_user_attr("space", spelt)
        elif known != spelt:
            changed = sorted(k for k in {*known, *spelt} if known.get(k) != spelt.get(k))
            raise ModelError(
                f"{directory} holds a search of other values ({', '.join(changed)} differs): undo "
                "the change, or choose another directory"
            )

    def _resume(self) -> None:
        """Put what a killed process left unfinished back among what is to be tried."""
        states = self._optuna.trial.TrialState
        for trial in self._study.get_trials(deepcopy=False, states=(states.RUNNING,)):
            interrupted = self._study.user_attrs.get(_INTERRUPTED, [])
            self._study.set_user_attr(_INTERRUPTED, sorted({*interrupted, trial.number}))
            self._study.tell(trial.number, state=states.FAIL)
            self._study.enqueue_trial(trial.params, user_attrs={_NUMBER: self.number(trial)})
