"""Where a search for a spec's values keeps what it has."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infnet_keras.errors import ModelError
from infnet_keras.files.run_lock import LOCK
from infnet_keras.files.whole_file import UNFINISHED, write_whole
from infnet_keras.files.write_csv import write_csv
from infnet_keras.runs.configuration import Configuration
from infnet_keras.runs.own_directory import make_own
from infnet_keras.runs.run_files import RunFiles, read_json, write_json
from infnet_keras.search.trial import Trial
from infnet_keras.spec import FeatureSpec, dump_spec
from infnet_keras.spec.value_differences import value_differences

_MARK = "tuning.json"


class TuningDirectory:
    """The directory of `infnet tune`.

    - `tuning.json`: what is searched, from which spec, on which data.
    - `best_spec.yaml`, `trials.csv`: what came of it, once all trials have ended.
    - `search/`: the trials' journal; `runs/`: a directory a trial; `logs/`.

    Args:
        path: the directory; made when the search begins.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.runs = path / "runs"
        self.logs = path / "logs"
        self.search = path / "search"
        self.best_spec = path / "best_spec.yaml"
        self.trials = path / "trials.csv"

    def begin(self) -> None:
        """Make the directory, if need be.

        Raises:
            ModelError: it holds something else, or cannot be made.
        """
        make_own(
            self.path,
            "search",
            _MARK,
            (LOCK, self.runs.name, self.logs.name, UNFINISHED + _MARK),
            (self.runs, self.logs),
        )

    def note(self, description: Mapping[str, Any]) -> None:
        """Write down what is searched, or make sure that it is what was searched here before.

        Raises:
            ModelError: it is another search, of another spec or other data.
        """
        known = read_json(self.path / _MARK)
        if known is None:
            write_json(self.path / _MARK, description)
            return
        changed = list(value_differences(known, description))
        if changed:
            more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
            raise ModelError(
                f"{self.path} holds a search that differs from this one in "
                f"{'; '.join(changed[:5])}{more}; choose another --out, or undo the change"
            )

    def keep_model_of(self, kept: Configuration) -> None:
        """Remove the models of all other trials that have come to their end."""
        for path in self.runs.iterdir():
            ended = (path / "validation.json").exists() and (path / "training").exists()
            if ended and path.name != kept.identity:
                RunFiles.at(path).forget_model()

    def write(self, best: FeatureSpec, trials: list[Trial]) -> None:
        """Write what came of the search.

        Raises:
            ModelError: it cannot be written.
        """
        keys = list(trials[0].values)
        lines = (
            [t.number, t.ended, t.mean_auc, t.evaluations, *map(t.values.get, keys)] for t in trials
        )
        heading = ["trial", "ended", "mean_auc", "evaluations", *keys]
        text = dump_spec(best)
        try:
            write_csv(self.trials, heading, lines)
            write_whole(self.best_spec, lambda partial: partial.write_text(text, "utf-8"))
        except OSError as error:
            raise ModelError(
                f"cannot write into {self.path}: {error.strerror or error}; the trials are kept: "
                "the same command writes it once this is mended"
            ) from error
