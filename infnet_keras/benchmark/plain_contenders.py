"""The contenders that are INFNet's plain formulas in the bare framework."""

import keras

from infnet_keras.benchmark.batch import batch_of, tokens_of
from infnet_keras.benchmark.contender import Contender
from infnet_keras.benchmark.frameworks.framework import arrays, steps
from infnet_keras.benchmark.keras_contenders import built_model
from infnet_keras.benchmark.plain.plain_infnet import PlainINFNet
from infnet_keras.benchmark.plain.plain_weights import plain_weights
from infnet_keras.benchmark.setting import Setting
from infnet_keras.models import INFNet
from infnet_keras.spec import FeatureSpec


def plain_model(setting: Setting, spec: FeatureSpec) -> Contender:
    """Ids to probabilities, and a step of Adam over every weight and every row of the tables."""
    values = plain_weights(built_model(spec, INFNet))
    formulas = PlainINFNet(spec, arrays())
    inputs, labels = batch_of(setting, spec)
    weights = steps().own(values, inputs)
    stacked = keras.ops.stack(list(labels.values()), axis=1)
    rate = spec.training.learning_rate
    # The step comes last: on JAX it takes the weights over.
    forward = steps().forward(formulas.probabilities, steps().own(values, inputs), inputs)
    return Contender(forward, steps().training(formulas.loss, weights, (inputs, stacked), rate))


def plain_backbone(setting: Setting, spec: FeatureSpec) -> Contender:
    """The blocks alone."""
    model = built_model(spec, INFNet)
    tokens, mask = tokens_of(setting, model)
    values = {n: v for n, v in plain_weights(model).items() if n.startswith("block_")}
    weights = steps().own(values, tokens)
    blocks = PlainINFNet(spec, arrays()).blocks
    return Contender(
        steps().forward(blocks, weights, tokens, mask),
        steps().gradients(blocks, weights, tokens, mask),
    )
