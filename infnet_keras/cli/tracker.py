"""`--track`: an experiment tracker beside the run directory."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from infnet_keras.errors import InfnetError
from infnet_keras.spec import FeatureSpec

TRACKERS = ("mlflow", "wandb")


def add_track(parser: argparse.ArgumentParser) -> None:
    """Add `--track`."""
    parser.add_argument(
        "--track",
        choices=TRACKERS,
        help="send the values and evaluations of the run to this experiment tracker too",
    )


def check_track(name: str | None) -> None:
    """Refuse before a backend starts what can be refused.

    Raises:
        InfnetError: the tracker is not installed.
    """
    if name is not None and find_spec(name) is None:
        raise InfnetError(
            f"{name} is not installed, and --track {name} needs it: "
            f"pip install 'infnet-keras[{name}]'"
        )


@contextmanager
def tracked(
    name: str | None, spec: FeatureSpec, run: Path
) -> Iterator[Callable[[Any], None] | None]:
    """What each evaluation of a run is told to, as `train` takes it; None without a tracker."""
    if name is None:
        yield None
        return
    # With Keras, which has started by now.
    from infnet_keras.training.tracking.mlflow_tracker import MLflowTracker
    from infnet_keras.training.tracking.tracker import closing
    from infnet_keras.training.tracking.wandb_tracker import WandbTracker

    made = {"mlflow": MLflowTracker, "wandb": WandbTracker}[name](spec, run)
    with closing(made):
        yield made.evaluated
