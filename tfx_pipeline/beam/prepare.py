"""`python -m tfx_pipeline.beam.prepare`: raw logs to an examples directory."""

import argparse
import os
import sys
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from infnet_keras.cli.beam_arguments import parsed_with_beam
from infnet_keras.cli.spec_arguments import add_set, add_spec, add_split_starts, resolved_spec
from infnet_keras.data.examples.manifest import FILE_NAME, LEFT_OUT, ExamplesManifest
from infnet_keras.data.history.splits import SPLITS
from infnet_keras.data.preparation.join_misses import join_lines
from infnet_keras.data.preparation.rows_without_user import without_user_lines
from infnet_keras.features.raw_examples_file import RAW_EXAMPLES
from tfx_pipeline.beam.example_file import TEMPORARY
from tfx_pipeline.beam.examples import check_examples, write_examples
from tfx_pipeline.beam.finish import FAILURE, SPEC
from tfx_pipeline.beam.job_command import add_verbose, exit_code, say, written_whole
from tfx_pipeline.beam.local_runner import with_local_runner

_OWN_NAMES = frozenset(
    {FILE_NAME, FAILURE, RAW_EXAMPLES, SPEC, TEMPORARY, *(f"Split-{split}" for split in SPLITS)}
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the Beam job.

    Args:
        arguments: of the command line, without the program's name; None takes the process's.

    Returns:
        The exit code: 0, 2 for a user's mistake or a failed run (said in one sentence on standard
        error), 130 if interrupted.
    """
    parsed, beam_options = parsed_with_beam(_parser(), arguments)
    return exit_code(lambda: _run(parsed, beam_options), parsed.verbose)


def _run(parsed: argparse.Namespace, beam_options: list[str]) -> None:
    spec = resolved_spec(parsed.spec, parsed.set)
    options = PipelineOptions(with_local_runner(beam_options))
    FileSystems.set_options(options)

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
                progress=say,
            )
        return check_examples(output)

    manifest = written_whole(parsed.output, _OWN_NAMES, "examples", write)
    for reason, count in manifest.counters.items():
        say(f"{reason}: {count:,}")
    for line in without_user_lines(_by_source(manifest, "rows_without_user")):
        say(line)
    missed = _by_source(manifest, "joins_missed")
    written = sum(manifest.impressions.values()) + manifest.counters.get(LEFT_OUT, 0)
    for line in join_lines(spec, missed, written):
        say(line)
    print(parsed.output)


def _by_source(manifest: ExamplesManifest, reason: str) -> dict[str, int]:
    """The counters of a reason, for each source."""
    counters = manifest.counters.items()
    return {
        counter.partition(":")[2]: count
        for counter, count in counters
        if counter.startswith(f"{reason}:")
    }


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
    add_verbose(parser)
    return parser


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
