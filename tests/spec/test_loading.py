"""Each mistake in a YAML file is one sentence with file, line and key."""

# ruff: noqa: E501 - a mistake a line reads as a table

from collections.abc import Callable
from pathlib import Path

import pytest

from infnet_keras.errors import SpecError
from infnet_keras.spec import dump_spec, load_spec, spec_from_dict
from infnet_keras.spec.document import parse_yaml

Write = Callable[..., Path]


def test_everything_that_the_spec_says_is_read(text: str, write: Write) -> None:
    spec = load_spec(write(text))
    assert spec.log_source == "events"
    assert spec.time.timezone == "Asia/Shanghai"
    assert spec.dim == 16
    assert spec.training.learning_rate == 0.001
    assert list(spec.all_tables) == [
        *("item", "tag", "user", "brand", "price", "age", "band", "hour", "clicks", "rate")
    ]
    assert [f.name for f in spec.sequence_features] == [
        "view__item",
        "view__tags",
        "click__item",
        "click__seconds",
    ]
    assert spec.sequence_features[1].max_values == 3  # from the field that reads the column
    assert spec.all_tables["tag"].first_value_id == 4
    assert spec.all_tables["age"].boundaries == [1, 7.5]
    assert spec.input_columns == {
        "user": "user",
        "item": "item",
        "tags": "item",
        "brand": "item",
        "price": "item",
        "born": "item",
        "band": "context",
        "clicks": "user",
        "rate": "user",
        "at": "context",
    }


