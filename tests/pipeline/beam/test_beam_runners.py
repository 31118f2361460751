"""The same job on several processes and on a Dask cluster."""

from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from beam_logs import SHOP_SPLIT, shop_content, write_shop
from beam_rows import read_examples

from infnet_keras.errors import DataError
from infnet_keras.spec import spec_from_dict
from tfx_pipeline.beam.examples import check_examples, write_examples

SPEC = spec_from_dict(shop_content())


@pytest.fixture
def reference(tmp_path, write) -> Path:
    """What one process writes."""
    past = write_shop(tmp_path / "raw")
    write(
        SPEC,
        tmp_path / "raw",
        tmp_path / "reference",
        history=str(past),
        file_format="parquet",
        partitions=5,
        **SHOP_SPLIT,
    )
    return tmp_path


def assert_same(directory: Path, reference: Path) -> None:
    for split in ("train", "valid", "test"):
        assert read_examples(directory, split).equals(read_examples(reference, split))
    found, expected = check_examples(str(directory)), check_examples(str(reference))
    assert found == expected
    name = "raw_examples.json"
    assert (directory / name).read_text() == (reference / name).read_text()


@pytest.mark.parametrize("mode", ["multi_processing", "multi_threading"])
def test_two_workers(reference, write, mode) -> None:
    write(
        SPEC,
        reference / "raw",
        reference / "out",
        ("--direct_num_workers=2", f"--direct_running_mode={mode}"),
        history=str(reference / "raw" / "past.parquet"),
        file_format="parquet",
        partitions=5,
        **SHOP_SPLIT,
    )
    assert_same(reference / "out", reference / "reference")


def test_a_dask_cluster_of_two_workers(reference) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        options = PipelineOptions(
            [
                "--runner=apache_beam.runners.dask.dask_runner.DaskRunner",
                f"--dask_client_address={cluster.scheduler_address}",
                "--dask_npartitions=3",
            ]
        )

        def run(output: str, raw: Path) -> None:
            pipeline = beam.Pipeline(options=options)
            write_examples(
                pipeline,
                SPEC,
                str(raw),
                output,
                history=str(reference / "raw" / "past.parquet"),
                file_format="parquet",
                partitions=5,
                **SHOP_SPLIT,
            )
            result = pipeline.run()
            result.wait_until_finish()
            result.client.close()

        run(str(reference / "out"), reference / "raw")
        assert_same(reference / "out", reference / "reference")

        with (reference / "raw" / "log_1.csv").open("a") as log:
            log.write("u1,1,1600000000,7,0,1,1.0,0\n")
        run(str(reference / "refused"), reference / "raw")
        with pytest.raises(DataError, match=r"log_1.csv: label 'clicked' holds 7"):
            check_examples(str(reference / "refused"))
