"""Another transform from raw values to ids than the one made of a model's assets."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from infnet_keras.features import RawInput
from infnet_keras.spec import FeatureSpec


class TransformSource(NamedTuple):
    """Where a SavedModel's transform comes from; any process can make it.

    Attributes:
        factory: "package.module.function", called with `path`, the spec and its raw inputs. It
            returns a tf.Module that takes and gives what `TensorFlowRowTransform` does, and the
            ids of the model's assets.
        path: what it reads.

    Example:
        >>> TransformSource("tfx_pipeline.transform.graph.TransformGraph", "transform_graph")
    """

    factory: str
    path: str

    def load(self, spec: FeatureSpec, inputs: Sequence[RawInput]) -> Any:
        """The transform, on TensorFlow."""
        module, _, name = self.factory.rpartition(".")
        make: Callable[..., Any] = getattr(import_module(module), name)
        return make(self.path, spec, inputs)
