"""One that is measured."""

from collections.abc import Callable
from typing import Any, NamedTuple

PARTS = ("model", "backbone")


class Entry(NamedTuple):
    """What names a contender.

    Attributes:
        name: "infnet" or another model of this package; "plain", "attention"; "fuxictr DIN", ...
        part: "model" is all from ids to a step of the optimiser, "backbone" INFNet's blocks alone.
    """

    name: str
    part: str = "model"


class Contender(NamedTuple):
    """Calls that run once and wait until everything is computed.

    Attributes:
        forward: the answers of a batch.
        training: a step of training on it; of a backbone, the gradients by tokens and weights.
    """

    forward: Callable[[], Any]
    training: Callable[[], Any]
