"""`python -m infnet_keras.benchmark.measure_peak`: the process that `peak_memory` starts."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infnet_keras.benchmark.contender import Entry
from infnet_keras.benchmark.frameworks.framework import steps
from infnet_keras.benchmark.make_contender import make_contender
from infnet_keras.benchmark.peak_memory import Peak
from infnet_keras.benchmark.setting import Setting
from infnet_keras.runs.processes.memory import forget_peak, peak, resident


def main() -> None:
    """Measure what standard input names; the last line of standard output is the answer."""
    job = json.load(sys.stdin)
    sources = None if job["sources"] is None else Path(job["sources"])
    before = resident()
    contender = make_contender(Entry(**job["entry"]), Setting(**job["setting"]), sources)
    found = Peak(_peak(contender.forward, before), _peak(contender.training, before))
    print(json.dumps(found._asdict()))


def _peak(call: Callable[[], Any], before: int) -> int | None:
    call()  # compiles, and makes what stays
    forget_peak()
    steps().forget_device_peak()
    call()
    of_device: int | None = steps().device_peak()
    if of_device is not None:
        return of_device
    most = peak()
    return most - before if most else None


if __name__ == "__main__":
    main()
