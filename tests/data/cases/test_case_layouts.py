"""Layouts of well-known logs: what is said where the spec lacks the word that reads them.

That each is read, trained on and served is shown for its recipe, in tests/recipes.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from small_logs import CLICKED, ROWS, TIMES, Content, Prepare, columns_of_log, csv_text, spec_of_log

NAMES = list(columns_of_log())


@pytest.mark.parametrize("delimiter", [",", "\t", "::"])
def test_a_file_without_a_header_line(prepare: Prepare, delimiter: str) -> None:
    """Cases 31 to 34, 36 and 42: `columns` names them; without it the error says the word."""
    files = {"log.csv": csv_text(columns_of_log(), delimiter, header=False)}
    found = prepare(spec_of_log(delimiter=delimiter, columns=NAMES), files)
    assert found.labels() == CLICKED
    refused = prepare(spec_of_log(delimiter=delimiter), files)
    assert refused.code == 2
    assert "if the files have no header line, name their columns in `columns`" in refused.said


def test_names_of_a_file_without_a_header_line_that_repeat(prepare: Prepare) -> None:
    """Case 33: values of a first row that are equal are no names, and the error says the word."""
    columns = columns_of_log()
    columns["clicked"], columns["n"] = columns["n"], columns["clicked"]
    files = {"log.csv": csv_text({**columns, "more": columns["n"]}, header=False)}
    refused = prepare(spec_of_log(), files)
    assert refused.code == 2
    assert "`columns`" in refused.said


def test_packed_features_and_a_second_keyed_file(prepare: Prepare) -> None:
    """Case 33: `field ^B id ^C value` of an impression, and of its user in another file."""
    packed = {"column": "features", "separator": "\x01", "id_separator": "\x02"}
    packed["value_separator"] = "\x03"
    spec = spec_of_log(columns=[*NAMES, "features"], packed={**packed, "rename": {"206": "kind"}})
    spec["sources"]["people"] = {
        "files": "people.csv",
        "columns": ["user", "features"],
        "join": "user",
        "packed": {**packed, "rename": {"150_14": "past"}},
    }
    spec["fields"]["kind"] = {"side": "item", "vocabulary": {}}
    spec["fields"]["past"] = {"side": "user", "vocabulary": {}, "multivalue": ",", "max_values": 3}
    cells = [f"206\x02{n % 3}\x031.0\x01508\x029\x030.5" for n in range(ROWS)]
    people = "".join(f"u{u},150_14\x02{u}\x031.0\x01150_14\x027\x032.0\n" for u in range(4))
    log = csv_text(columns_of_log(features=cells), header=False)
    found = prepare(spec, {"log.csv": log, "people.csv": people})
    assert found.column("kind") == [str(n % 3) for n in range(ROWS)]
    assert found.column("past") == [[str(n % 4), "7"] for n in range(ROWS)]
    spec["keys"]["user"] = spec["fields"]["user"]["column"] = "past"
    del spec["fields"]["past"]
    refused = prepare(spec, {"log.csv": log, "people.csv": people})
    assert refused.code == 2
    assert "has no column 'past', keys.user; source 'people' has it" in refused.said


def test_a_log_without_a_user(prepare: Prepare) -> None:
    """Case 34: no histories and no gAUC; a key that is mostly missing is no user."""
    spec = spec_of_log()
    spec["keys"] = {"item": "item"}
    del spec["sequences"], spec["fields"]["user"]
    found = prepare(spec)
    assert found.labels() == CLICKED
    assert found.data.manifest.users == 0
    refused = prepare(spec_of_log(), user=[""])
    assert refused.code == 2
    assert f"source 'log': {ROWS} of {ROWS} rows have no value of 'user'" in refused.said
    assert "drop it if the log names no users" in refused.said


def of_one_day(**time: Any) -> tuple[Content, list[str]]:
    spec = spec_of_log()
    spec["sources"]["log"]["time"] = {"column": "at", "format": "%y%m%d%H", **time}
    return spec, [datetime(2014, 10, 21, n, tzinfo=UTC).strftime("%y%m%d%H") for n in range(ROWS)]


def test_hours_of_a_single_day(prepare: Prepare) -> None:
    """Case 35: they are hours and days, and a log of one day is split by its hours."""
    spec, hours = of_one_day()
    spec["splits"] = {"valid_from": "2014-10-21", "test_from": "2014-10-30"}
    refused = prepare(spec, at=hours)
    assert refused.code == 2
    assert "no impression is before 2014-10-21" in refused.said
    assert "the log goes from 2014-10-21 00:00 to 2014-10-21 23:00" in refused.said
    spec["splits"] = {"valid_from": "2014-10-21 12:00", "test_from": "2014-10-21 18:00"}
    found = prepare(spec, at=hours)
    assert found.column("split") == ["train"] * 12 + ["valid"] * 6 + ["test"] * 6
    spec["sources"]["log"]["time"]["timezone"] = "Asia/Kolkata"  # whose clocks the splits are on
    assert prepare(spec, at=hours).column("split") == found.column("split")


def test_impressions_in_one_row_and_their_history(prepare: Prepare) -> None:
    """Case 36: `N1-1 N2-0`, AM and PM, a ready-made history, no header line."""
    moments = [datetime.fromtimestamp(at, UTC) for at in TIMES]
    lines = [
        f"{n}\tu{n % 4}\t{moment:%m/%d/%Y %I:%M:%S %p}\t{'i0 i1' if n % 2 else ''}\ti{n % 3}-1 i3-0"
        for n, moment in enumerate(moments)
    ]
    spec = spec_of_log(
        columns=["n", "user", "at", "history", "seen"],
        delimiter="\t",
        quote=False,
        explode={
            "column": "seen",
            "separator": " ",
            "into": ["item", "clicked"],
            "part_separator": "-",
        },
    )
    spec["sources"]["log"]["time"] = {"column": "at", "format": "%m/%d/%Y %I:%M:%S %p"}
    ready = {"column": "history", "separator": " ", "order": "oldest_first", "length": 3}
    spec["sequences"] = {"read": {**ready, "attributes": {"item": "item"}}}
    found = prepare(spec, {"log.csv": "".join(f"{line}\n" for line in lines)})
    assert found.data.manifest.impressions == {"train": 16, "valid": 16, "test": 16}
    assert found.column("read__item") == [["i0", "i1"] if n % 2 else [] for n in range(ROWS)]
    assert found.data.manifest.label_rates["train"] == {"click": 0.5}


def test_lists_in_brackets(prepare: Prepare) -> None:
    """Case 37: `[27, 9]` is two values, whatever separator the spec writes."""
    for separator in (",", ", ", "|"):
        spec = spec_of_log()
        spec["sources"]["kinds"] = {"files": "kinds.csv", "join": "item"}
        spec["fields"]["kind"] = {"side": "item", "vocabulary": {}, "multivalue": separator}
        kinds = 'item,kind\ni0,[8]\ni1,"[27, 9]"\ni2,"[27,8]"\ni3,[]\ni4,"[9]"\n'
        found = prepare(spec, {"log.csv": csv_text(columns_of_log()), "kinds.csv": kinds})
        expected = [["8"], ["27", "9"], ["27", "8"], ["?"], ["9"]]
        assert found.column("kind") == columns_of_log(kind=expected)["kind"], separator


def test_a_label_from_a_second_log(prepare: Prepare) -> None:
    """Case 42: 1 where that log holds the impression's keys."""
    spec = spec_of_log()
    spec["sources"]["buys"] = {
        "files": "buys.csv",
        "columns": ["user", "item", "price"],
        "join": ["user", "item"],
    }
    spec["tasks"]["buy"] = {"label": {"found_in": "buys"}}
    buys = {("u1", "i1"), ("u2", "i0"), ("u3", "i3")}
    text = "".join(f"{user},{item},9\n" for user, item in sorted(buys))
    found = prepare(spec, {"log.csv": csv_text(columns_of_log()), "buys.csv": text})
    assert found.labels("buy") == [(f"u{n % 4}", f"i{n % 5}") in buys for n in range(ROWS)]
