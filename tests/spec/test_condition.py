"""Conditions against a row-by-row reading of the same tree."""

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infnet_keras.spec import Condition, ConditionError

OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NUMBERS = st.sampled_from([-2, -1, 0, 1, 3, 0.5, -1.5])
TEXTS = st.sampled_from(["", "a", "home", "or", "it is"])

# A tree is (text, a function of one row that says whether it holds).
Row = dict[str, Any]


def comparison(column: str, symbol: str, value: Any, spelt: str) -> Any:
    def holds(row: Row) -> bool:
        found = row[column]
        missing = found is None or (isinstance(found, float) and np.isnan(found))
        return not missing and bool(OPERATORS[symbol](found, value))

    return f"{column}{symbol} {spelt}", holds


comparisons = st.one_of(
    st.builds(
        lambda c, o, v: comparison(c, o, v, str(v)),
        st.sampled_from(["n", "whole"]),
        st.sampled_from(list(OPERATORS)),
        NUMBERS,
    ),
    st.builds(
        lambda o, v, quote: comparison("s", o, v, f"{quote}{v}{quote}"),
        st.sampled_from(list(OPERATORS)),
        TEXTS.filter(bool),
        st.sampled_from("'\""),
    ),
    st.builds(
        lambda o, v: comparison("flag", o, int(v), str(v).lower()),
        st.sampled_from(["==", "!="]),
        st.booleans(),
    ),
)


def larger(trees: Any) -> Any:
    return st.one_of(
        trees.map(lambda t: (f"not({t[0]})", lambda row: not t[1](row))),
        st.tuples(trees, trees).map(
            lambda p: (f"({p[0][0]}) and ({p[1][0]})", lambda row: p[0][1](row) and p[1][1](row))
        ),
        st.tuples(trees, trees).map(
            lambda p: (f"({p[0][0]}) or({p[1][0]})", lambda row: p[0][1](row) or p[1][1](row))
        ),
    )


rows = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.one_of(NUMBERS.map(float), st.just(float("nan"))),
            "whole": st.integers(-2, 3),
            "flag": st.integers(0, 1),
            "s": st.one_of(TEXTS, st.none()),
        }
    ),
    max_size=12,
)


@given(st.recursive(comparisons, larger, max_leaves=8), rows)
def test_agrees_with_reading_row_by_row(tree: Any, events: list[Row]) -> None:
    text, holds = tree
    columns = {
        "n": np.array([row["n"] for row in events], float),
        "whole": np.array([row["whole"] for row in events], np.int64),
        "flag": np.array([row["flag"] for row in events], np.int64),
        "s": np.array([row["s"] for row in events], object),
    }
    mask = Condition.parse(text).evaluate(columns)
    assert mask.dtype == bool
    assert mask.tolist() == [holds(row) for row in events]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a == 1 or a == 0 and b == 9", [True, False, False]),  # and binds before or
        ("(a == 1 or a == 0) and b == 9", [False, False, False]),
        ("not a == 1 and b == 2", [False, True, True]),  # not binds before and
        ("not (a == 1 and b == 0)", [False, True, True]),
        ("not not a == 1", [True, False, False]),
        ("a != 1", [False, True, False]),  # missing: holds for no operator,
        ("not a == 1", [False, True, True]),  # so the `not` of it does
        ("a >= 1e0", [True, False, False]),
        ("b > -1.5", [True, True, True]),
        ("a == true", [True, False, False]),
        ("a == false", [False, True, False]),
    ],
)
def test_meaning(text: str, expected: list[bool]) -> None:
    columns = {"a": np.array([1, 0, np.nan], np.float32), "b": np.array([0, 2, 2])}
    assert Condition.parse(text).evaluate(columns).tolist() == expected


