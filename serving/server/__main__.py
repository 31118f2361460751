"""`python -m serving.server`: serve until told to stop."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

# TensorFlow is imported in `_serve` alone: a bad flag should not wait for it, it reads its settings
# once, and processes are forked before.
from infnet_keras.progress import Progress
from serving.process_memory import limit_arenas
from serving.server.flags import Flags, parse_flags
from serving.server.shared_ports import check_shared_ports
from serving.status import StatusError

if TYPE_CHECKING:
    from serving.workers.peers import Place

_GRACE = 30.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until SIGTERM or SIGINT.

    Args:
        arguments: of the command line; None takes the process's.

    Returns:
        0 after a stop that was asked for, 255 if the server could not start.
    """
    flags = parse_flags(sys.argv[1:] if arguments is None else arguments)
    if flags.version:
        print(f"TensorFlow ModelServer: infnet-keras {version('infnet-keras')}, embedded")
        print(f"TensorFlow Library: {version('tensorflow')}")
        return 0
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(levelname).1s %(asctime)s] %(message)s"
    )
    limit_arenas()
    if flags.workers == 1:
        return _serve(flags, None)
    from serving.workers.processes import run_workers

    try:
        check_shared_ports(flags)
    except StatusError as error:
        return _cannot_start(error)
    return run_workers(flags.workers, lambda place: _serve(flags, place))


def _serve(flags: Flags, place: "Place | None") -> int:
    # Of several processes, one speaks.
    progress = Progress(logging.info if place is None or place.index == 0 else None)
    with progress.phase("Starting TensorFlow", at_once=True):
        import tensorflow as tf

        from serving.server.server import Server

    tf.get_logger().setLevel(logging.ERROR)
    stop = threading.Event()
    try:
        server = Server(flags, place)
        server.start(progress)
    except StatusError as error:
        return _cannot_start(error)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    logging.info("Stopping: requests in progress are answered first")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    server.stop(_GRACE)
    return 0


def _cannot_start(error: StatusError) -> int:
    print(f"Failed to start server. Error: {error}", flush=True)
    return 255


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of loads that hang, or of TensorFlow, must not keep a stopped server from ending.
    os._exit(code)
