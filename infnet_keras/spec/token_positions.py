"""The tokens that a spec's model attends to, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


class Position(NamedTuple):
    """A token that queries look at.

    `source` is a field, a behaviour and its attribute (`click.video_id`) or, with fused tokens, a
    behaviour. `step` is None for a field, else -1 for the latest event, -2 for the one before.
    """

    source: str
    step: int | None


class TokenSequence(NamedTuple):
    """One sequence of tokens: its name, the inputs whose embeddings are summed, its length."""

    source: str
    inputs: tuple[str, ...]
    length: int


def token_sequences(spec: FeatureSpec, fused: bool = False) -> list[TokenSequence]:
    """The sequences of tokens that a model may read, in the order of the model's inputs.

    Args:
        spec: the feature spec.
        fused: a behaviour is one sequence, its attributes being summed step by step; else every
            attribute of a behaviour is a sequence of its own.

    Example:
        >>> token_sequences(load_spec("qb_video"))[0]
        TokenSequence(source='click.item_id', inputs=('click__item_id',), length=50)
    """
    found: dict[str, TokenSequence] = {}
    for feature in spec.sequence_features:
        source = feature.sequence if fused else f"{feature.sequence}.{feature.column}"
        earlier = found[source].inputs if source in found else ()
        found[source] = TokenSequence(source, (*earlier, feature.name), feature.length)
    return list(found.values())


def token_positions(spec: FeatureSpec, fused: bool = False) -> list[Position]:
    """Every token: the fields in the spec's order, then each sequence from its oldest step on.

    Args:
        spec: the feature spec.
        fused: as `token_sequences` takes it.

    Example:
        >>> token_positions(load_spec("qb_video"))[-1]
        Position(source='share.watching_times', step=-1)
    """
    positions = [Position(field, None) for field in spec.fields]
    for source, _, length in token_sequences(spec, fused):
        positions += [Position(source, step) for step in range(-length, 0)]
    return positions
