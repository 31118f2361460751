"""The tokens that a spec's model attends to, by name."""

from typing import NamedTuple

from infnet_keras.spec.feature_spec import FeatureSpec


class Position(NamedTuple):
    """A token that queries look at.

    `source` is a field, a behaviour and its attribute (`click.video_id`) or, with fused tokens, a
    behaviour. `step` is None for a field, else -1 for the latest event, -2 for the one before.
    """

    source: str
    step: int | None


class TokenSequence(NamedTuple):
    """One sequence of tokens: its name, the input whose ids say which steps it has, its length."""

    source: str
    input: str
    length: int


def token_sequences(spec: FeatureSpec) -> list[TokenSequence]:
    """The sequences of tokens, in the order of the model's tokens.

    Example:
        >>> token_sequences(load_spec("qb_video"))[0]
        TokenSequence(source='click.item_id', input='click__item_id', length=50)
    """
    found: dict[str, TokenSequence] = {}
    for feature in spec.sequence_features:
        each = spec.tokens == "per_attribute"
        source = f"{feature.sequence}.{feature.column}" if each else feature.sequence
        found.setdefault(source, TokenSequence(source, feature.name, feature.length))
    return list(found.values())


def token_positions(spec: FeatureSpec) -> list[Position]:
    """Every token: the fields in the spec's order, then each sequence from its oldest step on.

    Example:
        >>> token_positions(load_spec("qb_video"))[-1]
        Position(source='share.watching_times', step=-1)
    """
    positions = [Position(field, None) for field in spec.fields]
    for source, _, length in token_sequences(spec):
        positions += [Position(source, step) for step in range(-length, 0)]
    return positions