def test_large_integers_are_compared_exactly() -> None:
    ids = np.array([2**53, 2**53 + 1], np.int64)
    assert Condition.parse(f"id == {2**53 + 1}").evaluate({"id": ids}).tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("x >= 16777217", np.array([2**24, 2**24 + 1.0]), [False, True]),
        ("x >= 16777217", np.array([2**24, 2**24 + 2], np.float32), [False, True]),
        ("x > 0.3", np.array([0.30000001, 0.3, 0.29999999]), [True, False, False]),
        (f"x == {2**53 + 1}", np.array([2.0**53, 2.0**53 + 2]), [False, False]),
        (f"x != {2**53 + 1}", np.array([2.0**53, np.nan]), [True, False]),
        (f"x <= {2**53 + 1}", np.array([2.0**53, 2.0**53 + 2]), [True, False]),
        (f"x > {2**53 + 3}", np.array([2.0**53 + 2, 2.0**53 + 4]), [False, True]),
        (f"x < {10**400}", np.array([1e308, np.inf]), [True, False]),
        ("x == .5", np.array([0.5, 5]), [True, False]),
        ("x >= +1.", np.array([1, 0]), [True, False]),
    ],
)
def test_floats_are_compared_exactly(text: str, values: Any, expected: list[bool]) -> None:
    assert Condition.parse(text).evaluate({"x": values}).tolist() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"id == {2**64 - 1}", [True, False, False, False]),
        (f"id >= {2**63}", [True, False, False, False]),
        ("id < 9.5", [False, True, False, True]),  # numbers: as text "9" is after "18446..."
        ("id == 1.0", [False, False, False, True]),
        ("id != 9", [True, False, False, True]),
        ('id > "5"', [False, True, False, False]),  # text, as it is told
    ],
)
def test_numbers_that_stand_as_text(text: str, expected: list[bool]) -> None:
    ids = np.array([str(2**64 - 1), "9", None, "True" if "1.0" in text else "1e0"], object)
    assert Condition.parse(text).evaluate({"id": ids}).tolist() == expected


def test_quotes_and_backticks_written_twice() -> None:
    columns = {"a`b": np.array(["it's", 'a"b', "x"], object)}
    text = "`a``b` == 'it''s' or `a``b` == \"a\"\"b\""
    assert Condition.parse(text).columns == ("a`b",)
    assert Condition.parse(text).evaluate(columns).tolist() == [True, True, False]


def test_not_missing() -> None:
    columns = {"s": np.array(["a", None], object)}
    assert Condition.parse('s != ""').evaluate(columns).tolist() == [True, False]
    assert Condition.parse('not (s != "")').evaluate(columns).tolist() == [False, True]


def test_columns_in_order_of_first_use() -> None:
    assert Condition.parse("b == 1 and (a < 2 or not b == 3)").columns == ("b", "a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a column name, the condition ends (character 1 of '')"),
        ("a = 1", "'=' is not an operator: compare with == (character 3 of 'a = 1')"),
        ("a == ", "expected a number, a quoted string, true or false, the condition ends"),
        ("a == b", "expected a number, a quoted string, true or false, found 'b' (character 6"),
        ("a", "expected a comparison after 'a' (==, !=, <, <=, >, >=), the condition ends"),
        ("1 == a", "expected a column name, found '1' (character 1"),
        ("a == 1 b == 2", "expected `and`, `or` or the end, found 'b' (character 8"),
        ("a == 1 AND b == 2", "expected `and`, `or` or the end, found 'AND' (character 8"),
        ("a == 1 and", "expected a column name, the condition ends (character 11"),
        ("(a == 1", "expected `)`, the condition ends (character 8"),
        ("a == 1)", "expected `and`, `or` or the end, found ')' (character 7"),
        ("a == 1 && b == 1", "'&' is not part of a condition: write `and` (character 8"),
        ("a == 1 | b == 1", "'|' is not part of a condition: write `or` (character 8"),
        ("!a == 1", "'!' is not part of a condition: write `not` (character 1"),
        ("a == 'home", "the string that starts with ' does not end (character 6"),
        ("a + 1 == 2", "'+' is not part of a condition (character 3"),
        ("a.b == 1", "'.' is not part of a condition: quote a column's name in backticks"),
        (
            "a == ''",
            "an empty text is a missing value, and no comparison with one holds: write `not (a",
        ),
        ("a == .", "'.' is not part of a condition"),
        ("__import__('os')", "expected a comparison after '__import__'"),
        ("a == 1 == 1", "expected `and`, `or` or the end, found '==' (character 8"),
    ],
)
def test_what_is_no_condition(text: str, message: str) -> None:
    with pytest.raises(ConditionError) as error:
        Condition.parse(text)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s == 1", "column 's' holds the text 'x': compare it with a quoted string, not with 1"),
        ("u < 1", "column 'u' holds the text 'nan': compare it with a quoted string, not with 1"),
        (
            "n == '1'",
            "column 'n' holds numbers (0 for one): compare it with a number, not with '1'",
        ),
        (
            "n == true",
            "column 'n' holds 7, which is neither true nor false: compare it with a number",
        ),
        ("i_clik == 1", "there is no column 'i_clik'; did you mean 'i_click'?"),
    ],
)
def test_what_does_not_fit_the_columns(text: str, message: str) -> None:
    columns = {
        "s": np.array([None, "1", "x"], object),
        "u": np.array(["0", "nan"]),
        "n": np.array([0, 1, 7]),
        "i_click": np.array([0, 1]),
    }
    with pytest.raises(ConditionError) as error:
        Condition.parse(text).evaluate(columns)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("`点击` == 1", "点击"),
        ("not `click:float` == 1", "click:float"),
        ("(`a (b) or c` == 1)", "a (b) or c"),
        ("`and` == 1", "and"),
        ("`plain` == 1", "plain"),
        ("`_x` == 1", "_x"),
    ],
)
def test_backticks_hold_any_name(text: str, column: str) -> None:
    condition = Condition.parse(text)
    assert condition.columns == (column,)
    holds = condition.evaluate({column: np.array([1, 0])})
    assert holds.tolist() == ([False, True] if text.startswith("not") else [True, False])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("`点击 == 1", "the column name that starts with ` does not end (character 1"),
        ("点击 == 1", "'点' is not part of a condition: quote a column's name in backticks"),
        ("click:float == 1", "':' is not part of a condition: quote a column's name in backticks"),
        ("`` == 1", "the column name that starts with ` does not end (character 1"),
    ],
)
def test_names_that_need_backticks(text: str, message: str) -> None:
    with pytest.raises(ConditionError) as error:
        Condition.parse(text)
    assert message in str(error.value)


INTEGERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1), st.sampled_from([2**53, 2**53 + 1, -(2**53) - 1, 0, 1])
)
LITERALS = st.one_of(INTEGERS, st.integers(-(2**70), 2**70), st.sampled_from([0.5, -1.5, 1e300]))


@given(
    st.lists(st.one_of(INTEGERS, st.none()), max_size=6),
    st.sampled_from(list(OPERATORS)),
    LITERALS,
)
def test_integers_compare_exactly_also_where_some_are_missing(
    values: list[int | None], symbol: str, literal: float
) -> None:
    missing = np.array([value is None for value in values], bool)
    integers = np.array([value or 0 for value in values], np.int64)
    held = Condition.parse(f"id {symbol} {literal}").evaluate(
        {"id": np.ma.MaskedArray(integers, missing)}
    )
    # Python compares an int with a float exactly.
    expected = [value is not None and OPERATORS[symbol](value, literal) for value in values]
    assert held.tolist() == expected


def test_unsigned_integers_compare_exactly() -> None:
    ids = np.array([2**64 - 1, 2**64 - 2, 0], np.uint64)
    for text, expected in (
        (f"id == {2**64 - 2}", [False, True, False]),
        ("id >= -1", [True, True, True]),
        (f"id == {2**64 - 1}.0", [True, False, False]),
    ):
        assert Condition.parse(text).evaluate({"id": ids}).tolist() == expected


def test_true_and_false_are_text_too() -> None:
    spelt = np.array(["True", "FALSE", None, "1", " false "], object)
    held = Condition.parse("bought == true").evaluate({"bought": spelt})
    assert held.tolist() == [True, False, False, True, False]
    with pytest.raises(ConditionError, match="'maybe', which is neither true nor false"):
        Condition.parse("bought == true").evaluate({"bought": np.array(["maybe"], object)})


def test_a_fraction_is_rounded_as_the_columns_values_were() -> None:
    ratio = np.array([0.1, 0.2], np.float32)
    assert Condition.parse("ratio == 0.1").evaluate({"ratio": ratio}).tolist() == [True, False]


@pytest.mark.parametrize("values", [np.array([None, None], object), np.array([], object)])
def test_a_column_without_a_value_fits_every_comparison(values: Any) -> None:
    for text in ("s == 1", "s != 'a'"):
        assert not Condition.parse(text).evaluate({"s": values}).any()
