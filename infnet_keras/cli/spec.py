"""`infnet spec`: check a spec, print its grammar."""

from __future__ import annotations

import argparse
import json
from typing import Any

from infnet_keras.cli.backend import start_backend
from infnet_keras.cli.spec_arguments import add_set, resolved_spec
from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec, json_schema, options_page, summarize
from infnet_keras.spec.lookup_group import LookupGroup
from infnet_keras.spec.summary import group_tables


def add_parser(groups: Any) -> None:
    """Add `spec check`, `spec schema` and `spec options`."""
    commands = groups.add_parser("spec", help="check a feature spec, print its grammar")
    commands = commands.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser(
        "check", help="check a spec and summarise it: fields, tables, sequences, tasks, sizes"
    )
    check.add_argument("file", help="a YAML file, or the name of a shipped spec")
    add_set(check)
    check.add_argument(
        "--build",
        action="store_true",
        help="build the model too, which takes the start of a backend, and count its parameters",
    )
    check.set_defaults(command=_check)

    schema = commands.add_parser("schema", help="print the JSON schema of the YAML, for editors")
    schema.set_defaults(command=_schema)

    options = commands.add_parser("options", help="print every key of a spec as Markdown")
    options.set_defaults(command=_options)


def _check(arguments: argparse.Namespace) -> None:
    spec = resolved_spec(arguments.file, arguments.set)
    groups = spec.model.lookup_groups(spec)
    parameters = None
    if arguments.build:
        progress = Progress.on_stderr()
        start_backend(None, progress)
        with progress.phase("building the model"):
            parameters = _model_parameters(spec, groups)
    print(summarize(spec, model_parameters=parameters, lookup_groups=groups))


def _schema(arguments: argparse.Namespace) -> None:
    print(json.dumps(json_schema(), indent=2))


def _options(arguments: argparse.Namespace) -> None:
    print(options_page(), end="")


def _model_parameters(spec: FeatureSpec, groups: list[LookupGroup]) -> int | None:
    """Parameters of the model over the declared tables; None without all sizes.

    Tables are built with a single value each and their other rows counted, so that a table of any
    size costs nothing here.
    """
    rows = {name: table.rows() for name, table in spec.embedding_tables.items()}
    if None in rows.values():
        return None
    from infnet_keras.models import MODELS

    built = {name: table.first_value_id + 1 for name, table in spec.embedding_tables.items()}
    model_class: Any = MODELS[spec.model.type]
    model = model_class(spec, built)
    model.build()
    left_out = sum(
        ((rows[table] or 0) - built[table]) * width
        for group in groups
        for table, width in group_tables(spec, group).items()
    )
    left_out += sum(
        ((rows[table] or 0) - built[table]) * vectors.width
        for table, vectors in spec.vectors.items()
        if table in model.embedded_inputs.vector_embeddings
    )
    return int(model.count_params()) + left_out
