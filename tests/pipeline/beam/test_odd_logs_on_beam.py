"""Random odd logs: the Beam job writes the rows that prepare writes."""

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from hypothesis import given
from odd_logs import OddLog, odd_logs
from odd_values import odd
from test_equal_to_prepare import assert_equal

from infnet_keras.data import PreparedData, prepare
from infnet_keras.spec import spec_from_dict
from tfx_pipeline.beam.examples import check_examples, write_examples
from tfx_pipeline.beam.local_runner import with_local_runner

SPLIT = {"valid_from": "2200-01-01", "test_from": "2200-01-02"}


@odd(3, cost=10)
@given(odd_logs())
def test_beam_reads_what_prepare_reads(tmp_path_factory, log: OddLog) -> None:
    raw = log.write(tmp_path_factory.mktemp("raw"))
    spec = spec_from_dict(log.content)
    prepare(spec, raw, raw / "out", **SPLIT)
    with beam.Pipeline(options=PipelineOptions(with_local_runner(()))) as pipeline:
        write_examples(
            pipeline,
            spec,
            str(raw),
            str(raw / "examples"),
            file_format="parquet",
            partitions=2,
            **SPLIT,
        )
    check_examples(str(raw / "examples"))
    assert_equal(PreparedData.open(raw / "out"), raw / "examples")
