"""Type and shape of one input or output of a signature."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

_NAMES = {"FLOAT": "float32", "DOUBLE": "float64", "HALF": "float16"}
_FLOATS = ("float16", "bfloat16", "float32", "float64")


@dataclass(frozen=True)
class TensorSpec:
    """What a signature says of one of its tensors.

    Args:
        dtype: NumPy's name of its type ("float32", "int64"), "string", or what else a DataType
            can be ("resource").
        shape: the size of each axis, None where it is free; None if even the rank is.

    Example:
        >>> str(TensorSpec("float32", (None, 3)))
        'float32 [any, 3]'
    """

    dtype: str
    shape: tuple[int | None, ...] | None

    @classmethod
    def from_json(cls, info: Mapping[str, Any]) -> "TensorSpec":
        """Read the JSON form of a TensorInfo message."""
        name = info.get("dtype", "DT_INVALID").removeprefix("DT_")
        shape = info.get("tensor_shape", {})
        sizes = [int(axis.get("size", 0)) for axis in shape.get("dim", [])]
        axes = None if shape.get("unknown_rank") else tuple(s if s >= 0 else None for s in sizes)
        return cls(_NAMES.get(name, name.lower()), axes)

    @property
    def rank(self) -> int | None:
        """How many axes it has; None if that is free."""
        return None if self.shape is None else len(self.shape)

    @property
    def kind(self) -> Literal["float", "integer", "bool", "string"] | None:
        """What its values are; None if it is of a type that has no plain values."""
        if self.dtype == "string":
            return "string"
        if self.dtype in _FLOATS:
            return "float"
        try:
            kind = np.dtype(self.dtype).kind
        except TypeError:
            return None
        return "integer" if kind in "iu" else "bool" if kind == "b" else None

    @property
    def numpy_type(self) -> np.dtype[Any]:
        """The NumPy type that holds it: object, for bytes, where it is a string.

        Raises:
            TypeError: no array can hold it.
        """
        if self.dtype == "string":
            return np.dtype(object)
        if self.dtype == "bfloat16":
            import ml_dtypes

            bfloat16: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
            return bfloat16
        return np.dtype(self.dtype)

    @property
    def missing(self) -> Any:
        """What stands for a missing value: NaN, the smallest integer, the empty string.

        These are the values that this project's exports read as missing. None for a boolean or
        an unsigned integer: they have no value to spare.
        """
        if self.kind == "integer":
            bounds = np.iinfo(self.dtype)
            return bounds.min if bounds.min < 0 else None
        return {"float": float("nan"), "string": b""}.get(self.kind or "")

    def __str__(self) -> str:
        if self.shape is None:
            return f"{self.dtype} of any shape"
        axes = ", ".join("any" if size is None else str(size) for size in self.shape)
        return f"{self.dtype} [{axes}]"
