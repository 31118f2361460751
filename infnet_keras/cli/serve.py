"""`infnet serve`."""

import argparse
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from infnet_keras.errors import ExportError

_REST_PORT = 8501


def add_parser(groups: Any) -> None:
    """Add `serve`."""
    parser = groups.add_parser(
        "serve",
        help="serve exported models over TensorFlow Serving's REST and gRPC APIs",
        description="Serve exported models with the embedded server: TensorFlow Serving's REST API "
        f"on port {_REST_PORT} and its gRPC API on port 8500, on this machine alone unless --host "
        "says otherwise.",
        epilog="Every other flag is tensorflow_model_server's: python -m serving.server --help.",
    )
    parser.add_argument(
        "--model",
        required=True,
        action="append",
        type=_named_directory,
        metavar="NAME=DIR",
        help="serve the versions under DIR as NAME; may be given several times",
    )
    parser.set_defaults(command=_serve, others=[])


def _named_directory(text: str) -> tuple[str, Path]:
    name, separator, directory = text.partition("=")
    if not separator or not name or not directory:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=DIR")
    return name, Path(directory).resolve()


def _serve(arguments: argparse.Namespace) -> None:
    for name, directory in arguments.model:
        if not directory.is_dir():
            raise ExportError(
                f"there is no directory {directory} to serve {name} from; `infnet export` writes "
                "one"
            )
    if find_spec("serving") is None or find_spec("uvicorn") is None:
        raise ExportError("serving needs more packages: pip install 'infnet-keras[serving]'")
    flags = [f"--rest_api_port={_REST_PORT}", *_models(arguments.model), *arguments.others]
    # The server stands above this package: it is run, not imported.
    os.execv(sys.executable, [sys.executable, "-m", "serving.server", *flags])


def _models(models: list[tuple[str, Path]]) -> list[str]:
    if len(models) == 1:
        name, directory = models[0]
        return [f"--model_name={name}", f"--model_base_path={directory}"]
    entries = "".join(
        f'  config {{ name: "{_escape(name)}" base_path: "{_escape(str(directory))}" '
        'model_platform: "tensorflow" }\n'
        for name, directory in models
    )
    with tempfile.NamedTemporaryFile("w", suffix=".config", delete=False) as file:
        file.write(f"model_config_list {{\n{entries}}}\n")
    return [f"--model_config_file={file.name}"]


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
