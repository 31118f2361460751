"""Runs the Beam job on raw logs, or takes over an examples directory."""

import logging
from typing import Any

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from tfx.components.util import examples_utils
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.proto import example_gen_pb2
from tfx.types import Artifact, artifact_utils

from infnet_keras.data.examples.manifest import FILE_NAME, ExamplesManifest
from infnet_keras.data.history.splits import SPLITS
from infnet_keras.errors import DataError
from infnet_keras.spec import parse_spec
from tfx_pipeline.beam.examples import check_examples, write_examples
from tfx_pipeline.beam.storage import storage_of
from tfx_pipeline.components.example_gen.prepared_examples import check_asked, take_over

SPAN = "{SPAN}"


class Executor(BaseBeamExecutor):
    """Executor of `ExampleGen`."""

    def Do(
        self,
        input_dict: dict[str, list[Artifact]],
        output_dict: dict[str, list[Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write Split-train, Split-valid, Split-test and the manifest into the artifact.

        Raises:
            DataError: the data cannot be used; the message names file, column and value.
        """
        spec = parse_spec(exec_properties["spec"])
        data = data_directory(exec_properties["data"], exec_properties["data_span"])
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        FileSystems.set_options(PipelineOptions(self._beam_pipeline_args))
        if storage_of(data).match(data, FILE_NAME):
            manifest = ExamplesManifest.load(data, storage_of(data))
            check_asked(
                spec,
                manifest,
                data,
                exec_properties["history"],
                exec_properties["valid_from"],
                exec_properties["test_from"],
            )
            with self._make_beam_pipeline() as pipeline:
                check_whole = take_over(pipeline, manifest, data, examples.uri)
            manifest = check_whole()
        else:
            with self._make_beam_pipeline() as pipeline:
                write_examples(
                    pipeline,
                    spec,
                    data,
                    examples.uri,
                    history=exec_properties["history"] or None,
                    valid_from=exec_properties["valid_from"] or None,
                    test_from=exec_properties["test_from"] or None,
                    progress=logging.warning,
                )
            manifest = check_examples(examples.uri)
        for reason, count in manifest.counters.items():
            logging.info("%s: %d", reason, count)
        for split in SPLITS:
            if not manifest.impressions.get(split):
                raise DataError(
                    f"the {split} part of {data} holds no impression: validation starts at "
                    f"{manifest.valid_from} and the test at {manifest.test_from}, move them"
                )
        examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
        examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
        examples_utils.set_file_format(examples, "tfrecords_gzip")


def data_directory(data: str, data_span: str) -> str:
    """The directory with `{SPAN}` replaced.

    Raises:
        DataError: the span is missing, or has no place in the directory.
    """
    if (SPAN in data) != bool(data_span):
        raise DataError(
            f"the data directory is {data!r} and the span {data_span!r}: a span takes the place of "
            f"{SPAN} in the directory's name, give both or neither"
        )
    return data.replace(SPAN, data_span)
