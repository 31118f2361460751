"""Logs generated and prepared with the command line, shared by its tests."""

from pathlib import Path

import pytest

from infnet_keras.cli import main


@pytest.fixture(scope="session")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated raw logs of the shipped spec `minimal`."""
    raw = tmp_path_factory.mktemp("generated") / "raw"
    generate = f"data generate --spec minimal --out {raw} --users 30 --events 1200 --seed 1"
    assert main(generate.split()) == 0
    return raw


@pytest.fixture(scope="session")
def data(logs: Path) -> Path:
    """The logs, prepared; the last tenth each is for validation and test."""
    out = logs.parent / "data"
    days = sorted({_day(line) for line in (logs / "events.csv").read_text().splitlines()[1:]})
    valid, test = days[int(0.8 * len(days))], days[int(0.9 * len(days))]
    prepare = f"data prepare --spec minimal --raw {logs} --out {out}"
    assert main([*prepare.split(), "--valid-from", valid, "--test-from", test]) == 0
    return out


def _day(line: str) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(line.split(",")[2]), UTC).date().isoformat()
