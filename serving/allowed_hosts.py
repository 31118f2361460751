"""The names under which the server lets itself be called where that matters."""

import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address

_AUTHORITY = re.compile(r"(?:\[([^\]]*)\]|([^:\[\]]+))(?::\d*)?")


class AllowedHosts:
    """Tells a caller's own name of the server from one that a web page made up.

    A page of `evil.example` can have that name resolved to 127.0.0.1 (DNS rebinding): to the
    browser the server's answers are then its own. The name still stands in `Host`. Addresses,
    `localhost` and the machine's own name cannot be had that way.

    Args:
        names: what else is allowed; "*" allows everything.

    Example:
        >>> hosts = AllowedHosts(["models.example.com"])
        >>> [hosts.allows(host) for host in ("localhost:8501", "[::1]", "models.example.com")]
        [True, True, True]
        >>> hosts.allows("evil.example:8501")
        False
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        given = {name.strip().lower() for name in names} - {""}
        self._any = "*" in given
        self._names = given | {"localhost", socket.gethostname().lower()}

    def allows(self, authority: str) -> bool:
        """Whether to answer under a host, with or without a port.

        Args:
            authority: as `Host` or `:authority` has it; empty if, unlike a browser, nobody sent it.
        """
        if self._any or not authority:
            return True
        name = _without_port(authority).lower().rstrip(".")
        return name in self._names or name.endswith(".localhost") or _is_address(name)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
        (True, False)
    """
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _without_port(authority: str) -> str:
    match = _AUTHORITY.fullmatch(authority)
    return "" if match is None else match[1] or match[2]


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
