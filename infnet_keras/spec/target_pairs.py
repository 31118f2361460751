"""Which of a candidate's fields the steps of a history are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec, SequenceFeature


class TargetHistory(NamedTuple):
    """A behaviour as target attention reads it.

    `inputs` are the model's inputs that a step is made of. Of those in `keys` the fields in
    `queries` hold what the candidate has, in the same order; without any, the behaviour has nothing
    to be compared by.
    """

    sequence: str
    inputs: tuple[str, ...]
    keys: tuple[str, ...]
    queries: tuple[str, ...]
    length: int


def target_histories(spec: FeatureSpec) -> list[TargetHistory]:
    """Every behaviour, with the pairs of (attribute, field) that target attention compares.

    An attribute is compared with the field that reads the same column, else with the first item
    field of the same table. One without such a field is part of a step, and not compared.

    Args:
        spec: the feature spec.

    Example:
        >>> target_histories(load_spec("minimal"))[0].queries
        ('item', 'category')
    """
    found: dict[str, TargetHistory] = {}
    for feature in spec.sequence_features:
        field = feature.field or _item_field(spec, feature)
        pair = ((), ()) if field is None else ((feature.name,), (field,))
        before = found.get(
            feature.sequence, TargetHistory(feature.sequence, (), (), (), feature.length)
        )
        found[feature.sequence] = before._replace(
            inputs=(*before.inputs, feature.name),
            keys=before.keys + pair[0],
            queries=before.queries + pair[1],
        )
    return list(found.values())


def _item_field(spec: FeatureSpec, feature: SequenceFeature) -> str | None:
    return next(
        (
            name
            for name, field in spec.fields.items()
            if field.side == "item" and spec.field_table(name) == feature.table
        ),
        None,
    )
