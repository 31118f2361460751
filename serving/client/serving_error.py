"""The one error of the clients."""

from serving.status import Code


class ServingError(Exception):
    """A request that has no answer: wrong, refused, too late, or no server there.

    Args:
        code: why. REST tells fewer codes apart than gRPC: HTTP 400, which also stands for
            FAILED_PRECONDITION and OUT_OF_RANGE, is INVALID_ARGUMENT.
        message: the server's own, or what is wrong with the request or the address.
        address: who was asked; None if the request was refused here, before it was sent.

    Example:
        >>> str(ServingError(Code.NOT_FOUND, "no such model", "localhost:8500"))
        'NOT_FOUND (localhost:8500): no such model'
    """

    def __init__(self, code: Code, message: str, address: str | None = None) -> None:
        super().__init__(code, message, address)
        self.code = code
        self.message = message
        self.address = address

    def __str__(self) -> str:
        asked = f" ({self.address})" if self.address else ""
        return f"{self.code.name}{asked}: {self.message}"
