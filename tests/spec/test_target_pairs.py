"""Which attributes of a history are compared with which of the candidate's fields."""

from typing import Any

from infnet_keras.spec import FeatureSpec, spec_from_dict
from infnet_keras.spec.target_pairs import TargetHistory, target_histories


def spec_of(sequences: dict[str, Any]) -> FeatureSpec:
    return spec_from_dict(
        {
            "name": "pairs",
            "sources": {"log": {"files": "log.csv", "time": {"column": "time"}}},
            "keys": {"user": "user", "item": "video_id"},
            "tables": {name: {"vocabulary": {}} for name in ("video", "tag", "music")},
            "fields": {
                "user": {"side": "user", "vocabulary": {}},
                "favourite": {"side": "user", "table": "tag"},
                "video": {"side": "item", "table": "video", "column": "video_id"},
                "cover": {"side": "item", "table": "video"},
                "tag": {"side": "item", "table": "tag"},
            },
            "sequences": sequences,
            "tasks": {"click": {"label": "click"}},
        }
    )


def test_the_same_column_then_an_item_field_of_the_same_table() -> None:
    attributes = {"cover": "video", "video_id": "video", "trailer": "video", "seen_tag": "tag"}
    [found] = target_histories(spec_of({"view": {"length": 4, "attributes": attributes}}))
    names = tuple(f"view__{column}" for column in attributes)
    assert found == TargetHistory("view", names, names, ("cover", "video", "video", "tag"), 4)


def test_what_nothing_compares_with_is_an_input_alone() -> None:
    music, video = {"music": "music"}, {"video_id": "video"}
    found = target_histories(
        spec_of(
            {
                "view": {"length": 4, "attributes": {**music, **video}},
                "heard": {"length": 2, "attributes": music},
            }
        )
    )
    assert found == [
        TargetHistory(
            "view", ("view__music", "view__video_id"), ("view__video_id",), ("video",), 4
        ),
        TargetHistory("heard", ("heard__music",), (), (), 2),
    ]


def test_without_sequences_there_is_nothing_to_compare() -> None:
    assert target_histories(spec_of({})) == []
