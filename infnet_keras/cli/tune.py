"""`infnet tune`."""

import argparse
import shlex
from pathlib import Path
from typing import Any

from infnet_keras.cli.backend import add_backend, start_backend
from infnet_keras.cli.process_arguments import add_processes
from infnet_keras.cli.spec_arguments import add_set, add_spec, resolved_spec
from infnet_keras.progress import Progress


def add_parser(groups: Any) -> None:
    """Add `tune`."""
    parser = groups.add_parser(
        "tune",
        help="search values of a spec, and write the best spec",
        description="Train with other values of what the spec's `tuning` block searches, trial by "
        "trial; choose by the mean AUC of the validation part alone. The same command continues a "
        "search that was interrupted and repeats no finished trial.",
    )
    add_spec(parser)
    add_set(parser)
    parser.add_argument("--data", required=True, type=Path, help="directory of prepared data")
    parser.add_argument(
        "--out", required=True, type=Path, help="directory of the search: best_spec.yaml, trials"
    )
    parser.add_argument(
        "--trials", type=int, metavar="N", help="how many are tried (default: tuning.trials)"
    )
    add_backend(parser)
    add_processes(
        parser, "trials side by side at most (default: 1, which can be repeated exactly)", default=1
    )
    parser.set_defaults(command=_tune)


def _tune(arguments: argparse.Namespace) -> None:
    spec = resolved_spec(arguments.spec, arguments.set)
    progress = Progress.on_stderr()
    start_backend(arguments.backend, progress)
    with progress.phase("loading the code"):
        import keras

        from infnet_keras.search.trial import spelt
        from infnet_keras.tuning.tune import tune

    tuned = tune(
        spec,
        arguments.data,
        arguments.out,
        trials=arguments.trials,
        processes=arguments.processes,
        memory=arguments.memory,
        progress=progress,
    )
    best, ended = tuned.best, [trial.ended for trial in tuned.trials]
    failed = f", {ended.count('failed')} failed" if "failed" in ended else ""
    print(
        f"{tuned.path}: best mean validation AUC {best.mean_auc:.4f} in trial {best.number} of "
        f"{len(ended)} ({ended.count('pruned')} stopped early{failed}): {spelt(best.values)}"
    )
    places = {"--spec": tuned.path, "--data": arguments.data, "--run": arguments.out / "best_run"}
    given = " ".join(f"{name} {shlex.quote(str(path))}" for name, path in places.items())
    print(f"infnet train {given} --backend {keras.backend.backend()}")
