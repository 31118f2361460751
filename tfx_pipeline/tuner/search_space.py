"""The `tuning` block of a spec as keras_tuner's search space."""

from keras_tuner import HyperParameters

from infnet_keras.errors import SpecError
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.blocks import alternatives, annotation_at
from infnet_keras.spec.document import Node
from infnet_keras.spec.pipeline_options import Search


def search_space(spec: FeatureSpec) -> HyperParameters:
    """One hyperparameter for each key of the spec that is searched, under its dotted key.

    A range of whole numbers is searched where the key takes no others.

    Args:
        spec: with a `tuning` block; its `model: type` says which options there are.

    Raises:
        SpecError: the choices for a key are of several types.

    Example:
        >>> search_space(spec).values
        {'training.learning_rate': 0.0005, 'model.dim': 32}
    """
    assert spec.tuning is not None
    document = Node.of(spec.model_dump(mode="json"))
    space = HyperParameters()
    for key, search in spec.tuning.search.items():
        if search.choices is not None:
            space.Choice(key, _choices(key, search.choices))
        else:
            _add_range(space, key, search, document)
    return space


def _choices(
    key: str, choices: list[bool | int | float | str]
) -> list[bool] | list[int] | list[float] | list[str]:
    types = {type(choice) for choice in choices}
    if types == {int, float}:
        return [float(choice) for choice in choices]
    if len(types) > 1:
        found = ", ".join(sorted(kind.__name__ for kind in types))
        raise SpecError(f"tuning.search.{key}: the choices are of several types ({found})")
    return choices  # type: ignore[return-value]  # all of one type


def _add_range(space: HyperParameters, key: str, search: Search, document: Node) -> None:
    assert search.low is not None  # the spec's checks ask for both
    assert search.high is not None
    kinds = alternatives(annotation_at(tuple(key.split(".")), document))
    if int in kinds and float not in kinds:
        space.Int(key, round(search.low), round(search.high), sampling=search.scale)
    else:
        space.Float(key, search.low, search.high, sampling=search.scale)
