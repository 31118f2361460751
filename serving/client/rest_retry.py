"""How REST calls are repeated: urllib3's Retry under the clients' policy, within a deadline."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Self

from urllib3 import BaseHTTPResponse, Retry, Timeout
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import MaxRetryError, ReadTimeoutError

from serving.client.retry_policy import (
    ATTEMPTS,
    BACKOFF_MULTIPLIER,
    INITIAL_BACKOFF,
    JITTER,
    MAX_BACKOFF,
)

# A Retry belongs to the connections, which many calls share: each call's deadline goes beside it.
_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))


@contextmanager
def calling_until(deadline: float) -> Iterator[Timeout]:
    """The timeout of a call that ends by a deadline, as are its repetitions in the meantime."""
    token = _deadline.set(deadline)
    try:
        yield _TimeLeft(total=None)
    finally:
        _deadline.reset(token)


class RestRetry(Retry):
    """Repeats a call that got HTTP 503, was refused, or whose connection broke; no other.

    Example:
        >>> session.mount("http://", HTTPAdapter(max_retries=RestRetry.policy()))
        >>> with calling_until(time.monotonic() + 2.0) as timeout:
        ...     session.get(url, timeout=timeout)
    """

    @classmethod
    def policy(cls) -> Self:
        """The clients' policy."""
        return cls(
            total=ATTEMPTS - 1,
            other=0,
            allowed_methods=None,
            status_forcelist=[503],
            raise_on_status=False,
            respect_retry_after_header=False,
        )

    def get_backoff_time(self) -> float:
        """Seconds to wait before the next attempt."""
        nominal = INITIAL_BACKOFF * BACKOFF_MULTIPLIER ** max(len(self.history) - 1, 0)
        return min(nominal, MAX_BACKOFF) * random.uniform(1 - JITTER, 1 + JITTER)

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether an answer is worth another attempt, and there is time for one."""
        return super().is_retry(method, status_code, has_retry_after) and self._has_time()

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        """Count an attempt that failed; raises if it was the last."""
        if isinstance(error, ReadTimeoutError):
            raise error
        if error is not None and _pool is not None and not self._has_time():
            raise MaxRetryError(_pool, url or "", error) from error
        return super().increment(method, url, response, error, _pool, _stacktrace)

    def _has_time(self) -> bool:
        return time.monotonic() + self.get_backoff_time() < _deadline.get()


class _TimeLeft(Timeout):
    """What is left until the deadline, for each attempt anew."""

    def clone(self) -> Timeout:
        return Timeout(total=max(_deadline.get() - time.monotonic(), 0.001))
