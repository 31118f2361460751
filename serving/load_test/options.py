"""The command line of the load test."""

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from serving.load_test.arrivals import Process
from serving.load_test.workload import Workload

Element = TypeVar("Element")
WORKLOADS = "predict-1,predict-32,predict-256,rank-100,rank-500"


@dataclass(frozen=True)
class Options:
    """What to test and how; see the help of each flag."""

    name: str
    grpc: str
    rest: str
    connections: int
    workloads: list[Workload]
    loads: list[float]
    arrivals: Process
    seed: int
    seconds: float
    requests: int
    timeout: float
    in_flight: int
    most_in_flight: int
    limit: float
    model: Path | None = None
    request: Path | None = None
    rates: list[float] | None = None
    csv: Path | None = None
    plot: Path | None = None


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Read a command line; exits with a message if it is wrong.

    Args:
        arguments: without the program's name; None takes the process's.
    """
    parser = argparse.ArgumentParser(
        prog="infnet benchmark serving",
        description="Measure latency and errors of a served model against offered load. Requests "
        "leave at set times whatever the answers do; latency counts from those times.",
        allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--name", required=True, help="the model's name at the server")
    rows = parser.add_mutually_exclusive_group(required=True)
    rows.add_argument(
        "--model",
        type=Path,
        default=argparse.SUPPRESS,
        help="directory of `infnet export`; the example request of its latest version gives the "
        "rows of which requests are made",
    )
    rows.add_argument(
        "--request",
        type=Path,
        default=argparse.SUPPRESS,
        help="a file with the body of a REST predict request, which gives the rows instead",
    )
    add("--grpc", default="127.0.0.1:8500", help="gRPC address of the server; empty leaves it out")
    add("--rest", default="127.0.0.1:8501", help="REST address of the server; empty leaves it out")
    add("--connections", type=_count, default=1, help="over which gRPC requests leave, by turns")
    add(
        "--workloads",
        type=_list(Workload.parse),
        default=WORKLOADS,
        help="what is asked: rows of `predict`, candidates of `rank`",
    )
    add(
        "--rates",
        type=_list(_positive),
        default=argparse.SUPPRESS,
        help="requests a second to offer; left out, they are parts of the saturation load, which "
        "is then measured first",
    )
    add("--loads", type=_list(_positive), default="0.25,0.5,0.75,0.9", help="those parts")
    add("--arrivals", choices=("poisson", "fixed"), default="poisson", help="how requests leave")
    add("--seed", type=int, default=0, help="of the Poisson arrivals")
    add("--seconds", type=_positive, default=10.0, help="how long each load is offered")
    add("--requests", type=_count, default=10_000, help="requests of each load at most")
    add("--timeout", type=_positive, default=10.0, help="seconds after which none is waited for")
    add("--in-flight", type=_count, default=32, help="requests in flight to find saturation")
    add("--most-in-flight", type=_count, default=128, help="requests in flight at most")
    add("--limit", type=_positive, default=900.0, help="seconds after which no load is begun")
    add("--csv", type=Path, default=argparse.SUPPRESS, help="file for the figures")
    add("--plot", type=Path, default=argparse.SUPPRESS, help="file for a plot (.png, .svg, .pdf)")
    given = vars(parser.parse_args(arguments))
    options = Options(**given)
    if not options.grpc and not options.rest:
        parser.error("--grpc and --rest are both empty: there is nothing to ask")
    return options


def _list(read: Callable[[str], Element]) -> Callable[[str], list[Element]]:
    def elements(text: str) -> list[Element]:
        try:
            return [read(part.strip()) for part in text.split(",")]
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return elements


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value
