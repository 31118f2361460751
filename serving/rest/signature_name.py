"""The signature that a request body names."""

from typing import Any

from serving.rest.json_document import quote_value
from serving.status import invalid_argument


def signature_name(document: dict[str, Any]) -> str:
    """The value of a body's "signature_name", or "" if it has none.

    Raises:
        StatusError: it is not a string.

    Example:
        >>> signature_name({"signature_name": "rank", "instances": [1]})
        'rank'

    Source:
        FillSignature of TensorFlow Serving's util/json_tensor.cc.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument(
            f"JSON Value: {quote_value(document)} not formatted correctly. "
            "'signature_name' key must be a string value."
        )
    return name
