"""`python -m tfx_pipeline.run_local`: raw logs to a blessed, pushed model on this machine."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console

from infnet_keras.cli.beam_arguments import parsed_with_beam
from infnet_keras.cli.spec_arguments import add_set, add_spec, add_split_starts, resolved_spec
from infnet_keras.data.history.splits import split_starts
from infnet_keras.errors import DataError, InfnetError
from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec

_NOT_BLESSED, _ERROR, _INTERRUPTED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the pipeline.

    Args:
        arguments: of the command line, without the program's name; None takes the process's.

    Returns:
        The exit code: 0, 1 if the model was not blessed, 2 for a user's mistake or a failed step
        (said in one sentence on standard error), 130 if interrupted.
    """
    parsed, beam_options = parsed_with_beam(_parser(), arguments)
    try:
        spec = resolved_spec(parsed.spec, parsed.set)
        root = _local_directory(parsed.root)
        log = _log_file(root)
    except InfnetError as error:
        print(f"error: {error}", file=sys.stderr)
        return _ERROR
    screen, errors = _send_output_to(log)
    try:
        blessed, line = _run(
            spec, parsed, root, beam_options, screen, Progress(Console(file=errors))
        )
    except InfnetError as error:
        logging.exception("the run failed")
        print(f"error: {error}; the whole log is {log}", file=errors)
        return _ERROR
    except Exception as error:  # TFX's and Beam's: a traceback is for the log
        logging.exception("the run failed")
        print(f"error: {type(error).__name__}: {error}; the whole log is {log}", file=errors)
        return _ERROR
    except KeyboardInterrupt:
        print("interrupted: the same command goes on after the last finished step", file=errors)
        return _INTERRUPTED
    print(line, file=screen)
    return 0 if blessed or parsed.allow_unblessed else _NOT_BLESSED


def _run(
    spec: FeatureSpec,
    parsed: argparse.Namespace,
    root: Path,
    beam_options: list[str],
    screen: TextIO,
    progress: Progress,
) -> tuple[bool, str]:
    """Whether the model was blessed, and the line that says so."""
    with progress.phase("starting TFX", at_once=True):
        from apache_beam.io.filesystems import FileSystems
        from apache_beam.options.pipeline_options import PipelineOptions

        from tfx_pipeline.code_version import data_code
        from tfx_pipeline.components.example_gen.executor import data_directory
        from tfx_pipeline.fingerprint import fingerprint
        from tfx_pipeline.local_dag_runner import ReportingDagRunner
        from tfx_pipeline.pipeline import RunParameters, create_pipeline
        from tfx_pipeline.verdict import verdict

    FileSystems.set_options(PipelineOptions(beam_options))  # for what is read before a pipeline
    directory = data_directory(parsed.data, parsed.data_span)
    valid_from, test_from = split_starts(spec, parsed.valid_from, parsed.test_from)
    with progress.phase("looking at the data"):
        found = fingerprint(spec, directory, parsed.history) + data_code()
    pipeline = create_pipeline(
        spec,
        name=spec.name,
        root=str(root / "artifacts"),
        serving_directory=str(root / "serving_model" / spec.name),
        run=RunParameters(
            data=parsed.data,
            history=parsed.history or "",
            valid_from=str(valid_from),
            test_from=str(test_from),
            data_span=parsed.data_span,
            fingerprint=found,
            warm_start=parsed.warm_start and _earlier_run(parsed.warm_start),
        ),
        baselines="metadata",
        tune=parsed.tune,
        beam_options=beam_options,
        metadata_path=str(root / "metadata.sqlite"),
        enable_cache=True,
    )
    runner = ReportingDagRunner(progress, lambda line: print(line, file=screen, flush=True))
    runner.run(pipeline)
    return verdict(runner.outputs)


def _local_directory(root: str) -> Path:
    if "://" in root:
        raise DataError(
            f"--root {root} is not on this machine: TFX's metadata here is a SQLite file; give a "
            "local directory, or compile the pipeline for Kubeflow"
        )
    return Path(root).absolute()


def _earlier_run(run: str) -> str:
    if not Path(run, "model.keras").exists():
        raise DataError(
            f"--warm-start {run} holds no model.keras: name the directory of a trained run, such "
            "as artifacts/Trainer/model_run/NUMBER/run below the --root of an earlier run"
        )
    return str(Path(run).resolve())


def _log_file(root: Path) -> Path:
    directory = root / "logs"
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"cannot write to {root}: {error.strerror}; choose another --root"
        ) from error
    return directory / time.strftime("%Y-%m-%dT%H-%M-%S.log")


def _send_output_to(log: Path) -> tuple[TextIO, TextIO]:
    """Everything that this process and its children write goes to a log file.

    Returns:
        Standard output and error as they were, for the lines that are for people.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    screen, errors = (
        os.fdopen(os.dup(stream.fileno()), "w", buffering=1) for stream in (sys.stdout, sys.stderr)
    )
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o666)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    return screen, errors


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tfx_pipeline.run_local",
        description="Raw logs to a blessed, pushed model on this machine. Run again, steps whose "
        "input did not change are taken from the cache. Arguments that are not listed here go to "
        "Beam (--direct_num_workers, --runner, ...).",
        allow_abbrev=False,
    )
    add_spec(parser)
    add_set(parser)
    parser.add_argument(
        "--data",
        required=True,
        help="directory that the spec's `files` start from, or an examples directory; {SPAN} in it "
        "stands for --data-span",
    )
    parser.add_argument(
        "--root", required=True, help="directory of artifacts, metadata, logs and pushed models"
    )
    parser.add_argument(
        "--history", help="file of events from before the log: they only seed histories"
    )
    add_split_starts(parser)
    parser.add_argument("--data-span", default="", help="which delivery of data, such as a day")
    parser.add_argument(
        "--warm-start",
        default="",
        metavar="RUN",
        help="begin training with the model of an earlier run: `run` in what Trainer wrote, or a "
        "run of `infnet train`",
    )
    parser.add_argument(
        "--tune", action="store_true", help="search the spec's `tuning` block before training"
    )
    parser.add_argument(
        "--allow-unblessed",
        action="store_true",
        help="exit with 0 also if the model does not pass its gates; it is not pushed either way",
    )
    return parser


if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "tensorflow"  # what Transform's graph is made of
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
