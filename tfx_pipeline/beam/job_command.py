"""What the command lines of the Beam jobs share: errors as sentences, and whole directories."""

import argparse
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from infnet_keras.errors import DataError, InfnetError
from infnet_keras.files.whole_directory import output_directory
from tfx_pipeline.beam.storage import is_local, storage_of

_ERROR, _INTERRUPTED = 2, 130
Manifest = TypeVar("Manifest")


def add_verbose(parser: argparse.ArgumentParser) -> None:
    """Add `--verbose`, which `exit_code` is given."""
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="print the traceback of an error that is not the input's",
    )


def exit_code(run: Callable[[], None], verbose: bool) -> int:
    """Run a job.

    Args:
        run: the job.
        verbose: whether to print the traceback of an error that is not the input's.

    Returns:
        0; 2 for a user's mistake or a failed run, said in one sentence on standard error; 130 if
        interrupted.
    """
    try:
        run()
    except InfnetError as error:
        say(f"error: {error}")
        return _ERROR
    except Exception as error:  # Beam's: credentials, a bucket, a job that a cluster gave up
        if verbose:
            traceback.print_exc()
        say(f"error: {type(error).__name__}: {_said(error)}")
        return _ERROR
    except KeyboardInterrupt:
        say("interrupted")
        return _INTERRUPTED
    return 0


def written_whole(
    output: str, own_names: frozenset[str], purpose: str, write: Callable[[str], Manifest]
) -> Manifest:
    """Write a directory. A local one appears at once; elsewhere its manifest, the last file, says
    that it is complete.

    Args:
        output: where it goes.
        own_names: what an earlier one may consist of.
        purpose: what is written, for errors.
        write: writes it to the place that it is given, and returns its manifest.

    Raises:
        DataError: there is something else at the place.
    """
    if is_local(output):
        with output_directory(Path(output), own_names, purpose) as directory:
            return write(str(directory))
    if storage_of(output).match(output, "*"):
        raise DataError(
            f"{output} is not empty, and its file system cannot replace a directory at once: "
            "choose a new one"
        )
    return write(output)


def say(line: str) -> None:
    """Print a line to standard error."""
    print(line, file=sys.stderr)


def _said(error: Exception) -> str:
    """In one line. A runner's message may be the whole traceback of a worker."""
    lines = str(error).strip().splitlines()
    return lines[-1] if "Traceback" in str(error) else " ".join(map(str.strip, lines))
