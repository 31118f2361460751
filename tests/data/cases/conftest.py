"""Prepares one small log of a case."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from small_logs import Content, Outcome, Prepare, columns_of_log, csv_text, prepared_case


@pytest.fixture
def prepare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Prepare:
    """Prepares files by a spec: those given, or `log.csv` with the columns given.

    A second call replaces the files and the data of the first.
    """

    def run(spec: Content, files: Mapping[str, Any] | None = None, **changed: Any) -> Outcome:
        def said() -> str:
            captured = capsys.readouterr()
            return captured.out + captured.err

        written = files or {"log.csv": csv_text(columns_of_log(**changed))}
        return prepared_case(tmp_path, said, spec, written)

    return run
