"""`infnet predict`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from infnet_keras.cli.backend import start_backend
from infnet_keras.errors import DataError, InfnetError


def add_parser(groups: Any) -> None:
    """Add `predict`."""
    parser = groups.add_parser(
        "predict",
        help="ask an exported model, without a server or where it is served",
        description="Answer a TF Serving REST request from an exported model, without a server, or "
        "send it to one.",
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--model", type=Path, help="model directory, or one version of it")
    asked.add_argument(
        "--url",
        help="where a model is served: http://HOST:PORT/v1/models/NAME or grpc://HOST:PORT/NAME, "
        "with /versions/NUMBER or /labels/LABEL after it if need be",
    )
    parser.add_argument(
        "--json",
        required=True,
        metavar="FILE",
        help='the request, {"instances": [...]} or {"inputs": {...}}; - reads standard input',
    )
    parser.set_defaults(command=_predict)


def _predict(arguments: argparse.Namespace) -> None:
    payload = _payload(arguments.json)
    if arguments.url is None:
        answer = _from_directory(arguments.model, payload)
    else:
        answer = _from_server(arguments.url, payload)
    print(json.dumps(answer))


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
