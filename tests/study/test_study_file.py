"""What a study file may say, and what its errors say."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infnet_keras.errors import SpecError
from infnet_keras.runs.configuration import Configuration
from infnet_keras.spec.models import model_options
from infnet_keras.study.loading import load_study, shipped_studies
from infnet_keras.study.row_search import RowSearch
from infnet_keras.study.rows import Rows
from infnet_keras.study.study_file import LIGHTGBM


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seedz: [1]", r"study.yaml:7: seedz: unknown key 'seedz'; did you mean 'seeds'"),
        ("models: {mmoee: {}}", r"'mmoee' is no model: say `type`; did you mean 'mmoe'"),
        ("models: {a: {type: mmoee}}", r"models.a.type: there is no model 'mmoee'; did you mean"),
        ("models: {mmoe: {tuned: 3}}", r"models.mmoe.tuned: expected true or false; found 3"),
        ("models: {}", "expected at least this many values: 1"),
        ("reference: mmoe", r"reference: there is no row 'mmoe'"),
        ("attention: shared_bottom", r"attention: the row 'shared_bottom' is no INFNet"),
        ("sweeps: {width: {key: model.dim}}", "give either `key` and `values`, or `history`"),
        ("sweeps: {width: {of: mmoe, history: [3]}}", r"sweeps.width.of: there is no row 'mmoe'"),
        ("seeds: [1, 1]", "each seed stands once"),
        ("spec: nothing", "no shipped spec 'nothing'"),
    ],
)
def test_errors_name_the_place(study_file: Path, text: str, said: str) -> None:
    content: dict[str, Any] = yaml.safe_load(study_file.read_text())
    lines = [f"{k}: {json.dumps(v)}\n" for k, v in {**content, **yaml.safe_load(text)}.items()]
    study_file.write_text("".join(lines))
    with pytest.raises(SpecError, match=said):
        load_study(study_file)


def test_a_study_that_is_not_there() -> None:
    with pytest.raises(SpecError, match="no shipped study 'dmo'; did you mean 'demo'"):
        load_study("dmo")


def rows_of(study_file: Path, **changes: Any) -> Rows:
    return Rows(load_study(study_file, changes), data="c0ffee")


def test_a_run_is_what_its_resolved_values_are(study_file: Path) -> None:
    rows = rows_of(study_file)
    one = rows.configuration("infnet", 0, {})
    assert one.identity == rows.configuration("infnet", 0, {"model.blocks": 2}).identity
    assert Configuration.of(one.content()).identity == one.identity
    others = [
        rows.configuration("infnet", 1, {}),
        rows.configuration("infnet", 0, {"model.blocks": 3}),
        rows.configuration("shared_bottom", 0, {}),
        Rows(rows.study, data="other").configuration("infnet", 0, {}),
        rows_of(study_file, backend="jax").configuration("infnet", 0, {}),
    ]
    assert len({one.identity, *(other.identity for other in others)}) == 6
    assert one.spec.training.seed == 0
    named = rows_of(study_file, models={"mine": {"type": "infnet"}})
    assert named.configuration("mine", 0, {}).identity == one.identity  # whatever it is called


def test_a_row_that_makes_no_model_is_named(study_file: Path) -> None:
    with pytest.raises(SpecError, match=r"row 'infnet' of study 'two': model\.bloks: .*'blocks'"):
        rows_of(study_file).configuration("infnet", 0, {"model.bloks": 3})
    rows = rows_of(study_file, models={"lightgbm": {"set": {"lightgbm.leavs": 3}}})
    with pytest.raises(SpecError, match=r"lightgbm\.leavs: unknown key 'leavs'; .*'leaves'"):
        rows.configuration("lightgbm", 0, {})
    with pytest.raises(SpecError, match=r"lightgbm\.leaves is of rows of type lightgbm"):
        rows.configuration("infnet", 0, {"lightgbm.leaves": 3})


def test_sweeps_and_ablations_start_from_their_row(study_file: Path) -> None:
    sweeps = {
        "width": {"key": "model.dim", "values": [4, 8]},
        "steps": {"history": [2, 9]},
    }
    rows = rows_of(study_file, sweeps=sweeps, ablations="infnet")
    dims = [rows.configuration(v.row, 0, v.values).spec.dim for v in rows.sweeps()["width"]]
    assert dims == [4, 8]
    steps = [rows.configuration(v.row, 0, v.values).spec for v in rows.sweeps()["steps"]]
    assert [spec.sequences["click"].length for spec in steps] == [2, 5]  # at most what there is
    without = [rows.configuration(v.row, 0, v.values).spec.model for v in rows.ablations()]
    assert [options.without for options in without] == [None, "task_tokens", "gates", "attention"]
    variants = rows.variants(["infnet", "shared_bottom"])
    assert len(variants) == 2 + 4 + 4
    identities = {rows.configuration(v.row, 0, v.values).identity for v in variants}
    assert len(identities) == 2 + 3 + 2  # the row itself is in the ablation and in both curves


@pytest.mark.parametrize("name", shipped_studies())
def test_shipped_studies_resolve(name: str, tmp_path: Path) -> None:
    study = load_study(name)
    rows = Rows(study, data="c0ffee")
    for variant in rows.variants(list(study.file.models)):
        one = rows.configuration(variant.row, 0, variant.values)
        assert Configuration.of(one.content()).identity == one.identity
    types = [study.file.type_of(row) for row in study.file.models]
    if name != "demo":
        assert set(types) == {*model_options(), LIGHTGBM}
        assert study.file.sweeps["width"].values == [8, 16, 32, 64, 96, 128]
    # INFNet as shipped, and the paper's, tuned as every baseline is.
    tuned = [row for row in study.file.models if study.file.searched(row)]
    assert tuned == [row for row in study.file.models if row != "infnet"]
    assert study.file.models["infnet_paper"].set == {"model.variant": "paper"}
    pytest.importorskip("optuna")
    for row in tuned:
        search = RowSearch(rows, row, tmp_path / row)
        values = search.search.ask().params
        assert search.configuration(values).identity != search.configuration({}).identity


def test_every_tuned_row_has_the_same_budget(study_file: Path) -> None:
    changes = {
        "tuning": {"trials": 4, "search": {"training.learning_rate": {"low": 0.1, "high": 1.0}}}
    }
    rows = rows_of(study_file, **changes)
    found = [RowSearch(rows, row, study_file.parent).description for row in rows.study.file.models]
    assert [one and one["trials"] for one in found] == [4, 4]
    none = rows_of(study_file, tuning={**changes["tuning"], "trials": 0})
    assert RowSearch(none, "infnet", study_file.parent).description is None
