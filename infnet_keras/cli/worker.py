"""`python -m infnet_keras.cli.worker`: one process of `infnet study` or `tune`, which starts it."""

import argparse
import os
import sys
from pathlib import Path

from infnet_keras.cli.backend import BACKENDS, start_backend


def main() -> None:
    """Settle cores and backend, then do what standard input says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, type=Path)
    parser.add_argument("--backend", required=True, choices=BACKENDS)
    parser.add_argument("--cores", required=True, help="numbers of the cores to run on: 0,1")
    arguments = parser.parse_args()
    # Every library then makes as many threads as there are cores for it.
    os.sched_setaffinity(0, {int(core) for core in arguments.cores.split(",")})
    # LightGBM's threads wait for one another; awake, they starve where others share the cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # What libraries print goes to the log: standard output is for messages alone.
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    start_backend(arguments.backend)
    from infnet_keras.runs.processes.worker import Worker

    Worker(arguments.data, sys.stdin, messages, sys.stderr).serve()


if __name__ == "__main__":
    main()
