"""How much memory a message may claim without sending it."""

DEFAULT_LIMIT = 2**20
"""Bytes: about what a request that says the same in full would have to send."""


class TooMuchClaimed(ValueError):
    """The shapes and repeated values of a request claim more than its limit."""


class ClaimedBytes:
    """Counts what shapes and repeated values claim, over all tensors of one request.

    A shape alone may ask for any size, as absent values repeat the last one given: a message of a
    few hundred bytes could take gigabytes in every operation of a graph.

    Args:
        limit: bytes that one request may claim beyond what it sends.

    Example:
        >>> claimed = ClaimedBytes(limit=1000)
        >>> claimed.add(900)
        >>> claimed.add(200)
        Traceback (most recent call last):
        ...
        serving.saved_model.claimed_bytes.TooMuchClaimed: shapes and repeated values claim 1100 \
bytes where 1000 are allowed
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit, self._claimed = limit, 0

    def add(self, size: int) -> None:
        """Claim so many bytes more.

        Raises:
            TooMuchClaimed: with these it is more than the limit.
        """
        self._claimed += size
        if self._claimed > self._limit:
            raise TooMuchClaimed(
                f"shapes and repeated values claim {self._claimed} bytes where {self._limit} are "
                "allowed"
            )
