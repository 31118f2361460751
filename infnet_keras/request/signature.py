"""What one signature of a model takes and gives."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from infnet_keras.errors import DataError
from infnet_keras.request.tensor_spec import TensorSpec


@dataclass(frozen=True)
class Signature:
    """One signature of a served model.

    Args:
        name: such as "serving_default".
        inputs: input name -> its type and shape.
        outputs: likewise.
    """

    name: str
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]

    @classmethod
    def from_json(cls, name: str, definition: Mapping[str, Any]) -> "Signature":
        """Read the JSON form of a SignatureDef message."""

        def specs(side: str) -> dict[str, TensorSpec]:
            tensors = definition.get(side, {})
            return {key: TensorSpec.from_json(tensors[key]) for key in sorted(tensors)}

        return cls(name, specs("inputs"), specs("outputs"))

    @classmethod
    def from_function(cls, name: str, function: Any) -> "Signature":
        """Read a signature of a SavedModel that TensorFlow has loaded."""

        def specs(tensors: Mapping[str, Any]) -> dict[str, TensorSpec]:
            return {
                key: TensorSpec(
                    tensor.dtype.name,
                    None if tensor.shape.rank is None else tuple(tensor.shape.as_list()),
                )
                for key, tensor in sorted(tensors.items())
            }

        return cls(
            name,
            specs(function.structured_input_signature[1]),
            specs(function.structured_outputs),
        )

    @property
    def takes(self) -> str:
        """A clause that lists every input with its type and shape."""
        listed = ", ".join(f"{name}: {spec}" for name, spec in self.inputs.items())
        return f"signature {self.name!r} takes {listed or 'nothing'}"

    def not_an_input(self, name: str) -> str:
        """Say that it takes no input of this name, and which name is the closest that it takes."""
        close = get_close_matches(str(name), self.inputs, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        return f"{name!r}, which is no input; {hint}{self.takes}"


def check_signature(name: str, names: Collection[str]) -> None:
    """Raise DataError unless a model has a signature of this name."""
    if name not in names:
        # TensorFlow's own, such as __saved_model_init_op, are nothing to ask.
        there_are = ", ".join(sorted(n for n in names if not n.startswith("__"))) or "none"
        raise DataError(f"the model has no signature {name!r}; it has {there_are}")
