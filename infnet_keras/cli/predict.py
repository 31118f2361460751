"""`infnet predict`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from infnet_keras.cli.backend import start_backend
from infnet_keras.errors import DataError


def add_parser(groups: Any) -> None:
    """Add `predict`."""
    parser = groups.add_parser(
        "predict",
        help="ask an exported model, without a server",
        description="Answer a TF Serving REST request from an exported model, without a server.",
    )
    parser.add_argument(
        "--model", required=True, type=Path, help="model directory, or one version of it"
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
    start_backend("tensorflow")
    from infnet_keras.export import predict

    print(json.dumps(predict(arguments.model, payload)))


def _payload(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise DataError(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{file} is not JSON: {error}") from error
