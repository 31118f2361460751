"""`python -m tfx_pipeline.beam.prepare`: raw logs to an examples directory."""

import argparse
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from infnet_keras.cli.beam_arguments import parsed_with_beam
from infnet_keras.cli.spec_arguments import add_set, add_spec, add_split_starts, resolved_spec
from infnet_keras.data.examples.manifest import FILE_NAME, ExamplesManifest
from infnet_keras.data.history.splits import SPLITS
from infnet_keras.data.preparation.join_misses import join_lines
from infnet_keras.data.preparation.rows_without_user import without_user_lines
from infnet_keras.errors import DataError, InfnetError
from infnet_keras.features.raw_examples_file import RAW_EXAMPLES
from infnet_keras.files.whole_directory import output_directory
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.beam.example_file import TEMPORARY
from tfx_pipeline.beam.examples import check_examples, write_examples
from tfx_pipeline.beam.finish import FAILURE, SPEC
from tfx_pipeline.beam.local_runner import with_local_runner
from tfx_pipeline.beam.storage import is_local, storage_of

_OWN_NAMES = frozenset(
    {FILE_NAME, FAILURE, RAW_EXAMPLES, SPEC, TEMPORARY, *(f"Split-{split}" for split in SPLITS)}
)
_ERROR, _INTERRUPTED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the Beam job.

    Args:
        arguments: of the command line, without the program's name; None takes the process's.

    Returns:
        The exit code: 0, 2 for a user's mistake or a failed run (said in one sentence on standard
        error), 130 if interrupted.
    """
    parsed, beam_options = parsed_with_beam(_parser(), arguments)
    try:
        spec = resolved_spec(parsed.spec, parsed.set)
        options = PipelineOptions(with_local_runner(beam_options))
        FileSystems.set_options(options)
        manifest = _run(parsed, spec, options)
    except InfnetError as error:
        print(f"error: {error}", file=sys.stderr)
        return _ERROR
    except Exception as error:  # Beam's: credentials, a bucket, a job that a cluster gave up
        if parsed.verbose:
            traceback.print_exc()
        print(f"error: {type(error).__name__}: {_said(error)}", file=sys.stderr)
        return _ERROR
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    for reason, count in manifest.counters.items():
        print(f"{reason}: {count:,}", file=sys.stderr)
    for line in without_user_lines(_by_source(manifest, "rows_without_user")):
        _say(line)
    missed = _by_source(manifest, "joins_missed")
    for line in join_lines(spec, missed, sum(manifest.impressions.values())):
        _say(line)
    print(parsed.output)
    return 0


def _run(
    parsed: argparse.Namespace, spec: FeatureSpec, options: PipelineOptions
) -> ExamplesManifest:
    """A local directory appears at once; elsewhere it is complete once its manifest is there."""

    def write(output: str) -> ExamplesManifest:
        with beam.Pipeline(options=options) as pipeline:
            write_examples(
                pipeline,
                spec,
                parsed.input,
                output,
                history=parsed.history,
                valid_from=parsed.valid_from,
                test_from=parsed.test_from,
                file_format=parsed.format,
                partitions=parsed.partitions,
                progress=_say,
            )
        return check_examples(output)

    if is_local(parsed.output):
        return _in_place_of(Path(parsed.output), write)
    if storage_of(parsed.output).match(parsed.output, "*"):
        raise DataError(
            f"{parsed.output} is not empty, and its file system cannot replace a directory at "
            "once: choose a new one"
        )
    return write(parsed.output)


def _in_place_of(output: Path, write: Callable[[str], ExamplesManifest]) -> ExamplesManifest:
    with output_directory(output, _OWN_NAMES, "examples") as directory:
        return write(str(directory))


def _said(error: Exception) -> str:
    """In one line. A runner's message may be the whole traceback of a worker."""
    lines = str(error).strip().splitlines()
    return lines[-1] if "Traceback" in str(error) else " ".join(map(str.strip, lines))


def _by_source(manifest: ExamplesManifest, reason: str) -> dict[str, int]:
    """The counters of a reason, for each source."""
    counters = manifest.counters.items()
    return {
        counter.partition(":")[2]: count
        for counter, count in counters
        if counter.startswith(f"{reason}:")
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tfx_pipeline.beam.prepare",
        description="Turn raw logs into an examples directory. Arguments that are not listed here "
        "go to Beam (--runner, --direct_num_workers, ...).",
        allow_abbrev=False,
    )
    add_spec(parser)
    add_set(parser)
    parser.add_argument(
        "--input", required=True, help="directory that the spec's `files` start from"
    )
    parser.add_argument("--output", required=True, help="examples directory to write")
    add_split_starts(parser)
    parser.add_argument(
        "--history", help="file of events from before the log: they only seed histories"
    )
    parser.add_argument(
        "--format",
        choices=("tfrecord", "parquet"),
        default="tfrecord",
        help="what to write (default: tfrecord, compressed with gzip)",
    )
    parser.add_argument(
        "--partitions",
        type=int,
        help="parts of the users, each ordered in one worker's memory (default: one per 250,000 "
        "rows, at most 100,000)",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="print the traceback of an error that is not the input's",
    )
    return parser


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
