"""One loaded version of one model."""

from collections.abc import Mapping
from dataclasses import dataclass

from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from infnet_keras.features.numpy.unreadable import UnreadableValues
from serving.saved_model.session import Session

DEFAULT_SIGNATURE = "serving_default"
PREDICT_METHOD = "tensorflow/serving/predict"
CLASSIFY_METHOD = "tensorflow/serving/classify"
REGRESS_METHOD = "tensorflow/serving/regress"


@dataclass(frozen=True)
class Servable:
    """A model version that answers requests.

    Args:
        name: of the model.
        version: number of its directory.
        path: of that directory.
        signatures: signature name -> its inputs and outputs.
        session: runs the graph, batched across requests or not.
        check_method_names: whether a signature must have been exported for the method that is
            called; off by default as in TensorFlow Serving, since signatures of TensorFlow 2 all
            say `tensorflow/serving/predict`.
        unreadable: finds what the model cannot read in its inputs; None where no spec says how.
    """

    name: str
    version: int
    path: str
    signatures: Mapping[str, SignatureDef]
    session: Session
    check_method_names: bool = False
    unreadable: UnreadableValues | None = None
