"""Generated logs: the same from the same seed, accepted by prepare, with a signal in them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from infnet_keras.data import ImpressionReader, PreparedData, generate, prepare
from infnet_keras.data.generated.sources import file_names
from infnet_keras.errors import DataError
from infnet_keras.features.numpy.row_transform import RowTransform
from infnet_keras.spec import Source, load_spec, shipped_specs, spec_from_dict


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_the_same_seed_gives_the_same_bytes(tmp_path) -> None:
    spec = load_spec("minimal")
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate(spec, tmp_path / name, users=50, events=3000, seed=seed)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert files(tmp_path / "a") != files(tmp_path / "c")


@pytest.mark.parametrize("name", shipped_specs())
def test_prepare_accepts_what_is_generated_for_every_shipped_spec(tmp_path, name) -> None:
    spec = load_spec(name)
    made = generate(spec, tmp_path / "raw", users=120, events=4000, seed=0)
    assert all(file.is_file() for file in made.files)
    manifest = prepare(spec, tmp_path / "raw", tmp_path / "out", made.valid_from, made.test_from)
    assert manifest.rows_read == 4000
    assert all(manifest.impressions.values())
    for rate in manifest.label_rates["train"].values():
        assert rate is not None
        assert 0.01 < rate < 0.5
    data = PreparedData.open(tmp_path / "out")
    inputs = RowTransform(spec, data.assets)(data.raw_examples or {})
    batch = ImpressionReader(data, "train", 64).batch(0)
    assert inputs.keys() == batch.inputs.keys()
    assert all(len(ids) == 256 for ids in inputs.values())
    for feature in spec.sequence_features:
        last_batch = ImpressionReader(data, "test", 4000).batch(0)
        assert last_batch.inputs[feature.name].any(), feature.name


def odd_content(content):
    """Everything that a source can be: keys of text, several files, other types and joins."""
    content["sources"] = {
        "log": {
            "files": ["part_[ab]?.csv.gz", "more/*.parquet"],
            "time": {"column": "at", "unit": "iso8601", "timezone": "Asia/Shanghai"},
            "types": {"user": "string", "item": "string", "clicked": "float32", "place": "string"},
            "delimiter": ";",
        },
        "items": {"files": "items*", "join": "item", "types": {"brand": "string"}},
        "brands": {"files": "**/brands.csv", "join": "brand", "types": {"country": "string"}},
    }
    content["outcomes"] = ["seconds", "clicked"]
    content["fields"] |= {
        "place": {"side": "context", "vocabulary": {}},
        "brand": {"side": "item", "vocabulary": {}},
        "country": {"side": "item", "identity": 30},
        "age": {
            "side": "item",
            "boundaries": [10, 300],
            "derive": {"days_since": {"column": "since"}},
        },
    }
    content["tables"]["seconds"] = {"boundaries": [1.5, 4, 20]}
    content["sequences"]["long"] = {
        "when": "seconds >= 4 and not (place == 'home')",
        "length": 5,
        "attributes": {"seconds": "seconds", "brand": "brand_past"},
    }
    content["tables"]["brand_past"] = {"hash": 40}
    content["tasks"]["liked"] = {"label": "liked", "mask": "clicked == 1 and brand != 'none'"}
    return content


@pytest.mark.parametrize("unit", ["s", "us", "ns", "iso8601"])
def test_an_odd_spec(tmp_path, content, unit) -> None:
    content = odd_content(content)
    content["sources"]["log"]["time"]["unit"] = unit
    spec = spec_from_dict(content)
    made = generate(spec, tmp_path / "raw", users=30, events=2001, seed=0)
    written = sorted(str(path.relative_to(tmp_path / "raw")) for path in made.files)
    assert written == [
        "generated/brands.csv",
        "itemsgenerated",
        "more/generated.parquet",
        "part_a0.csv.gz",
    ]
    assert pq.read_metadata(tmp_path / "raw" / "more" / "generated.parquet").num_rows == 1001
    manifest = prepare(spec, tmp_path / "raw", tmp_path / "out", made.valid_from, made.test_from)
    assert manifest.impressions == pytest.approx({"train": 1715, "valid": 143, "test": 143}, abs=2)
    data = PreparedData.open(tmp_path / "out")
    batch = next(ImpressionReader(data, "test", 200).batches())
    assert batch.inputs["long__seconds"].any()
    assert np.isnan(batch.labels["liked"][batch.labels["click"] == 0]).all()
    assert not np.isnan(batch.labels["liked"]).all()


def test_times_increase_and_users_stay_together_where_rows_are_ordered_by_user(
    tmp_path, content
) -> None:
    generate(spec_from_dict(content), tmp_path / "by_time", users=20, events=1000, seed=0)
    times = pa.csv.read_csv(tmp_path / "by_time" / "log.csv")["time"].to_numpy()
    assert (np.diff(times) >= 0).all()
    content["sources"]["log"]["time"] = {"row_order": "user"}
    generate(spec_from_dict(content), tmp_path / "by_user", users=20, events=1000, seed=0)
    users = pa.csv.read_csv(tmp_path / "by_user" / "log.csv")["user"].to_numpy()
    assert (np.diff(users) >= 0).all()
    assert len(users) == 1000


def test_items_and_histories_tell_something_about_labels(tmp_path, content) -> None:
    """Out of sample: a linear model of the item's group, and of its overlap with past clicks."""
    content["fields"]["group"] = {"side": "item", "identity": 20}
    content["tables"]["group_past"] = {"identity": 20}
    content["sequences"]["click"] = {
        "when": "clicked == 1",
        "length": 10,
        "attributes": {"group": "group_past"},
    }
    spec = spec_from_dict(content)
    made = generate(spec, tmp_path / "raw", users=400, events=30_000, seed=0)
    prepare(spec, tmp_path / "raw", tmp_path / "out", made.valid_from, made.test_from)
    data = PreparedData.open(tmp_path / "out")
    item, both = {}, {}
    labels = {}
    for split in ("train", "test"):
        batch = next(ImpressionReader(data, split, 10**6).batches())
        group = batch.inputs["group"]
        item[split] = np.eye(30)[group]
        overlap = (batch.inputs["click__group"] == group[:, None]).mean(axis=1, keepdims=True)
        both[split] = np.concatenate([item[split], 5 * overlap], axis=1)
        labels[split] = batch.labels["click"]
    scores = []
    for features in (item, both):
        model = LogisticRegression(max_iter=200).fit(features["train"], labels["train"])
        probabilities = model.predict_proba(features["test"])[:, 1]
        scores.append(roc_auc_score(labels["test"], probabilities))
    assert scores[0] > 0.55
    assert scores[1] > scores[0] + 0.02


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("log_standard_*_pure.csv*", "log_standard_generated_pure.csv"),
        ("QB-video.csv*", "QB-video.csv"),
        ("events.parquet", "events.parquet"),
        ("part_??.csv.gz", "part_00.csv.gz"),
        ("day=[0-9]/*.csv", "day=0/generated.csv"),
    ],
)
def test_a_name_for_each_pattern(tmp_path, pattern, name) -> None:
    [made] = file_names(Source(files=pattern))
    assert made == name
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    assert [path.relative_to(tmp_path) for path in tmp_path.glob(pattern)] == [Path(name)]


def test_raw_logs_are_never_overwritten(tmp_path, spec) -> None:
    (tmp_path / "log.csv").write_text("mine")
    with pytest.raises(DataError, match=r"holds 'log.csv', which is not ours"):
        generate(spec, tmp_path, users=5, events=10, seed=0)
    assert (tmp_path / "log.csv").read_text() == "mine"


def test_counts_are_positive(tmp_path, spec) -> None:
    with pytest.raises(DataError, match="at least one user"):
        generate(spec, tmp_path / "out", users=0, events=10, seed=0)
    generate(spec, tmp_path / "out", users=1, events=1, seed=0)
    assert (tmp_path / "out" / "log.csv").read_text().count("\n") == 2
