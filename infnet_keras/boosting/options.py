"""Options of the boosted trees."""

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from infnet_keras.spec.base import Block


class LightGBMOptions(Block):
    """Options of LightGBM, one forest of trees per task, and of the features that it reads."""

    trees: PositiveInt = 500
    """Trees of a task at most."""
    patience: PositiveInt = 30
    """Stop after so many trees without a better validation AUC of the task."""
    learning_rate: PositiveFloat = 0.05
    """How much of what is left a tree explains."""
    leaves: int = Field(default=63, ge=2)
    """Leaves of a tree at most."""
    min_rows: PositiveInt = 100
    """Training impressions in a leaf at least."""
    l2: NonNegativeFloat = 1.0
    """L2 penalty on a leaf's value."""
    feature_fraction: float = Field(default=0.5, gt=0.0, le=1.0)
    """Part of the features that a tree may split by."""
    rate_strength: PositiveFloat = 20.0
    """Impressions that the task's own rate is worth in the rate of a value."""
    folds: int = Field(default=5, ge=2)
    """Parts of the training impressions; a rate never counts the part of its own row."""
    rows: PositiveInt = 2_000_000
    """Training impressions that trees are grown on at most; rates are counted on all of them."""
