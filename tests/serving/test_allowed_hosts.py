import socket

import pytest

from serving.allowed_hosts import AllowedHosts, is_loopback


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("", True),
        ("localhost", True),
        ("localhost.:8501", True),
        ("a.localhost", True),
        ("127.0.0.1", True),
        ("192.168.1.5:8501", True),
        ("[::1]:8501", True),
        ("[2001:db8::1]", True),
        (f"{socket.gethostname()}:8501", True),
        ("Models.Shop:1", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("evillocalhost", False),
        ("127.0.0.1.evil.example:8501", False),
        ("[::1]evil.example", False),
        ("localhost@evil.example", False),
        ("evil.example:localhost", False),
        ("::1:80", False),
        ("a\u00e9", False),
    ],
)
def test_names_that_are_answered(host: str, allowed: bool) -> None:
    assert AllowedHosts(["models.shop", " other "]).allows(host) is allowed


def test_a_star_allows_all() -> None:
    assert AllowedHosts(["*"]).allows("evil.example")
    assert not AllowedHosts([""]).allows("evil.example")


def test_what_only_this_machine_reaches() -> None:
    found = [is_loopback(h) for h in ("127.0.0.1", "127.8.8.8", "::1", "localhost")]
    assert all(found)
    assert not any(is_loopback(h) for h in ("0.0.0.0", "::", "10.0.0.1", "models.shop"))
