"""The requests of a load test, made of a few example rows."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from infnet_keras.request.json_tensors import to_json
from infnet_keras.request.signature import Signature
from infnet_keras.request.to_array import Array
from infnet_keras.served_names import CANDIDATE_COUNT

_NAME = re.compile(r"(predict|rank)-([1-9][0-9]*)")


@dataclass(frozen=True)
class Workload:
    """One kind of request.

    Args:
        kind: "predict", rows that have nothing to do with each other, or "rank", one user with
            candidates.
        size: how many rows or candidates.

    Example:
        >>> str(Workload.parse("rank-500"))
        'rank-500'
    """

    kind: str
    size: int

    @classmethod
    def parse(cls, name: str) -> "Workload":
        """Read a name such as "predict-32" or "rank-500".

        Raises:
            ValueError: it is none.
        """
        found = _NAME.fullmatch(name)
        if found is None:
            raise ValueError(f"{name!r} is neither predict-ROWS nor rank-CANDIDATES")
        return cls(found[1], int(found[2]))

    def __str__(self) -> str:
        return f"{self.kind}-{self.size}"

    def inputs(
        self, rows: Mapping[str, Array], signatures: Mapping[str, Signature]
    ) -> dict[str, Array]:
        """The request's input arrays.

        Args:
            rows: example rows, as the signature `predict` takes them, repeated as often as needed.
            signatures: of the model. An input that has one axis more for `rank` than for `predict`
                is a candidate's.

        Raises:
            KeyError: the model has no signature of this kind.
        """
        chosen = np.arange(self.size) % len(next(iter(rows.values())))
        if self.kind == "predict":
            return {name: array[chosen] for name, array in rows.items()}
        request: dict[str, Array] = {}
        for name, spec in signatures["rank"].inputs.items():
            if name == CANDIDATE_COUNT:
                request[name] = np.array([self.size], spec.numpy_type)
            elif spec.rank != signatures["predict"].inputs[name].rank:
                request[name] = rows[name][chosen][None]
            else:
                request[name] = rows[name][:1]
        return request


def rest_body(signature: str, inputs: Mapping[str, Array]) -> bytes:
    """A predict request of the REST API, in its column format."""
    columns = {name: to_json(array) for name, array in inputs.items()}
    return json.dumps({"signature_name": signature, "inputs": columns}).encode()


def grpc_body(model: str, signature: str, inputs: Mapping[str, Array]) -> bytes:
    """A serialised PredictRequest; imports TensorFlow, which its messages are part of."""
    import tensorflow as tf
    from tensorflow_serving.apis.model_pb2 import ModelSpec
    from tensorflow_serving.apis.predict_pb2 import PredictRequest

    request = PredictRequest(
        model_spec=ModelSpec(name=model, signature_name=signature),
        inputs={name: tf.make_tensor_proto(array) for name, array in inputs.items()},
    )
    serialized: bytes = request.SerializeToString()
    return serialized
