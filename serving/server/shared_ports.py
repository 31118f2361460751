"""What several processes need that listen on the same ports."""

import socket

from serving.server.flags import Flags
from serving.status import invalid_argument, unavailable


def check_shared_ports(flags: Flags) -> None:
    """See that worker processes can share what the flags say, and that nobody else has it.

    Processes that listen on one port are not told of each other: without this look, a server that
    runs already would go on getting some of the connections.

    Args:
        flags: of the command line.

    Raises:
        StatusError: INVALID_ARGUMENT, --workers or what cannot be shared; UNAVAILABLE, a port is
            taken.
    """
    if flags.workers < 1:
        raise invalid_argument(f"--workers is the number of processes, not {flags.workers}")
    if flags.grpc_socket_path:
        raise invalid_argument(
            "--grpc_socket_path is one process's: leave it out, or serve without --workers"
        )
    for port in filter(None, (flags.port, flags.rest_api_port)):
        family = socket.AF_INET6 if ":" in flags.host else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((flags.host, port))
            except OSError as error:
                raise unavailable(
                    f"cannot listen on {flags.host}:{port}: {error.strerror}"
                ) from error
