"""Any name is served under one that TensorFlow takes, and a request goes by either."""

import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infnet_keras.served_names import CANDIDATE_COUNT, find_served, served_names

LEGAL = re.compile("[A-Za-z][A-Za-z0-9_]*")
NAMES = st.sets(
    st.text(st.sampled_from("aA1_: 用é(-.\x00"), max_size=8)
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "self",
            "class",
            "None",
            "self:",
            "id",
            "_id",
            "x_id",
            "candidate_count",
            "candidate count",
        ]
    ),
    max_size=12,
)


def is_legal(name: str) -> bool:
    reserved = keyword.iskeyword(name) or name in ("self", CANDIDATE_COUNT)
    return LEGAL.fullmatch(name) is not None and not reserved


@given(NAMES)
def test_served_names_are_legal_and_distinct_and_legal_ones_stay(names):
    served = served_names(names)
    assert set(served) == names
    assert len(set(served.values())) == len(names)
    for name, given_name in served.items():
        assert is_legal(given_name)
        assert not is_legal(name) or given_name == name


@given(NAMES)
def test_a_name_finds_what_it_is_served_under(names):
    served = served_names(names)
    assert {name: find_served(name, set(served.values())) for name in names} == served


@given(st.lists(st.text(min_size=1, max_size=5), max_size=4, unique=True))
def test_the_inputs_of_a_behaviour_begin_alike(columns):
    served = served_names([f"点击__{column}" for column in columns] + ["点击__length"])
    start = served["点击__length"].removesuffix("length")
    assert all(name.startswith(start) for name in served.values())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["user_id:token", "price (usd)"], ["user_id_token", "price_usd"]),
        (["a:b", "a b"], ["a_b_6783a3", "a_b_c8687a"]),
        (["a:b", "a_b"], ["a_b_6783a3", "a_b"]),
        (["_id", "1st", "click__1st"], ["x_id", "x_1st", "click__1st"]),
    ],
)
def test_how_names_are_mapped(names, expected):
    assert [served_names(names)[name] for name in names] == expected
    assert served_names(reversed(names)) == served_names(names)


def test_another_s_name_is_nobody_s():
    assert find_served("price", ["price_usd"]) is None
    assert find_served("点击", ["x_000000"]) is None
