"""Runs of the Beam job on this machine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from infnet_keras.data.examples.manifest import ExamplesManifest
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.beam.examples import check_examples, write_examples
from tfx_pipeline.beam.local_runner import with_local_runner


@pytest.fixture
def write() -> Callable[..., ExamplesManifest]:
    """Run the Beam job on this machine and check its output."""

    def run(
        spec: FeatureSpec, raw: Path, out: Path, options: tuple[str, ...] = (), **arguments: Any
    ) -> ExamplesManifest:
        with beam.Pipeline(options=PipelineOptions(with_local_runner(options))) as pipeline:
            write_examples(pipeline, spec, str(raw), str(out), **arguments)
        return check_examples(str(out))

    return run
