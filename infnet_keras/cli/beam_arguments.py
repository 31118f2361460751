"""The command lines of programs that hand options which are not their own to Beam."""

import argparse
from collections.abc import Sequence


def parsed_with_beam(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None
) -> tuple[argparse.Namespace, list[str]]:
    """A program's own arguments, and the options for Beam.

    Beam's options have underscores and those it does not know are dropped. An own option written
    with underscores therefore ends the program, as argparse ends it: it would do nothing.

    Args:
        parser: of the program's own options.
        arguments: of the command line, without the program's name; None takes the process's.

    Example:
        >>> parsed_with_beam(parser, ["--valid-from=0.8", "--direct_num_workers=2"])
        (Namespace(valid_from='0.8'), ['--direct_num_workers=2'])
    """
    parsed, beam_options = parser.parse_known_args(arguments)
    own = {option for action in parser._actions for option in action.option_strings}
    for option in beam_options:
        name = option.partition("=")[0]
        if name.startswith("--") and (meant := name.replace("_", "-")) in own:
            parser.error(f"there is no option {name}; write {meant}")
    return parsed, beam_options
