"""The signatures of one version of a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infnet_keras.errors import DataError
from infnet_keras.request.signature import Signature, check_signature
from serving.client.serving_error import ServingError
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
        try:
            check_signature(name, self.signatures)
        except DataError as error:
            raise ServingError(Code.INVALID_ARGUMENT, str(error)) from error
        return self.signatures[name]