# (what the text says, what it says instead, line, key and message)
MISTAKES = [
    # keys
    ("  view: {length", "  view: {lenght", 25, "sequences.view.lenght: unknown key 'lenght'; did you mean 'length'?"),
    ("weight: 2", "wieght: 2", 31, "tasks.click.wieght: unknown key 'wieght'; did you mean 'weight'?"),
    ("outcomes:", "otucomes:", 9, "otucomes: unknown key 'otucomes'; did you mean 'outcomes'?"),
    ("{days_since", "{day_since", 19, "fields.age.derive.day_since: unknown key 'day_since'; did you mean 'days_since'?"),
    ("item: {table: item}", "item: {tabel: item}", 29, "sequences.click.attributes.item.tabel: unknown key 'tabel'; did you mean 'table'?"),
    ("label: bought", "zzz: bought", 32, "tasks.buy.zzz: unknown key 'zzz'; valid: label, kind, scale, loss, weight, mask, missing"),
    ("label: bought, ", "", 32, "tasks.buy.label: the key 'label' is needed here and not given"),
    ("keys: {user: user, item: item}\n", "", 1, "keys: the key 'keys' is needed here and not given"),
    # values
    ("num_heads: 2", "num_heads: two", 33, "model.num_heads: expected a whole number; found 'two'"),
    ("num_heads: 2", "num_heads: true", 33, "model.num_heads: expected a whole number; found true"),
    ("num_heads: 2", "num_heads: 0", 33, "model.num_heads: expected more than 0; found 0"),
    ("num_heads: 2", "blocks: 1", 33, "model.blocks: expected at least 2; found 1"),
    ("num_heads: 2", "dropout: 1.0", 33, "model.dropout: expected less than 1.0; found 1.0"),
    ("num_heads: 2", "residual: 1", 33, "model.residual: expected true or false; found 1"),
    ("num_heads: 2", "dropout: .nan", 33, "model.dropout: expected a finite number; found nan"),
    ("[8]", "8", 33, "model.tower_hidden: expected a list; found 8"),
    ("[8]", "[8, x]", 33, "model.tower_hidden[1]: expected a whole number; found 'x'"),
    ("quantiles: 10", "quantiles: 1", 18, "fields.price.quantiles: expected at least 2; found 1"),
    ("[1, 7.5]", "[]", 19, "fields.age.boundaries: expected at least this many values: 1; found an empty list"),
    ("[1, 7.5]", "[7.5, 1]", 19, "fields.age.boundaries: the boundaries must increase strictly"),
    ("brand: int64", "brand: int46", 7, "sources.items.types.brand: expected one of int64, float32, string; found 'int46'; did you mean 'int64'?"),
    ("side: context, identity", "side: contxt, identity", 20, "fields.band.side: expected one of user, item, context; found 'contxt'; did you mean 'context'?"),
    ("hour_of_day", "hour_of_dy", 21, "fields.hour.derive: expected one of hour_of_day, day_of_week, day_of_month or a block with keys of days_since, history_count, history_rate, seconds_since; found 'hour_of_dy'; did you mean 'hour_of_day'?"),
    ("seconds: price}", "seconds: 3}", 29, "sequences.click.attributes.seconds: expected a text or a block with keys of table, multivalue, pooling, max_values; found 3: put it in quotes"),
    ("item: {table: item}", "item: {table: 3}", 29, "sequences.click.attributes.item.table: expected a text; found 3: put it in quotes"),
    ("{column: born}", "born", 19, "fields.age.derive.days_since: expected a block with keys of unit, format, column; found 'born'"),
    ("{label: clicked, weight: 2}", "clicked", 31, "tasks.click: expected a block with keys of label, kind, scale, loss, weight, mask, missing; found 'clicked'"),
    ("[a.csv, b.csv.gz]", "[]", 3, "sources.events.files: give at least one file name or pattern"),
    ("Asia/Shanghai", "Asia/Shanghia", 3, "sources.events.time.timezone: 'Asia/Shanghia' is not an IANA time zone such as Asia/Shanghai"),
    ("files: items.csv", "files: ''", 5, "sources.items.files: give at least one file name or pattern"),
    ('"|"', '""', 16, "fields.tags.multivalue: expected at least this many characters: 1; found ''"),
    # keys of one block that contradict each other
    ("vocabulary: {}, oov: 2", "vocabulary: {}, hash: 9, oov: 2", 12, "tables.tag: give exactly one of vocabulary, hash, identity, quantiles, boundaries, numeric; found vocabulary and hash"),
    (", identity: 4", "", 20, "fields.band: give exactly one of vocabulary, hash, identity, quantiles, boundaries, numeric; found none of them"),
    ("identity: 4", "identity: 4, oov: 2", 20, "fields.band: identity has one out-of-vocabulary row: drop `oov`"),
    ("identity: 4", "identity: 4, until: day", 20, "fields.band.until: unknown key 'until'; it is a key of fields.NAME.derive.history_count or of fields.NAME.derive.history_rate or of sequences.NAME"),
    ("identity: 4", "identity: 4, size: 9", 20, "fields.band: identity already says how many rows there are: drop `size`"),
    ("size: 12", "size: 2", 17, "fields.brand: size must exceed the 2 rows of padding, unknown and missing values; found 2"),
    ("item, table: item}", "item, table: item, hash: 7}", 15, "fields.item: the shared table 'item' already says how values become rows: drop either `table` or `hash`"),
    ("item, table: item}", "item, table: item, dim: 7}", 15, "fields.item: the shared table 'item' already says how values become rows: drop either `table` or `dim`"),
    ("derive: hour_of_day", "derive: hour_of_day, table: item", 21, "fields.hour: hour_of_day has a table of its own, one row a value: drop `table`"),
    ("derive: hour_of_day", "derive: hour_of_day, identity: 24, size: 9", 21, "fields.hour: hour_of_day has a table of its own, one row a value: drop `identity` and `size`"),
    ("derive: hour_of_day", "derive: hour_of_day, column: at", 21, "fields.hour: a derived field reads no column of its own: drop `column`"),
    ("derive: hour_of_day", "derive: hour_of_day, multivalue: '|'", 21, "fields.hour: a derived field has one value: drop `multivalue`"),
    ("identity: 4", "identity: 4, pooling: sum", 20, "fields.band: `pooling` and `max_values` are for several values: give their separator in `multivalue`, or drop them"),
    ("{days_since: {column: born}}", "{}", 19, "fields.age.derive: give exactly one of days_since, history_count, history_rate, seconds_since"),
    ("column: at, unit: s", "column: at, unit: s, row_order: log", 3, "sources.events.time: give either `column` (with unit and timezone) or `row_order`"),
    ("column: at, unit: s", "row_order: user", 3, "sources.events.time: `row_order` has no clock: drop `unit`, `format` and `timezone`"),
    ("decay: cosine, ", "", 34, "training.schedule: `final` needs `decay: cosine`: a constant rate ends where it starts"),
    ("training: {", "training: {weight_decay: 0.1, ", 34, "training: `weight_decay` needs `optimizer: adamw`, not adam"),
    # YAML
    ("num_heads: 2", "num_heads: 2, dim: 4", 33, "model.dim: this key is already given in line 33: keep one of the two"),
    ("tasks:\n", "fields:\n", 30, "fields: this key is already given in line 13: keep one of the two"),
    ("  band:", "  on:", 20, "fields: the key on is not read as text: put it in quotes"),
    ("tower_hidden: [8]", "tower_hidden: [8", 33, "not valid YAML: expected ',' or ']', but got '}' while parsing a flow sequence"),
    ("[8]", "!code 8", 33, "not valid YAML: could not determine a constructor for the tag '!code'"),
    ("[8]", "*widths", 33, "not valid YAML: found undefined alias 'widths'"),
    ("weight: 2", "weight: &w [*w]", 31, "an anchor contains itself: write the block out"),
    ("name: small", "name: sm\x07all", 1, "not valid YAML: special characters are not allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "message"), MISTAKES)
def test_mistake(text: str, write: Write, old: str, new: str, line: int, message: str) -> None:
    assert text.count(old) == 1
    file = write(text.replace(old, new, 1))
    with pytest.raises(SpecError) as error:
        load_spec(file)
    assert str(error.value) == f"{file}:{line}: {message}"


def test_the_first_of_several_mistakes_is_told(text: str, write: Write) -> None:
    file = write(text.replace("min_count: 2", "min_count: x").replace("num_heads: 2", "blocks: x"))
    with pytest.raises(SpecError, match=r"spec.yaml:11: tables.item.vocabulary.min_count: "):
        load_spec(file)


def test_dates_and_numbers_with_exponents(text: str, write: Write) -> None:
    spec = load_spec(write(text.replace("a.csv", "2022-04-25").replace("weight: 2", "weight: 1E2")))
    assert spec.sources["events"].files == ["2022-04-25", "b.csv.gz"]
    assert spec.tasks["click"].weight == 100.0
    assert load_spec_text(dump_spec(spec), write) == spec


def load_spec_text(text: str, write: Write) -> object:
    return load_spec(write(text, "again.yaml"))


def test_merge_keys_and_anchors(text: str, write: Write) -> None:
    anchored = text.replace("band: {side: context, identity: 4}", "band: &band {side: context, identity: 4}\n  slot: {<<: *band, identity: 5}")  # fmt: skip
    fields = load_spec(write(anchored)).fields
    assert (fields["band"].identity, fields["slot"].identity) == (4, 5)
    assert fields["slot"].side == "context"


@pytest.mark.parametrize("content", ["", "# nothing\n", "- name\n", "name\n"])
def test_a_file_without_a_mapping(write: Write, content: str) -> None:
    file = write(content)
    with pytest.raises(SpecError, match="a feature spec is a mapping of keys"):
        load_spec(file)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_bytes(b"name: \xff\xfe")
    with pytest.raises(SpecError, match="is not UTF-8 text"):
        load_spec(file)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as error:
        load_spec(tmp_path / "absent.yaml")
    assert str(tmp_path / "absent.yaml") in str(error.value)
    with pytest.raises(SpecError, match="did you mean 'kuairand_pure'"):
        load_spec("kuairand_pur")


def test_data_have_no_line(text: str, write: Write) -> None:
    data = load_spec(write(text)).model_dump(mode="json")
    assert spec_from_dict(data) == load_spec(write(text))
    data["model"]["blocks"] = 1
    with pytest.raises(SpecError) as error:
        spec_from_dict(data)
    assert str(error.value) == "model.blocks: expected at least 2; found 1"
    with pytest.raises(SpecError, match="a feature spec is a dict; found list"):
        spec_from_dict([])  # type: ignore[arg-type]


@pytest.mark.parametrize("column", ["a\x85b", "\u2028", "\ufeffx", " ", "x\r\ny", "\x7f", "点击"])
def test_a_column_of_invisible_characters_is_dumped_as_it_is(text: str, write, column) -> None:
    spec = load_spec(write(text))
    field = spec.fields[name := next(n for n, f in spec.fields.items() if f.derive is None)]
    changed = spec.model_copy(
        update={"fields": {**spec.fields, name: field.model_copy(update={"column": column})}}
    )
    assert parse_yaml(dump_spec(changed), "spec.yaml").plain()["fields"][name]["column"] == column


def test_dumped_spec_loads_back_equal(text: str, write: Write) -> None:
    spec = load_spec(write(text))
    dumped = dump_spec(spec)
    assert load_spec_text(dumped, write) == spec
    assert "null" not in dumped
    assert "patience" not in dumped  # left at its default
