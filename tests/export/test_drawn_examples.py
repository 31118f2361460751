"""Rows drawn from what a model knows serve where no rows of the log are at hand."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infnet_keras.export import export_run
from infnet_keras.export.drawn_examples import drawn_examples
from infnet_keras.features import Assets, RowTransform, read_raw
from infnet_keras.features.assets import definition_of
from infnet_keras.features.number_spread import NumberSpread
from infnet_keras.features.raw_examples_file import save_raw_examples
from infnet_keras.spec import FeatureSpec


def test_every_kind_of_value_occurs(spec: FeatureSpec, assets: Assets) -> None:
    rows = drawn_examples(spec, assets, rows=400)
    transform = RowTransform(spec, assets)
    raw = read_raw(transform.inputs, rows)
    ids = transform(rows)
    assert {len(column) for column in raw.values()} == {400}
    # A missing value, an unknown one and every fitted one.
    assert {*rows["tag"]} >= {None, "unheard of"}
    assert {value for value in rows["video_id"] if value is not None} >= {10, -3, 7, 2**63 - 1}
    for name, table in (("video_id", "video"), ("duration", "duration"), ("clicks", "clicks"),
                        ("age", "age"), ("tab", "tab"), ("hour", "hour")):  # fmt: skip
        distinct = len(np.unique(ids[name]))
        assert distinct > min(assets.table_rows(spec)[table], 25) // 2, name
    for name, numeric in spec.numbers.items():
        if name != "exact_age":  # of dates, which are drawn near the impression
            assert {-numeric.clip, numeric.clip} & set(ids[name].tolist()), name
        assert np.isnan(ids[name]).any(), name
        assert len(np.unique(ids[name])) > 5, name
    assert any("," in tags for tags in rows["tag"] if tags is not None)
    for behaviour, length in (("view", 4), ("click", 3)):
        lengths = np.array(rows[f"{behaviour}__length"])
        assert lengths.min() == 0
        assert (lengths == 0).mean() == pytest.approx(0.25, abs=0.1)
        assert lengths.max() > length


def test_rows_are_those_of_the_seed(spec: FeatureSpec, assets: Assets) -> None:
    assert drawn_examples(spec, assets) == drawn_examples(spec, assets)
    assert drawn_examples(spec, assets) != drawn_examples(spec, assets, seed=1)


@pytest.mark.parametrize(
    ("time", "dtype"),
    [
        ({"unit": "s"}, "int64"),
        ({"unit": "s"}, "string"),
        ({"unit": "iso8601"}, "string"),
        ({}, "string"),
        ({}, "int64"),
        ({"format": "%m/%d/%Y %I:%M:%S %p"}, "string"),
        ({"format": "%y%m%d%H"}, "int64"),
    ],
)
def test_times_are_spelt_as_in_the_log(
    spec: FeatureSpec, assets: Assets, time: dict[str, Any], dtype: Any
) -> None:
    spelt = {"column": "time_ms", "timezone": "Europe/Berlin", **time}
    content = spec.model_dump(mode="json", exclude_unset=True)
    content["sources"]["log"]["time"] = spelt
    changed = type(spec).model_validate(content)
    types = {**assets.column_types, "time_ms": dtype}
    own = replace(assets, definition=definition_of(changed), column_types=types)
    rows = drawn_examples(changed, own, rows=400)
    hours = RowTransform(changed, own)(rows)["hour"]
    assert len(np.unique(hours[hours > 1])) > 20  # of 24
    assert 0.6 < (hours > 1).mean() < 0.95


def test_tables_that_were_fitted_to_nothing(spec: FeatureSpec, assets: Assets) -> None:
    empty = Assets(
        assets.definition,
        assets.column_types,
        {"video": [], "tag": []},
        {"duration": []},
        dict.fromkeys(spec.numbers, NumberSpread(0.0, 0.0)),
    )
    ids = RowTransform(spec, empty)(drawn_examples(spec, empty))
    assert {len(column) for column in ids.values()} == {64}


@pytest.fixture(scope="module")
def run(build_model: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the model that exports fastest, with two rows of its own."""
    model = build_model({"model.type": "shared_bottom"})
    rows = {name: column[:2] for name, column in drawn_examples(model.spec, model.assets).items()}
    rows["user_id"] = ["zoe", "zoe"]
    run: Path = tmp_path_factory.mktemp("run")
    model.save(run / "model.keras")
    save_raw_examples(run, rows)
    assert b"zoe" not in (run / "model.keras").read_bytes()
    return run


@pytest.mark.long
@pytest.mark.backend("tensorflow")
def test_an_export_without_rows_of_the_log(
    run: Path, spec: FeatureSpec, assets: Assets, tmp_path: Path
) -> None:
    (tmp_path / "model.keras").symlink_to(run / "model.keras")
    path = export_run(tmp_path, tmp_path / "drawn")
    request = json.loads((path / "assets.extra" / "example_request.json").read_text())
    first = {name: column[0] for name, column in drawn_examples(spec, assets).items()}
    assert request["instances"][0]["view__length"] == first["view__length"]


@pytest.mark.long
@pytest.mark.backend("tensorflow")
def test_a_run_brings_its_own_rows(run: Path, tmp_path: Path) -> None:
    path = export_run(run, tmp_path / "models")
    request = json.loads((path / "assets.extra" / "example_request.json").read_text())
    assert [row["user_id"] for row in request["instances"]] == ["zoe", "zoe"]
    path = export_run(run, tmp_path / "models", keep_examples=False)
    assert path == tmp_path / "models" / "2"
    assert not (path / "assets.extra").exists()
    assert (path / "saved_model.pb").is_file()
    assert all(b"zoe" not in file.read_bytes() for file in path.rglob("*") if file.is_file())
