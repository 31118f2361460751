"""`infnet predict`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from infnet_keras.cli.backend import add_backend, start_backend
from infnet_keras.cli.predict_table import add_table, predict_table
from infnet_keras.cli.run_arguments import add_run
from infnet_keras.errors import DataError, InfnetError


def add_parser(groups: Any) -> None:
    """Add `predict`."""
    parser = groups.add_parser(
        "predict",
        help="ask an exported model, without a server or where it is served; score a table",
        description="Answer a TF Serving REST request from an exported model, without a server, or "
        "send it to one (--json); or score a table of raw rows of any size with an exported model "
        "or that of a run (--data, --out).",
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--model", type=Path, help="model directory, or one version of it")
    add_run(asked, required=False)
    asked.add_argument(
        "--url",
        help="where a model is served: http://HOST:PORT/v1/models/NAME or grpc://HOST:PORT/NAME, "
        "with /versions/NUMBER or /labels/LABEL after it if need be",
    )
    parser.add_argument(
        "--json",
        metavar="FILE",
        help='the request, {"instances": [...]} or {"inputs": {...}}; - reads standard input',
    )
    add_table(parser)
    add_backend(parser)
    parser.set_defaults(command=_predict, parser=parser)


def _predict(arguments: argparse.Namespace) -> None:
    _check(arguments)
    if arguments.data is not None:
        predict_table(arguments)
        return
    payload = _payload(arguments.json)
    if arguments.url is None:
        answer = _from_directory(arguments.model, payload)
    else:
        answer = _from_server(arguments.url, payload)
    print(json.dumps(answer))


def _check(arguments: argparse.Namespace) -> None:
    """End the program, as argparse does, where arguments do not go together."""
    error = arguments.parser.error
    if (arguments.json is None) == (arguments.data is None):
        error("one of the arguments --json, --data is required")
    if arguments.data is None:
        if arguments.run is not None:
            error("--run scores a table (--data); a request goes to --model or --url")
        of_table = (arguments.out, arguments.split, arguments.keep, arguments.refuse_unreadable)
        if any(of_table):
            error("--out, --split, --keep and --refuse-unreadable go with --data")
    elif arguments.url is not None:
        error("--data is scored by --model or --run; a server is sent a request (--json)")
    elif arguments.out is None:
        error("the following arguments are required: --out")
    if arguments.run is None and arguments.backend not in (None, "tensorflow"):
        error("--backend is for --run: an exported model runs on TensorFlow")


def _from_directory(model: Path, payload: Any) -> Any:
    start_backend("tensorflow")
    from infnet_keras.export import predict

    return predict(model, payload)


def _from_server(url: str, payload: Any) -> Any:
    from serving.client import ModelAddress, ServingError, answer

    try:
        address = ModelAddress.parse(url)
        if not address.is_rest:
            start_backend("tensorflow")  # which the messages of gRPC are part of
        with address.connect() as client:
            return answer(client, payload, address.version, address.label)
    except ModuleNotFoundError as error:
        raise InfnetError(
            f"{error.name} is not installed, which --url needs: pip install 'infnet-keras[serving]'"
        ) from error
    except ServingError as error:
        # Refused before it was sent: in the words that --model has for it.
        said = str(error) if error.address else error.message
        raise InfnetError(said) from error


def _payload(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{file} is not JSON: {error}") from error
