"""Names of a behaviour's inputs are made in one place, and nobody takes one apart."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from infnet_keras.input_names import named_sequences, sequence_inputs

ROOT = Path(__file__).parents[1]
BY_HAND = re.compile(r"""\}__\{|\}__length|__length["']|split\(["']__|partition\(["']__|__`""")
NAMES = st.from_regex(r"[a-z]{1,3}(_[a-z]{1,3})?", fullmatch=True)


@given(st.dictionaries(NAMES, st.lists(NAMES, min_size=1, max_size=3, unique=True), max_size=3))
def test_what_is_named_is_found_again(attributes):
    inputs = [
        sequence_inputs(name, [c for c in columns if c != "length"] or ["item"])
        for name, columns in attributes.items()
    ]
    names = ["item", *(n for i in inputs for n in [*i.attributes.values(), i.length])]
    assert named_sequences(names) == inputs


def test_a_length_without_lists_is_none():
    assert named_sequences(["arm__length", "item", "length"]) == []


def test_nobody_else_knows_how_they_are_made():
    files = [
        path
        for folder in ("infnet_keras", "serving", "tfx_pipeline")
        for pattern in ("*.py", "*.js")
        for path in (ROOT / folder).rglob(pattern)
        if path != ROOT / "infnet_keras" / "input_names.py"
    ]
    assert len(files) > 300
    assert [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in files
        for line in path.read_text("utf-8").splitlines()
        if BY_HAND.search(line) and ">>>" not in line
    ] == []
