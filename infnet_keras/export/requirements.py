"""What exporting and asking an export need beside the backend that trained."""

from importlib.util import find_spec

from infnet_keras.errors import ExportError


def require_tensorflow(*modules: str) -> None:
    """Make sure that TensorFlow is installed, without importing it.

    Args:
        modules: further modules of the extra that are needed.

    Raises:
        ExportError: something is missing; the message says how to install it.
    """
    missing = [name for name in ("tensorflow", *modules) if find_spec(name) is None]
    if missing:
        raise ExportError(
            f"a SavedModel needs {' and '.join(missing)}, which is not installed: "
            "pip install 'infnet-keras[tensorflow]'"
        )
