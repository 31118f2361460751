"""What a study would do, and what is done already: `--dry-run`."""

from collections.abc import Iterable
from pathlib import Path

from infnet_keras.runs.run_files import RunFiles
from infnet_keras.runs.settled import Settings
from infnet_keras.study.rows import Variant
from infnet_keras.study.run_study import StudyRuns


def plan_text(runs: StudyRuns, processes: int) -> str:
    """Rows, trials, runs and validation looks, and how long what is left may take.

    Args:
        runs: of the study.
        processes: side by side.

    Returns:
        Lines joined by newlines.
    """
    file = runs.study.file
    lines = [
        f"{file.name}: spec {runs.study.spec.name}, backend {file.backend}, "
        f"seeds {', '.join(map(str, file.seeds))}"
    ]
    width = max(len(name) for name in runs.names)
    trials_left = 0
    variants = runs.rows.variants(runs.names)
    settled: dict[str, RunFiles] = {}
    unknown = 0
    for name in runs.names:
        row_search = runs.searches[name]
        budget = file.tuning.trials if row_search.description is not None else 0
        settings = runs.settings(name)
        left = budget if settings is None else 0
        if settings is None and row_search.has_begun:
            left = row_search.search.left
        trials_left += left
        own = [v for v in variants if v.row == name]
        count = len(_by_identity(runs, own))
        if settings is None and budget:
            unknown += count
        else:
            settled |= _by_identity(runs, own)
        before = file.models[name].looks_before
        lines.append(
            f"  {name:{width}}  {file.type_of(name)}: {budget} trials ({left} left), "
            f"{count} runs, validation looks {budget + before} ({before} earlier)"
        )
    waiting = [run for run in settled.values() if run.result is None]
    seconds = _seconds(runs.directory.runs.glob("*/"))
    lines.append(
        f"{trials_left} trials and {len(waiting) + unknown} runs to do, "
        f"{len(settled) - len(waiting)} runs done"
    )
    todo = trials_left + len(waiting) + unknown
    if seconds and todo:
        expected = todo * seconds / processes
        lines.append(
            f"about {expected / 60:.0f} min, at {seconds:.0f} s a run as measured here and "
            f"{processes} processes"
        )
    return "\n".join(lines)


def _by_identity(runs: StudyRuns, variants: list[Variant]) -> dict[str, RunFiles]:
    own = Settings({})  # of a row that is not tuned
    found = [r for v in variants for r in runs.runs_of(v, runs.settings(v.row) or own)]
    return {run.configuration.identity: run for run in found}


def _seconds(paths: Iterable[Path]) -> float | None:
    """The mean of the runs that have ended here."""
    known = [RunFiles.at(path).validation for path in paths]
    found = [run["seconds"] for run in known if run is not None]
    return sum(found) / len(found) if found else None
