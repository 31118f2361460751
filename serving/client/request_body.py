"""Answers the body of a REST predict request through either client."""

from collections.abc import Mapping
from typing import Any

from serving.client.json_tensors import to_json
from serving.client.model_client import TIMEOUT, ModelClient
from serving.client.serving_error import ServingError
from serving.status import Code

_KEYS = ("signature_name", "instances", "inputs")


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
    if not isinstance(body, Mapping):
        raise _refusal("a request is an object with `instances` (rows) or `inputs` (columns)")
    if set(body) - set(_KEYS) or ("instances" in body) == ("inputs" in body):
        raise _refusal(
            "a request has either `instances` (rows) or `inputs` (columns), and may name a "
            f"`signature_name`; found {', '.join(body) or 'nothing'}"
        )
    if not isinstance(body.get("instances", []), list):
        raise _refusal("`instances` is a list of at least one row")
    name = body.get("signature_name")
    if name is None:
        signatures = client.metadata(version, label, timeout).signatures
        name = "predict" if "predict" in signatures else "serving_default"
    features = body["instances"] if "instances" in body else body["inputs"]
    results = client.predict(features, name, version, label, timeout)
    lists = {output: to_json(values) for output, values in results.items()}
    if "inputs" in body:
        return {"outputs": lists if len(lists) > 1 else next(iter(lists.values()))}
    if any(len(values) != len(features) for values in lists.values()):
        raise _refusal(
            f"the outputs of {name} do not have one element a row: ask for columns, with `inputs`"
        )
    rows = [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]
    return {"predictions": rows if len(lists) > 1 else [next(iter(row.values())) for row in rows]}


def _refusal(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)
