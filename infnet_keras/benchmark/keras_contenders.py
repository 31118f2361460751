"""The contenders that are Keras models: this package's, and INFNet by Keras' own attention."""

from typing import Any

import keras

from infnet_keras.benchmark.batch import batch_of, tokens_of
from infnet_keras.benchmark.contender import Contender
from infnet_keras.benchmark.frameworks.framework import steps
from infnet_keras.benchmark.setting import Setting
from infnet_keras.benchmark.shapes import rows_of
from infnet_keras.models.optimizer import build_optimizer
from infnet_keras.spec import FeatureSpec


def built_model(spec: FeatureSpec, model_class: Any) -> Any:
    """A model of a spec with fresh weights, compiled, as `from_spec` makes it."""
    keras.utils.set_random_seed(0)
    model = model_class(spec, rows_of(spec), dtype=spec.training.precision)
    model.build()
    model.compile(build_optimizer(spec.training))
    return model


def keras_model(setting: Setting, spec: FeatureSpec, model_class: Any) -> Contender:
    """The whole model: Keras' own training and prediction step, ids and labels on the device."""
    model = built_model(spec, model_class)
    batch = batch_of(setting, spec)
    wait = steps().wait

    def training() -> Any:
        logs = model.train_on_batch(*batch)
        wait([variable.value for variable in model.trainable_variables])
        return logs

    return Contender(lambda: model.predict_on_batch(batch.inputs), training)


def keras_backbone(setting: Setting, spec: FeatureSpec, model_class: Any) -> Contender:
    """The blocks alone, as a training step calls them."""
    model = built_model(spec, model_class)
    weights = {v.path: v.value for block in model.blocks for v in block.trainable_variables}
    tokens, mask = tokens_of(setting, model)
    return Contender(
        steps().forward(blocks_of(model, in_training=False), weights, tokens, mask),
        steps().gradients(blocks_of(model, in_training=True), weights, tokens, mask),
    )


def blocks_of(model: Any, in_training: bool) -> Any:
    """A model's blocks as a function of (weights, tokens, mask).

    Args:
        model: an INFNet.
        in_training: forms the gradient of the tokens as a training step does.
    """
    variables = [v for block in model.blocks for v in block.trainable_variables]

    def blocks(weights: Any, tokens: Any, mask: Any) -> Any:
        state = {**tokens, "sequence_mask": mask}
        return model.flow(state, slots=model.slots_of(state) if in_training else None)

    def stateless(weights: Any, tokens: Any, mask: Any) -> Any:
        given = [(variable, weights[variable.path]) for variable in variables]
        with keras.StatelessScope(state_mapping=given):
            return blocks(weights, tokens, mask)

    # Only JAX needs the weights as arguments.
    return stateless if keras.backend.backend() == "jax" else blocks
