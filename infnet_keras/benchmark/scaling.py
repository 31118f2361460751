"""Settings of which one size differs."""

from collections.abc import Callable

from infnet_keras.benchmark.setting import Setting
from infnet_keras.benchmark.shapes import rows_of, spec_of

_FACTORS = {
    "history": (0.25, 0.5, 1.0, 2.0),
    "fields": (0.5, 1.0, 2.0, 4.0),
    "vocabulary": (0.1, 1.0, 10.0),
}
_BLOCKS = (2, 3, 4, 6)
_BATCHES = (0.25, 0.5, 1.0, 2.0)
SCALING = (*_FACTORS, "blocks", "batch")


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
    if factor == "blocks":
        settings = [base._replace(blocks=blocks) for blocks in _BLOCKS]
    elif factor == "batch":
        settings = [base._replace(batch=max(round(base.batch * each), 1)) for each in _BATCHES]
    else:
        settings = [base._replace(**{factor: each}) for each in _FACTORS[factor]]
    return {SIZES[factor](setting): setting for setting in settings}


def _steps(setting: Setting) -> int:
    return sum(feature.length for feature in spec_of(setting).sequence_features)


SIZES: dict[str, Callable[[Setting], int]] = {
    "history": _steps,
    "fields": lambda setting: len(spec_of(setting).fields),
    "vocabulary": lambda setting: sum(rows_of(spec_of(setting)).values()),
    "blocks": lambda setting: setting.blocks,
    "batch": lambda setting: setting.batch,
}
