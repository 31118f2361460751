"""`infnet study`."""

import argparse
from pathlib import Path
from typing import Any

from infnet_keras.cli.backend import BACKENDS
from infnet_keras.cli.process_arguments import add_processes
from infnet_keras.cli.spec_arguments import replacement_values
from infnet_keras.errors import InfnetError
from infnet_keras.progress import Progress


def add_parser(groups: Any) -> None:
    """Add `study`."""
    parser = groups.add_parser(
        "study",
        help="train many models under one budget, and write the paper's tables and figures",
        description="Carry out a study: search settings on validation, train every row with every "
        "seed, score the test once, time inference, write tables and a report. The same command "
        "continues a study that was interrupted and repeats no finished run.",
    )
    parser.add_argument("study", help="a YAML file, or the name of a shipped study (demo, ...)")
    parser.add_argument("--data", required=True, type=Path, help="directory of prepared data")
    parser.add_argument("--out", required=True, type=Path, help="directory of the study")
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and what is done already"
    )
    add_processes(
        parser, "runs side by side at most (default: one per core; 1 with an NVIDIA device)"
    )
    parser.add_argument(
        "--only", nargs="+", metavar="ROW", help="rows of the study to carry out and report"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a value of the spec for every row, such as training.epochs=1; repeatable",
    )
    parser.add_argument("--trials", type=int, help="the budget of every tuned row; 0 tunes none")
    parser.add_argument("--backend", choices=BACKENDS, help="of Keras, instead of the study's")
    parser.set_defaults(command=_study)


def _study(arguments: argparse.Namespace) -> None:
    progress = Progress.on_stderr()
    with progress.phase("loading the code"):
        from infnet_keras.data.prepared.prepared_data import PreparedData
        from infnet_keras.files.run_lock import run_lock
        from infnet_keras.runs.processes.memory import available
        from infnet_keras.runs.processes.schedule import Schedule, checked_memory, worker_command
        from infnet_keras.study.loading import load_study
        from infnet_keras.study.plan import plan_text
        from infnet_keras.study.report import write_report
        from infnet_keras.study.requirements import check_installed
        from infnet_keras.study.run_study import StudyRuns, run_study
        from infnet_keras.study.study_directory import StudyDirectory
        from infnet_keras.training.check_data import check_data

    changes: dict[str, Any] = {"set": replacement_values(arguments.set)}
    if arguments.trials is not None:
        changes["tuning"] = {"trials": arguments.trials}
    if arguments.backend is not None:
        changes["backend"] = arguments.backend
    study = load_study(arguments.study, changes)
    data = PreparedData.open(arguments.data)
    directory = StudyDirectory(arguments.out)
    runs = StudyRuns(study, data.digest, directory, arguments.only)
    processes = _processes(arguments.processes)
    if arguments.dry_run:
        print(plan_text(runs, processes))
        return
    memory = checked_memory(arguments.memory, available())

    def start(needed: dict[str, int]) -> Schedule:
        command = worker_command(arguments.data.resolve(), study.file.backend)
        return Schedule(command, processes, memory, directory.logs, progress, needed)

    check_installed(runs)
    check_data(study.spec, data)
    directory.begin()
    with run_lock(directory.path):
        directory.note(study.file)
        failures = run_study(runs, start, progress)
        with progress.phase("writing the report"):
            report = write_report(runs, data, processes)
    print(report)
    if failures:
        first = "; ".join(f"{label}: {why}" for label, why in list(failures.items())[:3])
        raise InfnetError(
            f"{len(failures)} runs failed, and are not in the report ({first}); the same command "
            "tries them again"
        )


def _processes(given: int | None) -> int:
    from infnet_keras.runs.processes.memory import usable_cores
    from infnet_keras.runs.processes.schedule import checked_processes

    if given is None:
        return 1 if Path("/dev/nvidia0").exists() else len(usable_cores())
    return checked_processes(given)
