"""Runs every load of a load test."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infnet_keras.request.encode import encode
from infnet_keras.request.signature import Signature
from infnet_keras.request.to_array import Array
from serving.client import ModelClient, RestClient, ServingError
from serving.load_test.arrivals import arrival_times
from serving.load_test.open_loop import open_loop, saturation
from serving.load_test.options import Options
from serving.load_test.outcome import Figures, figures
from serving.load_test.sender import Sender
from serving.load_test.workload import Workload, grpc_body, rest_body
from serving.status import Code

_EXAMPLE = "assets.extra/example_request.json"
_CONNECTED = 10.0


@dataclass(frozen=True)
class Measurement:
    """The figures of one load.

    Args:
        api: "gRPC" or "REST".
        workload: what was asked.
        request_bytes: size of each request.
        saturation: answers a second with `--in-flight` requests in flight; None if the rates were
            given.
        offered: requests a second that were to be sent.
        figures: what came of them.
    """

    api: str
    workload: Workload
    request_bytes: int
    saturation: float | None
    offered: float
    figures: Figures


def measure(options: Options, tell: Callable[[str], None]) -> Iterator[Measurement]:
    """Offer every load, one after the other.

    Args:
        options: what to test and how.
        tell: given a line before something begins that takes a while.

    Raises:
        ServingError: there is no such server or model, it has no signature for a workload, the
            rows do not fit it, or it answers none of the requests that look for its saturation.
        OSError, ValueError: the request file cannot be read.
    """
    end = time.monotonic() + options.limit
    path = _request_file(options)
    for api, address in (("gRPC", options.grpc), ("REST", options.rest)):
        if not address:
            continue
        with _client(api, address, options.name) as client:
            signatures = client.metadata(timeout=_CONNECTED).signatures
        rows = _example_rows(path, signatures)
        with _sender(api, address, options) as sender:
            for workload in options.workloads:
                if workload.kind not in signatures:
                    message = f"{options.name} has no signature {workload.kind!r}: leave {workload}"
                    raise ServingError(Code.INVALID_ARGUMENT, f"{message} out of --workloads")
                inputs = workload.inputs(rows, signatures)
                if api == "gRPC":
                    body = grpc_body(options.name, workload.kind, inputs)
                else:
                    body = rest_body(workload.kind, inputs)
                if time.monotonic() >= end:
                    tell(f"the limit of {options.limit:g} s is over: {api} {workload} is left out")
                    continue
                yield from _loads(sender, body, api, workload, options, end, tell)


def _loads(
    sender: Sender,
    body: bytes,
    api: str,
    workload: Workload,
    options: Options,
    end: float,
    tell: Callable[[str], None],
) -> Iterator[Measurement]:
    most, rates = None, options.rates
    if rates is None:
        tell(f"{api} {workload}: looking for saturation")
        most = saturation(sender, body, options.seconds, options.timeout, options.in_flight)
        if not most:
            message = f"none of the {workload} requests over {api} was answered"
            raise ServingError(Code.UNAVAILABLE, message)
        rates = [most * part for part in options.loads]
    for rate in rates:
        if time.monotonic() >= end:
            tell(f"the limit of {options.limit:g} s is over: {rate:.3g}/s is left out")
            continue
        tell(f"{api} {workload}: {rate:.3g} requests a second")
        times = arrival_times(
            rate, options.seconds, options.arrivals, options.seed, options.requests
        )
        outcomes, seconds = open_loop(
            sender, body, times.tolist(), options.timeout, options.most_in_flight
        )
        yield Measurement(api, workload, len(body), most, rate, figures(outcomes, seconds))


def _client(api: str, address: str, model: str) -> ModelClient:
    if api == "REST":
        return RestClient(f"http://{address}", model)
    from serving.client import GrpcClient

    return GrpcClient(address, model)


@contextmanager
def _sender(api: str, address: str, options: Options) -> Iterator[Sender]:
    sender: Sender
    if api == "REST":
        from serving.load_test.rest_sender import RestSender

        sender = RestSender(address, options.name, max(options.in_flight, options.most_in_flight))
    else:
        from serving.load_test.grpc_sender import GrpcSender

        sender = GrpcSender(address, options.connections)
    with sender:
        yield sender


def _request_file(options: Options) -> Path:
    if options.request is not None:
        return options.request
    assert options.model is not None  # one of both is required
    versions = [int(path.name) for path in options.model.iterdir() if path.name.isdigit()]
    if not versions:
        raise ValueError(f"{options.model} holds no version; `infnet export` writes one")
    return options.model / str(max(versions)) / _EXAMPLE


def _example_rows(path: Path, signatures: Mapping[str, Signature]) -> dict[str, Array]:
    body = json.loads(path.read_text(encoding="utf-8"))
    features = body.get("instances", body.get("inputs")) if isinstance(body, dict) else None
    if not features:
        raise ValueError(f"{path} is no predict request: it has neither instances nor inputs")
    if "predict" not in signatures:
        raise ServingError(Code.INVALID_ARGUMENT, "the model has no signature 'predict'")
    return encode(features, signatures["predict"])
