"""What a search may try, as Optuna's distributions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infnet_keras.errors import InfnetError, SpecError
from infnet_keras.spec.base import Block
from infnet_keras.spec.blocks import alternatives, annotation_at
from infnet_keras.spec.document import Node
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.pipeline_options import Search as Searched

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution


def search_space(
    searched: Mapping[str, Searched], document: Mapping[str, Any], top: type[Block] = FeatureSpec
) -> "dict[str, BaseDistribution]":
    """One distribution for each dotted key.

    A range of whole numbers is searched where the key takes no others.

    Args:
        searched: key -> the values to try.
        document: what the keys are of, JSON data; its `type` says which of several blocks it has.
        top: the block that the document is.

    Raises:
        SpecError: there is no such key.
        InfnetError: Optuna is not installed.

    Example:
        >>> spec = load_spec("minimal").model_dump(mode="json")
        >>> search_space({"model.dim": Searched(low=8, high=64, scale="log")}, spec)
        {'model.dim': IntDistribution(high=64, log=True, low=8, step=1)}
    """
    optuna = import_optuna()
    found = {}
    for key, values in searched.items():
        annotation = annotation_at(tuple(key.split(".")), Node.of(dict(document)), top)
        if annotation is None:
            raise SpecError(f"{key}: there is no such key to search")
        if values.choices is not None:
            found[key] = optuna.distributions.CategoricalDistribution(values.choices)
            continue
        assert values.low is not None  # as the block checks
        assert values.high is not None
        log, kinds = values.scale == "log", alternatives(annotation)
        if int in kinds and float not in kinds:
            low, high = round(values.low), round(values.high)
            found[key] = optuna.distributions.IntDistribution(low, high, log=log)
        else:
            found[key] = optuna.distributions.FloatDistribution(values.low, values.high, log=log)
    return found


def import_optuna() -> Any:
    """Optuna, which is an extra; it says no more than warnings.

    Raises:
        InfnetError: it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise InfnetError(
            "a search needs Optuna, which is not installed: pip install 'infnet-keras[study]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
