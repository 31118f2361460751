"""What runs needed of memory, as far as runs have ended."""

from pathlib import Path

from infnet_keras.runs.run_files import RunFiles


def needed_memory(runs: Path) -> dict[str, int]:
    """The least that a run of each kind needed.

    Args:
        runs: the directory of all runs.

    Returns:
        Kind of run -> bytes.
    """
    found: dict[str, int] = {}
    for path in runs.iterdir():
        if (path / "validation.json").exists():
            run = RunFiles.at(path)
            kind, peak = run.configuration.kind, (run.validation or {})["peak_bytes"]
            found[kind] = min(found.get(kind, peak), peak)
    return found
