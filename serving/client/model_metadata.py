"""The signatures of one version of a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.client.serving_error import ServingError
from serving.client.signature import Signature
from serving.status import Code


@dataclass(frozen=True)
class ModelMetadata:
    """What a server says of one version of a model.

    Args:
        name: the model's.
        version: which of its versions answered.
        signatures: signature name -> what it takes and gives.
    """

    name: str
    version: int
    signatures: Mapping[str, Signature]

    @classmethod
    def from_json(cls, response: Mapping[str, Any]) -> "ModelMetadata":
        """Read the JSON form of a GetModelMetadataResponse message."""
        spec = response["model_spec"]
        definitions = response["metadata"]["signature_def"]["signature_def"]
        signatures = {n: Signature.from_json(n, definitions[n]) for n in sorted(definitions)}
        return cls(spec["name"], int(spec["version"]), signatures)

    def signature(self, name: str) -> Signature:
        """One signature.

        Raises:
            ServingError: INVALID_ARGUMENT, there is none of that name.
        """
        if name not in self.signatures:
            # TensorFlow's own, such as __saved_model_init_op, are nothing to ask.
            there_are = ", ".join(n for n in self.signatures if not n.startswith("__")) or "none"
            message = (
                f"version {self.version} of {self.name} has no signature {name!r}; it has "
                f"{there_are}"
            )
            raise ServingError(Code.INVALID_ARGUMENT, message)
        return self.signatures[name]
