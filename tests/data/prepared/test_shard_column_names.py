"""No two columns of a shard get one name, whatever the raw columns and tables are called."""

from hypothesis import given
from hypothesis import strategies as st

from infnet_keras.data.prepared.layout import IdColumn

TEXTS = st.text(st.sampled_from("a:%3A"), min_size=1, max_size=5) | st.just("derived:a")
COLUMNS = st.builds(
    IdColumn,
    TEXTS,
    TEXTS,
    st.none() | st.sampled_from([",", ":", "8"]),
    st.integers(1, 12),
    st.booleans(),
)


@given(st.sets(COLUMNS, max_size=12))
def test_shard_columns_are_distinct(columns: set[IdColumn]) -> None:
    whole = {c if c.separator else c._replace(max_values=1) for c in columns}
    names = [name for column in whole for name in column.shard_columns]
    assert len(set(names)) == len(names)


def test_plain_names_stay() -> None:
    assert IdColumn("item", "video", None, 1).name == "ids:item:video"
    assert IdColumn("tags", "tag", "|", 2).shard_columns == [
        "ids:tags:tag:|:2:0",
        "ids:tags:tag:|:2:1",
    ]
