"""The body of an error response."""

from serving.rest.json_text import write_object, write_string


def write_error(message: str) -> bytes:
    r"""The JSON of a failed request.

    Args:
        message: of its status.

    Example:
        >>> write_error("no")
        b'{\n    "error": "no"\n}'

    Source:
        MakeJsonFromStatus of TensorFlow Serving's util/json_tensor.cc.
    """
    # An error must be told whatever its text is made of.
    return write_object([("error", write_string(message))], 0).encode(errors="replace")
