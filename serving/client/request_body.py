"""Answers the body of a REST predict request through either client."""

from typing import Any

from infnet_keras.errors import DataError
from infnet_keras.request.body import RequestBody
from serving.client.model_client import TIMEOUT, ModelClient
from serving.client.serving_error import ServingError
from serving.status import Code


def answer(
    client: ModelClient,
    body: Any,
    version: int | None = None,
    label: str | None = None,
    timeout: float = TIMEOUT,
) -> dict[str, Any]:
    """Ask a served model what the body of a REST predict request asks.

    The body goes through the client's encoding, so that it may hold what a server does not take
    itself: null for a missing value, lists of unequal length, histories without their length.

    Args:
        client: of the model, REST or gRPC.
        body: `{"signature_name": ..., "instances": [...]}`, one element a row, or
            `{"signature_name": ..., "inputs": {...}}`, one list a column. The signature is
            `predict` unless named, and `serving_default` where the model has no `predict`.
        version: which version, by default the one that the server chooses.
        label: instead of `version`, its label.
        timeout: seconds for each of the client's calls.

    Returns:
        `{"predictions": [...]}` for instances, `{"outputs": {...}}` for columns. A single output's
        name is left out.

    Raises:
        ServingError: the body is no such request, or as `ModelClient.predict` raises it.

    Example:
        >>> answer(client, {"instances": [{"x": 1.0}, {"x": 2.0}]})
        {'predictions': [2.5, 3.0]}
    """
    try:
        read = RequestBody.read(body)
        name = read.signature_name
        if name is None:
            name = read.signature(client.metadata(version, label, timeout).signatures)
        return read.answer(client.predict(read.features, name, version, label, timeout), name)
    except DataError as error:
        raise ServingError(Code.INVALID_ARGUMENT, str(error)) from error
