"""Weights other than tables, from an earlier model to a new one."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from keras import ops

from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.models.spec_model import SpecModel

Array = npt.NDArray[Any]


class CarriedWeights(NamedTuple):
    """What of the weights could be carried over.

    Attributes:
        values: the weights that come from the earlier model, in whole or in part, each with what
            it is to hold.
        new: paths of weights that the earlier model does not have.
        gone: paths of weights that the new model does not have.
        differences: weights whose shapes do not fit, with both.
    """

    values: list[tuple[Any, Array]]
    new: list[str]
    gone: list[str]
    differences: list[str]


def carry_weights(earlier: SpecModel, model: SpecModel) -> CarriedWeights:
    """What the weights of a model are after a warm start; nothing is written.

    A weight of both models comes over as a whole, or, where it holds a part for each task, field
    or sequence (`SpecModel.named_axes`), part by part, by name.

    Args:
        earlier: the earlier model.
        model: the new one, of the same type; what the earlier one lacks stays as it is there.
    """
    before, now = _weights(earlier), _weights(model)
    axes_before, axes_now = _axes(earlier), _axes(model)
    values, differences = [], []
    for path in [path for path in now if path in before]:
        pairs = list(zip(axes_before.get(path, []), axes_now.get(path, []), strict=True))
        if _fits(before[path], now[path], pairs):
            values.append((now[path], _joined(before[path], now[path], pairs)))
        else:
            shapes = f"{list(before[path].shape)} there, {list(now[path].shape)} here"
            differences.append(f"weight {path} ({shapes})")
    return CarriedWeights(
        values,
        [path for path in now if path not in before],
        [path for path in before if path not in now],
        sorted(differences),
    )


def _weights(model: SpecModel) -> dict[str, Any]:
    """The weights but for the tables, their slots and vectors, by their path below the model."""
    slots = [] if model.row_updates is None else model.row_updates.weights
    vectors = [each.vectors for each in model.embedded_inputs.vector_embeddings.values()]
    read = (*model.embedded_inputs.weights_read.values(), *slots, *vectors)
    tables = {id(weight) for weight in read}
    return {_path(weight): weight for weight in model.weights if id(weight) not in tables}


def _axes(model: SpecModel) -> dict[str, list[NamedAxis]]:
    found: dict[str, list[NamedAxis]] = {}
    for axis in model.named_axes():
        found.setdefault(_path(axis.weight), []).append(axis)
    return found


def _path(weight: Any) -> str:
    return str(weight.path).partition("/")[2]  # without the model's own name


def _fits(earlier: Any, weight: Any, pairs: list[tuple[NamedAxis, NamedAxis]]) -> bool:
    """Whether each part has the shape that it had."""
    named = {now.axis for _, now in pairs}
    if len(earlier.shape) != len(weight.shape):
        return False
    others = all(
        one == other
        for axis, (one, other) in enumerate(zip(earlier.shape, weight.shape, strict=True))
        if axis not in named
    )
    return others and all(before.size == now.size for before, now in pairs)


def _joined(earlier: Any, weight: Any, pairs: list[tuple[NamedAxis, NamedAxis]]) -> Array:
    old: Array = ops.convert_to_numpy(earlier)
    if not pairs:
        return old
    values = np.array(ops.convert_to_numpy(weight))
    # For each axis the places that both have: here, and in the earlier weight.
    places = [(np.arange(count), np.arange(count)) for count in weight.shape]
    for before, now in pairs:
        both = [name for name in now.names if name in before.names]
        places[now.axis] = _places(now, both), _places(before, both)
    here, there = zip(*places, strict=True)
    values[np.ix_(*here)] = old[np.ix_(*there)]
    return values


def _places(axis: NamedAxis, names: list[str]) -> npt.NDArray[np.int64]:
    """Where along an axis the parts of these names are, one after the other."""
    starts = np.array([list(axis.names).index(name) for name in names], np.int64) * axis.size
    return (starts[:, None] + np.arange(axis.size)).ravel()
