"""Settings of which one size differs."""

from collections.abc import Callable

from infnet_keras.benchmark.setting import Setting
from infnet_keras.benchmark.shapes import rows_of, spec_of

_VARIED: dict[str, Callable[[Setting], list[Setting]]] = {
    "history": lambda base: [base._replace(history=each) for each in (0.25, 0.5, 1.0, 2.0)],
    "fields": lambda base: [base._replace(fields=each) for each in (0.5, 1.0, 2.0, 4.0)],
    "vocabulary": lambda base: [base._replace(vocabulary=each) for each in (0.1, 1.0, 10.0)],
    "blocks": lambda base: [base._replace(blocks=each) for each in (2, 3, 4, 6)],
    "batch": lambda base: [
        base._replace(batch=max(round(base.batch * each), 1)) for each in (0.25, 0.5, 1.0, 2.0)
    ],
}
SCALING = tuple(_VARIED)


def scaled(base: Setting, factor: str) -> dict[int, Setting]:
    """Settings that differ from a base in one size alone.

    Args:
        base: the setting that is varied.
        factor: one of `SCALING`.

    Returns:
        The size -> the setting: steps of all sequences, fields, rows of all tables, blocks, or
        examples of a batch.

    Example:
        >>> list(scaled(Setting("pure", batch=64), "batch"))
        [16, 32, 64, 128]
    """
    size = SIZES[factor]
    return {size(setting): setting for setting in _VARIED[factor](base)}


def _steps(setting: Setting) -> int:
    return sum(feature.length for feature in spec_of(setting).sequence_features)


SIZES: dict[str, Callable[[Setting], int]] = {
    "history": _steps,
    "fields": lambda setting: len(spec_of(setting).fields),
    "vocabulary": lambda setting: sum(rows_of(spec_of(setting)).values()),
    "blocks": lambda setting: setting.blocks,
    "batch": lambda setting: setting.batch,
}
