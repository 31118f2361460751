"""`python -m serving.load_test`, which `infnet benchmark serving` runs."""

import os
import sys
from importlib.util import find_spec

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from rich.console import Console

from serving.client import ServingError
from serving.load_test.measure import Measurement, measure
from serving.load_test.options import Options, parse_options
from serving.load_test.report import environment, errors, table, write_csv, write_plot


def main() -> int:
    """Run the load test that the command line asks for; returns the exit code."""
    options = parse_options()
    try:
        _run(options)
    except (ServingError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


def _run(options: Options) -> None:
    if options.plot is not None and find_spec("matplotlib") is None:
        raise ValueError("--plot needs matplotlib: pip install 'infnet-keras[benchmark]'")
    console, progress = Console(soft_wrap=True), Console(stderr=True)
    conditions = environment()
    measurements: list[Measurement] = []
    try:
        measurements.extend(measure(options, progress.print))
    finally:
        # Whatever ends it early, what was measured is told and written.
        if measurements:
            console.print(table(measurements))
            for line in errors(measurements):
                console.print(line)
            console.print(", ".join(f"{name} {value}" for name, value in conditions.items()))
            if options.csv is not None:
                write_csv(options.csv, measurements, conditions)
            if options.plot is not None:
                write_plot(options.plot, measurements)


sys.exit(main())
