"""The arguments that name a spec and change single values of it."""

import argparse
from typing import Any

from infnet_keras.errors import SpecError
from infnet_keras.spec import FeatureSpec, load_spec, override_spec, read_value


def add_spec(parser: argparse.ArgumentParser) -> None:
    """Add `--spec`."""
    parser.add_argument(
        "--spec", required=True, help="a YAML file, or the name of a shipped spec (qb_video, ...)"
    )


def add_set(parser: argparse.ArgumentParser) -> None:
    """Add `--set`."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="replace a value of the spec, such as model.dim=64; the value is YAML; repeatable",
    )


def resolved_spec(spec: str, replacements: list[str]) -> FeatureSpec:
    """The spec with the values of `--set`.

    Args:
        spec: a YAML file or the name of a shipped spec.
        replacements: "key=value" each, the value in YAML.

    Raises:
        SpecError: the spec is wrong, or a replacement is.
    """
    loaded = load_spec(spec)
    values = replacement_values(replacements)
    return override_spec(loaded, values) if values else loaded


def replacement_values(replacements: list[str]) -> dict[str, Any]:
    """The values of `--set`, by dotted key.

    Args:
        replacements: "key=value" each, the value in YAML.

    Raises:
        SpecError: one is something else.
    """
    return dict(_replacement(text) for text in replacements)


def _replacement(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise SpecError(f"--set {text}: expected KEY=VALUE, such as model.dim=64")
    return key, read_value(value)


def add_split_starts(parser: argparse.ArgumentParser) -> None:
    """Add `--valid-from` and `--test-from`, which `split_starts` completes from the spec."""
    parser.add_argument(
        "--valid-from",
        metavar="START",
        help="first local day (YYYY-MM-DD) or time ('YYYY-MM-DD HH:MM') of validation, or the "
        "fraction of the rows before it (0.8), the only way for a log in row order; default: the "
        "spec's `splits`",
    )
    parser.add_argument(
        "--test-from",
        metavar="START",
        help="first day, time or fraction of the test; default: as above",
    )
