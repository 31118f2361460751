"""Raw logs and examples directories as TFX's examples, and what cannot become any."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from component_runs import SPEC, example_gen, manifest_of, read_split
from tfx.types import Artifact, artifact_utils

from infnet_keras.errors import DataError
from infnet_keras.spec import override_spec
from tfx_pipeline.beam.encode import ExampleEncoder
from tfx_pipeline.beam.examples import write_examples
from tfx_pipeline.beam.local_runner import LocalRunner
from tfx_pipeline.components.example_gen import executor


def test_raw_logs(examples: Artifact) -> None:
    assert artifact_utils.decode_split_names(examples.split_names) == ["train", "valid", "test"]
    impressions = manifest_of(examples.uri)["impressions"]
    assert sum(impressions.values()) == 3000
    for split, number in impressions.items():
        assert sum(1 for _ in read_split(examples.uri, split)) == number


@pytest.mark.parametrize("file_format", ["tfrecord", "parquet"])
def test_examples_written_beforehand(
    raw: Path, examples: Artifact, tmp_path: Path, file_format: str
) -> None:
    prepared = tmp_path / "prepared"
    with beam.Pipeline(runner=LocalRunner()) as pipeline:
        write_examples(pipeline, SPEC, str(raw), str(prepared), file_format=file_format)
    taken_over = example_gen(tmp_path / "gen", tmp_path / "{SPAN}", data_span="prepared")
    assert manifest_of(taken_over.uri)["file_format"] == "tfrecord"
    for split in ("train", "valid", "test"):
        assert list(read_split(taken_over.uri, split)) == list(read_split(examples.uri, split))


def test_examples_of_another_spec(examples: Artifact, tmp_path: Path) -> None:
    other = override_spec(SPEC, {"sequences.click.length": 7})
    with pytest.raises(DataError, match="written for another spec"):
        example_gen(tmp_path, Path(examples.uri), other)
    example_gen(tmp_path / "same", Path(examples.uri), override_spec(SPEC, {"model.dim": 8}))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"valid_from": "0.7", "test_from": "0.9"}, "with valid_from 0.8, this run asks for 0.7"),
        ({"test_from": "0.95"}, "with test_from 0.9, this run asks for 0.95"),
        ({"test_from": "2022-05-04"}, "'2022-05-04' is not a number such as 0.8"),
        ({"history": "past.csv"}, "the history past.csv cannot be added to the examples in"),
    ],
)
def test_examples_that_are_not_as_asked(
    examples: Artifact, tmp_path: Path, asked: dict[str, str], said: str
) -> None:
    with pytest.raises(DataError, match=re.escape(said)):
        example_gen(tmp_path, Path(examples.uri), **asked)


def test_examples_that_are_as_asked(examples: Artifact, tmp_path: Path) -> None:
    example_gen(tmp_path, Path(examples.uri), valid_from="0.80", test_from="0.9")


def test_parquet_is_encoded_a_few_rows_at_a_time(
    examples: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = tmp_path / "parquet"
    shutil.copytree(examples.uri, parquet)
    manifest = manifest_of(parquet)
    rows = pa.table({"clicks": range(10_000)})
    for split in ("train", "valid", "test"):
        pq.write_table(rows, parquet / f"Split-{split}" / "examples.parquet")
        manifest["impressions"][split] = 10_000
    (parquet / "manifest.json").write_text(json.dumps({**manifest, "file_format": "parquet"}))
    encode, encoded = ExampleEncoder.encode, []

    def noted(self: ExampleEncoder, table: pa.Table) -> list[bytes]:
        encoded.append(table.num_rows)
        return encode(self, table)

    monkeypatch.setattr(ExampleEncoder, "encode", noted)
    taken_over = example_gen(tmp_path / "gen", parquet)
    assert encoded == 3 * [4096, 4096, 1808]
    assert [row["clicks"] for row in read_split(taken_over.uri, "valid")] == [
        [number] for number in range(10_000)
    ]


def test_a_file_of_examples_is_missing(examples: Artifact, tmp_path: Path) -> None:
    incomplete = tmp_path / "incomplete"
    shutil.copytree(examples.uri, incomplete)
    for path in (incomplete / "Split-valid").glob("*.gz"):
        path.unlink()
    with pytest.raises(DataError, match=r"Split-valid holds 0 examples, its manifest says"):
        example_gen(tmp_path / "gen", incomplete)


def other_label(text: str) -> str:
    header, first, *others = text.splitlines()
    fields = first.split(",")
    fields[header.split(",").index('"click"')] = "2"
    return "\n".join([header, ",".join(fields), *others])


def cut_short(text: str) -> str:
    return text[: len(text) // 2].rsplit(",", 2)[0]


@pytest.mark.parametrize(("change", "said"), [(other_label, "click"), (cut_short, "QB-video.csv")])
def test_broken_logs(raw: Path, tmp_path: Path, change: Callable[[str], str], said: str) -> None:
    broken = tmp_path / "raw"
    shutil.copytree(raw, broken)
    for path in broken.glob("*.csv"):
        path.write_text(change(path.read_text()))
    with pytest.raises(DataError, match=said):
        example_gen(tmp_path / "gen", broken)


def test_a_file_vanishes_while_it_is_read(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = tmp_path / "raw"
    shutil.copytree(raw, logs)
    (file,) = logs.glob("*.csv")

    def then_unlink(*arguments: Any, **named: Any) -> Any:
        collection = write_examples(*arguments, **named)  # reads headers
        file.unlink()  # before the rows are read
        return collection

    monkeypatch.setattr(executor, "write_examples", then_unlink)
    with pytest.raises(DataError, match=file.name):
        example_gen(tmp_path / "gen", logs)


@pytest.mark.parametrize(("data", "span"), [("{SPAN}", ""), ("raw", "7")])
def test_a_span_without_a_place(tmp_path: Path, data: str, span: str) -> None:
    with pytest.raises(DataError, match="give both or neither"):
        example_gen(tmp_path, tmp_path / data, data_span=span)
