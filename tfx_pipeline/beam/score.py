"""`python -m tfx_pipeline.beam.score`: a table of raw rows to a directory of scores."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from infnet_keras.cli.beam_arguments import parsed_with_beam
from infnet_keras.cli.predict_table import add_rows
from infnet_keras.data.examples.manifest import FILE_NAME
from tfx_pipeline.beam.example_file import TEMPORARY
from tfx_pipeline.beam.finish import FAILURE
from tfx_pipeline.beam.job_command import add_verbose, exit_code, say, written_whole
from tfx_pipeline.beam.local_runner import with_local_runner
from tfx_pipeline.beam.scoring.scores import check_scores, write_scores
from tfx_pipeline.beam.storage import is_local


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
    options = PipelineOptions(with_local_runner(beam_options))
    FileSystems.set_options(options)

    def write(output: str) -> dict[str, Any]:
        with beam.Pipeline(options=options) as pipeline:
            write_scores(
                pipeline,
                parsed.model,
                parsed.data,
                output,
                keep=parsed.keep,
                split=parsed.split,
                batch_size=parsed.batch_size,
                refuse_unreadable=parsed.refuse_unreadable,
            )
        return check_scores(output)

    manifest = written_whole(parsed.out, _own_names(parsed.out), "scores", write)
    for line in manifest["unreadable"]:
        say(line)
    say(f"{sum(manifest['rows'].values()):,} rows")
    print(parsed.out)


def _own_names(out: str) -> frozenset[str]:
    """What an earlier directory of scores may hold: the files that its manifest names."""
    files = Path(out).glob("scores-*-of-*.parquet") if is_local(out) else ()
    return frozenset({FILE_NAME, FAILURE, TEMPORARY, *(path.name for path in files)})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tfx_pipeline.beam.score",
        description="Score a table of raw rows with an exported model, as `infnet predict --data` "
        "does. Arguments that are not listed here go to Beam (--runner, --direct_num_workers, "
        "...).",
        allow_abbrev=False,
    )
    parser.add_argument("--model", required=True, help="model directory, or one version of it")
    add_rows(parser, required=True)
    parser.add_argument("--out", required=True, help="directory of scores to write")
    add_verbose(parser)
    return parser


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
