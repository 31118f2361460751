"""What a load test found: table, CSV, plot."""

import csv
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from infnet_keras.benchmark.hardware import hardware
from serving.load_test.measure import Measurement

_PACKAGES = ("tensorflow", "grpcio", "uvicorn", "numpy", "keras")
_COLUMNS = (
    "api",
    "workload",
    "request_bytes",
    "saturation_per_second",
    "offered_per_second",
    "answered_per_second",
    "requests",
    "errors",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "longest_ms",
    "lateness_p99_ms",
)


def environment() -> dict[str, str]:
    """Hardware and versions of the machine that the load test runs on."""
    found = {
        **hardware(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def table(measurements: Sequence[Measurement]) -> Table:
    """The figures, one load a line."""
    made = Table(
        title="requests a second, and milliseconds from when each was to be sent",
        box=SIMPLE_HEAD,  # with its padding, 80 characters hold it
        padding=(0, 1, 0, 0),
    )
    for heading in ("", "", "offered", "answered", "errors", "p50", "p95", "p99"):
        made.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for found in measurements:
        figures = found.figures
        made.add_row(
            found.api,
            str(found.workload),
            f"{found.offered:.1f}",
            f"{figures.answered_per_second:.1f}",
            f"{figures.failed:,} of {figures.requests:,}",
            *(f"{ms:.1f}" for ms in (figures.p50, figures.p95, figures.p99)),
        )
    return made


def errors(measurements: Sequence[Measurement]) -> list[str]:
    """A line for each load that has errors: how many of which status."""
    return [
        f"{found.api} {found.workload} at {found.offered:.1f}/s: "
        + ", ".join(f"{n:,} {code}" for code, n in sorted(found.figures.errors.items()))
        for found in measurements
        if found.figures.errors
    ]


def write_csv(path: Path, measurements: Sequence[Measurement], conditions: dict[str, str]) -> None:
    """Write the figures as CSV, below comment lines (`#`) with the conditions."""
    with path.open("w", newline="", encoding="utf-8") as file:
        file.writelines(f"# {name}: {value}\n" for name, value in conditions.items())
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for found in measurements:
            figures = found.figures
            writer.writerow(
                (
                    found.api,
                    found.workload,
                    found.request_bytes,
                    "" if found.saturation is None else f"{found.saturation:.3f}",
                    f"{found.offered:.3f}",
                    f"{figures.answered_per_second:.3f}",
                    figures.requests,
                    figures.failed,
                    f"{figures.p50:.3f}",
                    f"{figures.p95:.3f}",
                    f"{figures.p99:.3f}",
                    f"{figures.longest:.3f}",
                    f"{figures.lateness_p99:.3f}",
                )
            )


def write_plot(path: Path, measurements: Sequence[Measurement]) -> None:
    """Draw p50, p95 and p99 against the offered load, one panel a workload; needs matplotlib."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogFormatter

    workloads = list(dict.fromkeys(str(found.workload) for found in measurements))
    apis = list(dict.fromkeys(found.api for found in measurements))
    figure = Figure(figsize=(4 * len(workloads), 4), layout="constrained")
    panels = figure.subplots(1, len(workloads), squeeze=False)[0]
    for panel, workload in zip(panels, workloads, strict=True):
        for colour, api in enumerate(apis):
            found = sorted(
                (m for m in measurements if (m.api, str(m.workload)) == (api, workload)),
                key=lambda m: m.offered,
            )
            rates = [m.offered for m in found]
            for name, style in (("p50", "-"), ("p95", "--"), ("p99", ":")):
                values = [getattr(m.figures, name) for m in found]
                label = f"{api} {name}"
                panel.plot(rates, values, f"C{colour}{style}", marker=".", label=label)
        panel.set(title=workload, xlabel="requests a second offered", yscale="log")
        for set_formatter in (panel.yaxis.set_major_formatter, panel.yaxis.set_minor_formatter):
            set_formatter(LogFormatter(minor_thresholds=(2, 0.4)))
    panels[0].set_ylabel("latency, ms")
    panels[0].legend()
    figure.savefig(path, dpi=120)
