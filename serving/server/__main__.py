"""`python -m serving.server`: serve until told to stop."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib.metadata import version

_GRACE = 30.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until SIGTERM or SIGINT.

    Args:
        arguments: of the command line; None takes the process's.

    Returns:
        0 after a stop that was asked for, 255 if the server could not start.
    """
    # Before TensorFlow is imported: it reads these once, and a bad flag should not wait for it.
    from serving.process_memory import limit_arenas
    from serving.server.flags import parse_flags

    flags = parse_flags(sys.argv[1:] if arguments is None else arguments)
    if flags.version:
        print(f"TensorFlow ModelServer: infnet-keras {version('infnet-keras')}, embedded")
        print(f"TensorFlow Library: {version('tensorflow')}")
        return 0
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    limit_arenas()
    import tensorflow as tf

    from serving.server.server import Server
    from serving.status import StatusError

    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(levelname).1s %(asctime)s] %(message)s"
    )
    tf.get_logger().setLevel(logging.ERROR)
    stop = threading.Event()
    try:
        server = Server(flags)
        server.start()
    except StatusError as error:
        print(f"Failed to start server. Error: {error}", flush=True)
        return 255
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()
    logging.info("Stopping: requests in progress are answered first")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    server.stop(_GRACE)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of loads that hang, or of TensorFlow, must not keep a stopped server from ending.
    os._exit(code)
