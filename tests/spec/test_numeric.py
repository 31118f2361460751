"""Fields that enter as numbers: what the grammar takes, and what it refuses."""

from typing import Any

import pytest

from infnet_keras.errors import SpecError
from infnet_keras.features.assets import Assets, definition_of
from infnet_keras.models.spec_model import input_features
from infnet_keras.spec import (
    FeatureSpec,
    dump_spec,
    load_spec,
    override_spec,
    parse_spec,
    summarize,
)

PRICE: dict[str, Any] = {"side": "item", "numeric": {}}


def spec(**changes: Any) -> FeatureSpec:
    return override_spec(load_spec("minimal"), {"fields.cost": PRICE, **changes})


def test_it_is_a_field_without_a_table() -> None:
    found = spec()
    assert list(found.numbers) == ["cost"]
    assert "cost" not in found.embedding_tables
    assert found.fitting_columns.count("cost") == 1
    assert parse_spec(dump_spec(found)) == found
    line = next(line for line in summarize(found).splitlines() if line.startswith("cost"))
    assert line.split(maxsplit=4) == ["cost", "item", "cost", "none", "numeric, standard, linear"]
    feature = next(f for f in input_features(found) if f.name == "cost")
    assert (feature.table, feature.width, feature.frequencies) == (None, 1, 0)


def test_a_column_may_be_a_number_and_a_bucket() -> None:
    found = spec(**{"fields.band": {"side": "item", "column": "cost", "quantiles": 5}})
    assert list(found.input_columns).count("cost") == 1


def test_an_attribute_is_compared_with_the_field_of_ids_that_reads_its_column() -> None:
    changes = {
        "tables.band": {"boundaries": [1.0]},
        "sequences.view.attributes.cost": "band",
    }
    assert spec(**changes).sequence_feature("view", "cost").field is None
    both = spec(
        **changes, **{"fields.band_of": {"side": "item", "column": "cost", "table": "band"}}
    )
    assert both.sequence_feature("view", "cost").field == "band_of"


def test_what_its_token_is_made_of_changes_no_number() -> None:
    plain = definition_of(spec())
    bent = {"side": "item", "numeric": {"embedding": "periodic", "frequencies": 3}}
    assert definition_of(spec(**{"fields.cost": bent})) == plain
    for numeric in ({"transform": "log"}, {"clip": 3.0}):
        assert definition_of(spec(**{"fields.cost.numeric": numeric})) != plain


def test_specs_without_numbers_have_the_definition_that_they_had() -> None:
    """Data of earlier versions stay good."""
    assert not any("numeric" in t for t in definition_of(load_spec("minimal"))["tables"].values())
    Assets(definition_of(load_spec("minimal")), {}, {}, {})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fields.cost.numeric.transform": "square"}, r"fields\.cost\.numeric\.transform"),
        ({"fields.cost.numeric.clip": 0.0}, r"fields\.cost\.numeric\.clip"),
        ({"fields.cost.numeric.frequencies": 4}, r"a linear embedding has no frequencies"),
        ({"fields.cost.quantiles": 4}, r"give exactly one of .*; found quantiles and numeric"),
        ({"fields.cost.dim": 4}, r"`numeric` has no rows.*drop `dim`"),
        ({"fields.cost.missing": "own"}, r"`numeric` has no rows.*drop `missing`"),
        ({"fields.cost.multivalue": ","}, r"a field of numbers has one value each"),
        ({"fields.cost.table": "item"}, r"drop either `table` or `numeric`"),
        (
            {"fields.hour": {"side": "context", "derive": "hour_of_day", "numeric": {}}},
            r"hour_of_day has a table of its own, one row a value: drop `numeric`",
        ),
        (
            {"tables.cost_table": {"numeric": {}}},
            r"a table has rows, and a number reads none: say `numeric` in each field",
        ),
        (
            {"sequences.view.attributes.cost": "cost"},
            r"the field 'cost' is `numeric`, and a step of a history has no number",
        ),
        (
            {"sources.events.types": {"cost": "string"}},
            r"column 'cost' is declared string, and numeric needs numbers",
        ),
    ],
)
def test_what_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        spec(**changes)


@pytest.mark.parametrize(
    "derive",
    [
        {"history_count": {"sequence": "click"}},
        {"history_rate": {"sequence": "click", "of": "view", "prior": 0.1, "strength": 1.0}},
        {"seconds_since": {"sequence": "click"}},
    ],
)
def test_derived_numbers_may_be_numeric(derive: dict[str, Any]) -> None:
    field = {"side": "user", "derive": derive, "numeric": {"transform": "log"}}
    assert "more" in spec(**{"fields.more": field}).numbers
