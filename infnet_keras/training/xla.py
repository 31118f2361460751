"""Whether a training on TensorFlow is compiled by XLA."""

import warnings

import keras

from infnet_keras.models.row_wise.row_wise_model import RowWiseModel
from infnet_keras.spec.options import TrainingOptions

_WORTH_IT = 100


def choose_xla(model: RowWiseModel, options: TrainingOptions, steps: int) -> None:
    """Have a model's steps on TensorFlow compiled by XLA, or not.

    On a processor Keras leaves XLA out. To compile a step takes some ten seconds longer with it,
    and a step a third less: that pays after about fifty. Where tables are trained row by row, XLA
    would copy a table at every step.

    Args:
        model: compiled.
        options: `xla` says it, or leaves it to the other two.
        steps: of the whole training, those of an earlier session too.
    """
    if keras.backend.backend() != "tensorflow":
        return
    if options.xla is not None:
        model.jit_compile = options.xla
    elif not model.jit_compile and steps >= _WORTH_IT and model.row_updates is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras' own, where some layer cannot be compiled
            model.jit_compile = True
