"""The specs that come with the package."""

from pathlib import Path

import pytest

import feature_specs
from infnet_keras.spec import dump_spec, load_spec, shipped_specs, spec_from_dict

DIRECTORY = Path(feature_specs.__file__).parent
NAMES = ["kuairand_27k", "kuairand_pure", "kuairand_pure_paper", "minimal", "qb_video"]
LOG_OUTCOMES = {
    *("is_click", "is_like", "is_follow", "is_comment", "is_forward", "is_hate", "long_view"),
    *("play_time_ms", "profile_stay_time", "comment_stay_time", "is_profile_enter"),
}


def test_all_are_found_by_bare_name() -> None:
    assert shipped_specs() == NAMES


@pytest.mark.parametrize("name", NAMES)
class TestEach:
    def test_loads_by_name_and_by_path(self, name: str) -> None:
        assert load_spec(name) == load_spec(DIRECTORY / f"{name}.yaml")
        assert load_spec(name).name == name

    def test_says_where_its_schema_is(self, name: str) -> None:
        first = (DIRECTORY / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
        assert first == "# yaml-language-server: $schema=feature_spec.schema.json"

    def test_every_table_has_rows_without_data(self, name: str) -> None:
        spec = load_spec(name)
        for table in spec.all_tables.values():
            rows = table.rows()
            assert rows is not None
            assert rows > table.first_value_id

    def test_survives_json_and_yaml(self, name: str, tmp_path: Path) -> None:
        spec = load_spec(name)
        assert spec_from_dict(spec.model_dump(mode="json")) == spec
        resolved = tmp_path / "resolved.yaml"
        resolved.write_text(dump_spec(spec), encoding="utf-8")
        assert load_spec(resolved) == spec
        assert list(load_spec(resolved).fields) == list(spec.fields)


def test_the_papers_counts() -> None:
    paper = load_spec("kuairand_pure_paper")
    assert (len(paper.fields), len(paper.sequence_features)) == (89, 28)
    assert len(load_spec("qb_video").sequence_features) == 12
    assert {f.column for f in paper.sequence_features} == {
        *("video_id", "author_id", "tag", "music_id")
    }


def test_only_the_papers_reading_leaks() -> None:
    leaking = {n for n in NAMES if any(s.leaks for s in load_spec(n).sources.values())}
    assert leaking == {"kuairand_pure_paper"}


@pytest.mark.parametrize("name", ["kuairand_pure", "kuairand_pure_paper", "kuairand_27k"])
def test_kuairand_reads_no_outcome(name: str) -> None:
    spec = load_spec(name)
    assert set(spec.outcomes) == LOG_OUTCOMES
    assert not set(spec.input_columns) & LOG_OUTCOMES
    assert [task.label for task in spec.tasks.values()] == ["is_click", "is_like", "long_view"]


def test_kuairand_pure_reads_every_user_and_video_column() -> None:
    columns = set(load_spec("kuairand_pure").input_columns)
    user = {f"onehot_feat{i}" for i in range(18)} | {
        *("user_id", "user_active_degree", "is_lowactive_period", "is_live_streamer"),
        *("is_video_author", "follow_user_num", "follow_user_num_range", "fans_user_num"),
        *("fans_user_num_range", "friend_user_num", "friend_user_num_range", "register_days"),
        "register_days_range",
    }
    video = {
        *("video_id", "author_id", "video_type", "upload_dt", "upload_type", "visible_status"),
        *("video_duration", "server_width", "server_height", "music_id", "music_type", "tag"),
    }
    assert user | video <= columns


def test_qb_video_has_no_clock_and_does_not_read_watching_times() -> None:
    spec = load_spec("qb_video")
    assert spec.time.row_order == "user"
    assert list(spec.fields) == ["user_id", "gender", "age", "item_id", "video_category"]
    assert "watching_times" in spec.outcomes
