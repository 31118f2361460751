"""Which impressions are trained on, where not all are."""

from typing import Annotated

from pydantic import Field

from infnet_keras.spec.base import Block


class Sample(Block):
    """A sample of the training impressions; validation and test stay whole.

    What is left out of training is still an event: it is in histories, counts and vocabularies.
    """

    negatives: Annotated[float, Field(gt=0.0, le=1.0)]
    """The share that is kept of the impressions on which no binary task's label is 1. Each that is
    kept weighs 1 / share in every task's loss, so that probabilities need no correction."""
