"""Every figure stands under its own name."""

import csv
import io
from pathlib import Path

from rich.console import Console

from serving.load_test.measure import Measurement
from serving.load_test.outcome import Figures
from serving.load_test.report import errors, table, write_csv
from serving.load_test.workload import Workload

FIGURES = Figures(
    requests=100,
    errors={"UNAVAILABLE": 2, "ABORTED": 1},
    answered_per_second=48.5,
    p50=11.0,
    p95=22.0,
    p99=33.0,
    longest=44.0,
    lateness_p99=0.5,
)
FOUND = [Measurement("gRPC", Workload("rank", 5), 123, 60.0, 50.0, FIGURES)]


def test_the_csv(tmp_path: Path) -> None:
    write_csv(tmp_path / "loads.csv", FOUND, {"cores": "2"})
    first, *lines = (tmp_path / "loads.csv").read_text().splitlines()
    assert first == "# cores: 2"
    [row] = csv.DictReader(lines)
    assert row == {
        "api": "gRPC",
        "workload": "rank-5",
        "request_bytes": "123",
        "saturation_per_second": "60.000",
        "offered_per_second": "50.000",
        "answered_per_second": "48.500",
        "requests": "100",
        "errors": "3",
        "p50_ms": "11.000",
        "p95_ms": "22.000",
        "p99_ms": "33.000",
        "longest_ms": "44.000",
        "lateness_p99_ms": "0.500",
    }


def test_the_table() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(table(FOUND))
    lines = [line.split() for line in console.export_text().splitlines() if line.strip()]
    assert ["offered", "answered", "errors", "p50", "p95", "p99"] in lines
    figures = ["50.0", "48.5", "3", "of", "100", "11.0", "22.0", "33.0"]
    assert lines[-1] == ["gRPC", "rank-5", *figures]


def test_errors_are_counted_by_status() -> None:
    assert errors(FOUND) == ["gRPC rank-5 at 50.0/s: 1 ABORTED, 2 UNAVAILABLE"]
