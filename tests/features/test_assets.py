"""Assets: what is kept, whose they are, and what is refused."""

import math
from dataclasses import replace

import pytest

from infnet_keras.errors import DataError
from infnet_keras.features.assets import Assets, definition_of
from infnet_keras.spec import override_spec, spec_from_dict


def changed(spec_dict, **blocks):
    return spec_from_dict({**spec_dict, **blocks})


def test_saved_assets_come_back(assets, spec, tmp_path):
    odd = [" a", "a ", "\x85", "\u2028", "\x0b", "a\0b", "😀", "x" * 10_000]
    kept = replace(
        assets,
        vocabularies={**assets.vocabularies, "tag": odd},
        boundaries={"duration": [0.10000000149011612, 5.0]},
    )
    kept.save(tmp_path)
    found = Assets.load(tmp_path)
    assert found == kept
    assert found.digest == kept.digest
    found.check(spec)
    assert (tmp_path / "vocabulary" / "video.txt").read_bytes() == b"10\n-3\n7\n"


def test_empty_vocabulary(assets, tmp_path):
    replace(assets, vocabularies={"video": [], "tag": []}).save(tmp_path)
    found = Assets.load(tmp_path)
    assert found.vocabularies == {"video": [], "tag": []}


def test_table_rows(assets, spec):
    assert assets.table_rows(spec) == {
        "video": 1 + 3 + 3,
        "tag": 1 + 1 + 1 + 3,
        "user_id": 2 + 50,
        "duration": 2 + 4,
        "price": 2 + 3,
        "tab": 2 + 5,
        "hour": 2 + 24,
        "weekday": 2 + 7,
        "monthday": 2 + 31,
        "age": 2 + 4,
        "clicks": 2 + 3,
        "gap": 2 + 2,
    }


def test_the_model_may_change_but_not_the_ids(assets, spec, spec_dict):
    other = override_spec(spec, {"model.dim": 8, "training.epochs": 1, "tables.video.dim": 4})
    assets.check(other)
    assert replace(assets, definition=definition_of(other)).digest == assets.digest
    assets.check(changed(spec_dict, fields=dict(reversed(spec_dict["fields"].items()))))


def test_assets_of_another_spec(assets, spec_dict):
    fields = {**spec_dict["fields"], "tab": {"side": "context", "identity": 6}, "new": {
        "side": "user", "hash": 3}}  # fmt: skip
    del fields["price"]
    with pytest.raises(DataError, match=r"tables new, price, tab; fields new, price\. "):
        assets.check(changed(spec_dict, fields=fields))
    sequences = {**spec_dict["sequences"], "liked": {"when": "is_like == 2"}}
    with pytest.raises(DataError, match=r"sequences liked\. "):
        assets.check(changed(spec_dict, sequences=sequences))
    events = spec_dict["sources"]["events"]
    sources = {"events": {**events, "types": {"video_id": "string", "tag": "string"}}}
    with pytest.raises(DataError, match=r"types tag, video_id\. "):
        assets.check(changed(spec_dict, sources=sources))
    time = {"column": "time_ms", "unit": "ms", "timezone": "UTC"}
    sources = {"events": {**events, "time": time}}
    with pytest.raises(DataError, match=r"time timezone\. "):
        assets.check(changed(spec_dict, sources=sources))


def test_assets_without_what_the_spec_needs(assets, spec):
    with pytest.raises(DataError, match="no vocabulary of table 'tag'"):
        replace(assets, vocabularies={"video": []}).check(spec)
    for boundaries in ({}, {"duration": [1.0, 2.0, 3.0, 4.0]}):
        with pytest.raises(DataError, match="boundaries of table 'duration'"):
            replace(assets, boundaries=boundaries).check(spec)
    replace(assets, boundaries={"duration": []}).check(spec)


@pytest.mark.parametrize("values", [[""], ["a\nb"], ["a\r"], ["a", "a"]])
def test_vocabularies_that_no_file_can_hold(assets, values):
    with pytest.raises(DataError, match="vocabulary of table 'tag'"):
        replace(assets, vocabularies={"tag": values})


@pytest.mark.parametrize("values", [[0.1], [2.0, 1.0], [1.0, 1.0], [math.nan, 1.0]])
def test_boundaries_that_float32_cannot_hold(assets, values):
    with pytest.raises(DataError, match="boundaries of table 'duration'"):
        replace(assets, boundaries={"duration": values})


def test_incomplete_directories(assets, tmp_path):
    with pytest.raises(DataError, match="holds no complete assets"):
        Assets.load(tmp_path / "nowhere")
    assets.save(tmp_path)
    path = tmp_path / "vocabulary" / "video.txt"
    for content in (b"10\n-3\n", b"10\n-3\n7", b"10\n-3\n7\n8\n"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"video\.txt does not hold its 3 values"):
            Assets.load(tmp_path)
    path.unlink()
    with pytest.raises(DataError, match="holds no complete assets"):
        Assets.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-20], "cannot be read"),
        (lambda text: text.replace('"format": 2', '"format": 9'), "format 9"),
        (lambda text: text.replace('"hash": 50', '"hash": 51'), "changed by hand"),
    ],
)
def test_descriptions_that_do_not_hold(assets, tmp_path, change, message):
    assets.save(tmp_path)
    path = tmp_path / "assets.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(DataError, match=message):
        Assets.load(tmp_path)
