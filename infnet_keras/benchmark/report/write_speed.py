"""The figures as CSV, JSON and SVG, with where they come from."""

import csv
import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from infnet_keras.benchmark.measured import Measured
from infnet_keras.benchmark.report.speed_figure import speed_figure
from infnet_keras.benchmark.shapes import rows_of, spec_of
from infnet_keras.files.whole_file import write_whole

_SIZES = ("shape", "width", "batch", "blocks", "precision")


def write_speed(
    groups: Sequence[Sequence[Measured]], conditions: dict[str, Any], directory: Path
) -> None:
    """Write `speed.csv`, `speed.json` and `speed.svg`.

    Args:
        groups: what `SpeedRun.at` and `SpeedRun.over` gave.
        conditions: command, versions and hardware, as JSON data.
        directory: is made if need be.

    Raises:
        OSError: something cannot be written.
        InfnetError: matplotlib is not installed.
    """
    rows = [_row(measured) for group in groups for measured in group]
    figure = speed_figure(groups)
    directory.mkdir(parents=True, exist_ok=True)
    table = StringIO()
    writer = csv.DictWriter(table, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _write(directory / "speed.csv", table.getvalue())
    _write(directory / "speed.json", json.dumps({**conditions, "rows": rows}, indent=1) + "\n")
    write_whole(directory / "speed.svg", lambda path: figure.savefig(path, format="svg"))


def _row(measured: Measured) -> dict[str, Any]:
    setting, spec = measured.setting, spec_of(measured.setting)
    return {
        "factor": measured.factor,
        **{name: getattr(setting, name) for name in _SIZES},
        "fields": len(spec.fields),
        "sequences": len(spec.sequence_features),
        "steps": sum(feature.length for feature in spec.sequence_features),
        "table_rows": sum(rows_of(spec).values()),
        "name": measured.entry.name,
        "part": measured.entry.part,
        "what": measured.what,
        "median_ms": measured.spread.median,
        "low_ms": measured.spread.low,
        "high_ms": measured.spread.high,
        "examples_a_second": measured.examples_a_second,
        "times_infnet": measured.times,
        "peak_bytes": measured.peak,
    }


def _write(path: Path, text: str) -> None:
    write_whole(path, lambda partial: partial.write_text(text, encoding="utf-8"))
