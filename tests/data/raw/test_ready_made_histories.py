"""A cell that is the history of its impression: what a model reads is what the cell says."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infnet_keras.data import prepare
from infnet_keras.data.prepared.manifest import Manifest
from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.errors import DataError, SpecError
from infnet_keras.features.numpy.row_transform import RowTransform
from infnet_keras.features.raw_examples_file import load_raw_examples
from infnet_keras.progress import Progress
from infnet_keras.spec import spec_from_dict, summarize

Content = dict[str, Any]
DAY = 86_400_000
LENGTH = 4


@pytest.fixture
def ready(content: Content) -> Content:
    """Two ready-made histories, one with attributes that are looked up, beside one of events."""
    content["sources"]["log"]["types"] = {"item": "string", "user": "string"}
    content["sources"]["news"] = {"files": "news.csv", "join": "item"}
    content["tables"] |= {"kind": {"vocabulary": {}}, "tag": {"vocabulary": {}}}
    content["fields"]["kind"] = {"side": "item", "table": "kind"}
    content["fields"]["tags"] = {
        "side": "item",
        "table": "tag",
        "multivalue": "|",
        "max_values": 2,
    }
    content["sequences"] = {
        "view": {"length": 3, "attributes": {"item": "item"}},
        "click": {
            "column": "history",
            "separator": " ",
            "length": LENGTH,
            "attributes": {"tags": "tag", "item": "item", "kind": "kind"},
        },
        "kinds": {
            "column": "kind_history",
            "separator": "|",
            "order": "newest_first",
            "length": 2,
            "attributes": {"kind": "kind"},
        },
    }
    return content


NEWS = {f"n{n}": (f"k{n % 3}", f"t{n}|t{n + 1}|t{n + 2}" if n % 4 else "") for n in range(12)}


def rows_of_log(seed: int = 0, count: int = 90) -> list[dict[str, Any]]:
    """A log with every length of history; n12 and n13 are no news."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        history = [f"n{n}" for n in random.integers(0, 14, random.integers(0, 9))]
        rows.append(
            {
                "user": f"u{random.integers(4)}",
                "item": f"n{random.integers(12)}",
                "time": DAY * 3 * number // count,
                "clicked": int(random.integers(2)),
                "history": history,
                "kind_history": [f"k{k}" for k in random.integers(0, 3, random.integers(0, 4))],
            }
        )
    return rows


def write_csv(raw: Path, rows: list[dict[str, Any]]) -> Path:
    raw.mkdir(exist_ok=True)
    lines = ["user,item,time,clicked,history,kind_history"]
    lines += [
        f"{r['user']},{r['item']},{r['time']},{r['clicked']},{' '.join(r['history'])},"
        f"{'|'.join(r['kind_history'])}"
        for r in rows
    ]
    (raw / "log.csv").write_text("\n".join(lines), "utf-8")
    news = ["item,kind,tags"] + [f"{item},{kind},{tags}" for item, (kind, tags) in NEWS.items()]
    (raw / "news.csv").write_text("\n".join(news), "utf-8")
    return raw


def prepared(content: Content, raw: Path, out: Path) -> PreparedData:
    prepare(spec_from_dict(content), raw, out, "1970-01-02", "1970-01-03")
    return PreparedData.open(out)


def raw_examples(data: PreparedData) -> dict[str, Any]:
    rows = load_raw_examples(data.directory)
    assert rows is not None
    return rows


def all_inputs(data: PreparedData) -> dict[str, npt.NDArray[np.int32]]:
    """Every impression's ids, the splits one after the other."""
    batches = [data.reader(s, 1000).batch(0).inputs for s in ("train", "valid", "test")]  # type: ignore[arg-type]
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The order in which an unshuffled reader gives them: by split, user and time."""
    users = list(dict.fromkeys(row["user"] for row in rows))
    return sorted(rows, key=lambda r: (r["time"] // DAY, users.index(r["user"]), r["time"]))


def _six(values: pa.Array) -> pa.Array:
    return pa.concat_arrays([values] * 6)


def padded(steps: list[Any], length: int, padding: Any = 0) -> list[Any]:
    return steps + [padding] * (length - len(steps))


class TestTheCellIsTheHistory:
    def test_ids_of_elements_and_of_what_is_looked_up(self, ready: Content, tmp_path: Path) -> None:
        rows = rows_of_log()
        data = prepared(ready, write_csv(tmp_path / "raw", rows), tmp_path / "out")
        found = all_inputs(data)
        ids = {
            name: {value: 2 + n for n, value in enumerate(values)}
            for name, values in data.assets.vocabularies.items()
        }

        def tags(item: str) -> list[int]:
            values = [tag for tag in NEWS.get(item, ("", ""))[1].split("|") if tag][:2]
            return padded([ids["tag"].get(tag, 1) for tag in values] or [1], 2)

        expected: dict[str, list[Any]] = {name: [] for name in found if name.startswith(("c", "k"))}
        expected.pop("kind")
        for row in in_order(rows):
            items = row["history"][-LENGTH:]
            kinds = row["kind_history"][:2][::-1]
            known = [ids["kind"].get(NEWS[i][0], 1) if i in NEWS else 1 for i in items]
            expected["click__item"].append(padded([ids["item"].get(i, 1) for i in items], LENGTH))
            expected["click__kind"].append(padded(known, LENGTH))
            expected["click__tags"].append(padded([tags(i) for i in items], LENGTH, [0, 0]))
            expected["kinds__kind"].append(padded([ids["kind"].get(k, 1) for k in kinds], 2))
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], np.array(values), err_msg=name)

    def test_histories_of_events_beside_them_do_not_change(
        self, ready: Content, tmp_path: Path
    ) -> None:
        raw = write_csv(tmp_path / "raw", rows_of_log())
        both = all_inputs(prepared(ready, raw, tmp_path / "both"))
        ready["sequences"] = {"view": ready["sequences"]["view"]}
        alone = all_inputs(prepared(ready, raw, tmp_path / "alone"))
        for name, ids in alone.items():
            np.testing.assert_array_equal(both[name], ids, err_msg=name)

    def test_requests_carry_them_like_any_sequence(self, ready: Content, tmp_path: Path) -> None:
        rows = rows_of_log()
        data = prepared(ready, write_csv(tmp_path / "raw", rows), tmp_path / "out")
        transform = RowTransform(data.spec, data.assets)
        names = {raw.name for raw in transform.inputs}
        assert {"click__item", "click__kind", "click__tags", "click__length"} <= names
        assert not {"history", "kind_history"} & names
        found = transform(raw_examples(data))
        expected = {
            tuple(ids[row].tobytes() for ids in all_inputs(data).values())
            for row in range(len(rows))
        }
        inputs = list(all_inputs(data))
        drawn = {tuple(found[name][row].tobytes() for name in inputs) for row in range(60)}
        assert drawn <= expected

    @pytest.mark.parametrize("kind", ["list", "large", "dictionary"])
    def test_lists_of_parquet(self, ready: Content, kind: str, tmp_path: Path) -> None:
        rows = rows_of_log()
        raw = write_csv(tmp_path / "raw", rows)
        expected = all_inputs(prepared(ready, raw, tmp_path / "text"))
        table = pa.Table.from_pylist(rows)
        history = pa.array([row["history"] for row in rows], pa.list_(pa.string()))
        if kind == "large":
            history = history.cast(pa.large_list(pa.large_string()))
        if kind == "dictionary":
            history = pa.array([" ".join(r["history"]) for r in rows]).dictionary_encode()
        else:
            del ready["sequences"]["click"]["separator"]
        table = table.set_column(table.column_names.index("history"), "history", history)
        pq.write_table(table, raw / "log.parquet")
        ready["sources"]["log"]["files"] = "log.parquet"
        found = all_inputs(prepared(ready, raw, tmp_path / "lists"))
        for name, ids in expected.items():
            np.testing.assert_array_equal(found[name], ids, err_msg=name)

    def test_elements_have_the_type_of_their_column(
        self, content: Content, write: Callable[..., Path], tmp_path: Path
    ) -> None:
        content["sequences"] = {
            "click": {
                "column": "history",
                "separator": "|",
                "length": 3,
                "attributes": {"item": "item"},
            }
        }
        lines = "".join(
            f"u,{n % 2},{DAY * n},{clicked},0|1.0|7\n" for n in range(3) for clicked in (0, 1)
        )
        raw = write(log="user,item,time,clicked,history\n" + lines)
        data = prepared(content, raw, tmp_path / "out")
        assert data.assets.vocabularies["item"] == ["0"]
        assert all_inputs(data)["click__item"].tolist() == [[2, 1, 1]] * 6
        assert raw_examples(data)["click__item"][0] == [0, 1, 7]
        raw = write(log="user,item,time,clicked,history\nu,1,5,1,0|n7\n")
        with pytest.raises(
            DataError,
            match=r"the histories in column 'history': .*log\.csv: column 'item' holds 'n7'",
        ):
            prepared(content, raw, tmp_path / "wrong")

    def test_what_it_shares_with_the_candidate(self, ready: Content, tmp_path: Path) -> None:
        ready["fields"] |= {
            "same_kind": {
                "side": "item",
                "boundaries": [0.5, 1.5, 2.5, 3.5],
                "derive": {"history_count": {"sequence": "click", "same": "kind"}},
            },
            "same_item": {
                "side": "item",
                "boundaries": [0.5],
                "derive": {"history_count": {"sequence": "click", "same": "item"}},
            },
        }
        rows = rows_of_log()
        data = prepared(ready, write_csv(tmp_path / "raw", rows), tmp_path / "out")
        found = all_inputs(data)
        for row, kinds, items in zip(
            in_order(rows), found["same_kind"], found["same_item"], strict=True
        ):
            steps = row["history"][-LENGTH:]
            shared = sum(NEWS[i][0] == NEWS[row["item"]][0] for i in steps if i in NEWS)
            assert kinds == 2 + shared
            assert items == 2 + (row["item"] in steps)


class TestTimes:
    def content(self, content: Content) -> Content:
        content["sources"]["log"]["types"] = {"item": "string"}
        content["sequences"] = {
            "click": {
                "column": "items",
                "times": "times",
                "length": 3,
                "attributes": {"item": "item"},
            }
        }
        return content

    def test_only_what_is_strictly_before_and_in_order_of_time(
        self, content: Content, tmp_path: Path
    ) -> None:
        random = np.random.default_rng(5)
        rows = []
        for number in range(60):
            count = int(random.integers(0, 7))
            time = DAY * number // 20
            rows.append(
                {
                    "user": f"u{random.integers(3)}",
                    "item": f"n{random.integers(6)}",
                    "time": time,
                    "clicked": int(random.integers(2)),
                    "items": [f"n{n}" for n in random.integers(0, 6, count)],
                    "times": (time + random.integers(-4, 3, count)).clip(0).tolist(),
                }
            )
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "log.parquet")
        content["sources"]["log"]["files"] = "log.parquet"
        data = prepared(self.content(content), tmp_path, tmp_path / "out")
        ids = {v: 2 + n for n, v in enumerate(data.assets.vocabularies["item"])}
        later = 0
        for row, found in zip(in_order(rows), all_inputs(data)["click__item"], strict=True):
            pairs = list(zip(row["times"], row["items"], strict=True))
            earlier = sorted((p for p in pairs if p[0] < row["time"]), key=lambda p: p[0])
            later += len(pairs) - len(earlier)
            steps = [ids.get(item, 1) for _, item in earlier[-3:]]
            assert found.tolist() == padded(steps, 3)
        assert later > 0
        assert data.manifest.history_events_later == {"click": later}

    def test_of_equal_times_the_order_of_the_cell_decides(
        self, content: Content, write: Callable[..., Path], tmp_path: Path
    ) -> None:
        content = self.content(content)
        content["sequences"]["click"] |= {"separator": " ", "order": "newest_first", "length": 4}
        lines = "".join(
            f"u,{i},{DAY * n + 9},{clicked},d c b a,5 3 3 1\n"
            for n, i in enumerate("abc")
            for clicked in (0, 1)
        )
        content["sources"]["log"]["types"] = {"item": "string"}
        raw = write(log="user,item,time,clicked,items,times\n" + lines)
        data = prepared(content, raw, tmp_path / "out")
        # Vocabulary: a alone; oldest first, a b c d.
        assert all_inputs(data)["click__item"].tolist() == [[2, 1, 1, 1]] * 6
        assert raw_examples(data)["click__item"][0] == ["a", "b", "c", "d"]

    @pytest.mark.parametrize(
        ("said", "spell"),
        [
            ("times", lambda ms: str(ms)),
            ({"column": "times"}, lambda ms: datetime.fromtimestamp(ms / 1000, UTC).isoformat()),
            ({"column": "times", "unit": "s"}, lambda ms: repr(ms / 1000)),
            ({"column": "times", "unit": "us"}, lambda ms: str(ms * 1000)),
            (
                {"column": "times", "format": "%d.%m.%Y_%H:%M:%S.%f"},
                lambda ms: datetime.fromtimestamp(ms / 1000, UTC).strftime("%d.%m.%Y_%H:%M:%S.%f"),
            ),
            ("times", pa.timestamp("ms")),
            ("times", pa.timestamp("us", "Asia/Tokyo")),
            ({"column": "times", "unit": "ns"}, pa.int64()),
        ],
    )
    def test_other_spellings_than_the_logs(
        self, content: Content, tmp_path: Path, said: Any, spell: Any
    ) -> None:
        log, hour = 400 * DAY, 3_600_000
        before = [(log - 3 * hour + 250, "c"), (log - 9 * hour, "a"), (log - 5 * hour, "b")]
        events = [*before, (log + 250, "d")]
        items = [item for _, item in events]
        times: Any = [ms for ms, _ in events]
        column: Any
        if isinstance(spell, pa.DataType):
            ticks = pa.array(times, pa.timestamp("ms", "UTC"))
            counted = ticks.cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
            column = counted if spell == pa.int64() else ticks.cast(spell)
            column = pa.ListArray.from_arrays(pa.array(np.arange(7) * 4, pa.int32()), _six(column))
        else:
            column = pa.array([" ".join(map(spell, times))] * 6)
        content = self.content(content)
        content["sources"]["log"]["types"] = {"item": "string"}
        content["sequences"]["click"] |= {"separator": " ", "times": said, "length": 4}
        content["sources"]["log"]["files"] = "log.parquet"
        rows = {
            "user": ["u"] * 6,
            "item": [*"abcd", "a", "b"],
            "time": [log + 250 + DAY * (n // 2) for n in range(6)],
            "clicked": [0, 1] * 3,
            "items": [" ".join(items)] * 6,
        }
        pq.write_table(pa.table(rows).append_column("times", column), tmp_path / "log.parquet")
        prepare(spec_from_dict(content), tmp_path, tmp_path / "out", "1971-02-06", "1971-02-07")
        data = PreparedData.open(tmp_path / "out")
        ids = {v: 2 + n for n, v in enumerate(data.assets.vocabularies["item"])}
        steps = [ids["a"], ids["b"], 1, 0]
        assert all_inputs(data)["click__item"][:2].tolist() == [steps] * 2
        assert data.manifest.history_events_later == {"click": 2}

    @pytest.mark.parametrize(
        ("times", "sentence"),
        [
            ("5", r"log\.csv: row 2 has 2 elements in the history 'items' and 1 in its times"),
            ("", "row 2 has 2 elements in the history 'items' and 0 in its times"),
            ("5 ", "row 2 lacks a time in 'times', and times are read in unit ms"),
            ("1704067200 1704153600", r"histories in .*log\.csv is before 1971: .*say `unit: s`"),
            ("5 x", "row 2 has a time 'x' in 'times', and times are read in unit ms"),
        ],
    )
    def test_times_that_do_not_fit(
        self,
        content: Content,
        write: Callable[..., Path],
        tmp_path: Path,
        times: str,
        sentence: str,
    ) -> None:
        content = self.content(content)
        content["sequences"]["click"]["separator"] = " "
        raw = write(log=f"user,item,time,clicked,items,times\nu,a,9,1,,\nu,b,9,1,a b,{times}\n")
        with pytest.raises(DataError, match=sentence):
            prepared(content, raw, tmp_path / "out")


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"column": None}, "`separator` is of a ready-made history"),
            (
                {"column": None, "separator": None, "order": "oldest_first"},
                "`order` is of a ready-made history",
            ),
            (
                {"when": "clicked == 1"},
                "the cell 'history' is the history itself, whole: drop `when`",
            ),
            ({"until": "day"}, "drop `until`"),
            ({"attributes": {}, "length": 0}, "a ready-made history needs `attributes`"),
            ({"attributes": {"kind": "kind", "tags": "tag"}}, "add 'item', the item's key"),
            ({"attributes": {"history": "item"}}, "named by the column whose values the elements"),
            ({"attributes": {"tags": "tag"}}, "an element of a ready-made history has one value"),
            ({"column": "clicked"}, "'clicked' is known only after the impression"),
            ({"column": "user"}, "'user' is the user's key: it cannot hold a history"),
        ],
    )
    def test_by_the_spec(self, ready: Content, change: Content, sentence: str) -> None:
        ready["sequences"]["click"] |= change
        ready["sequences"]["click"] = {
            k: v for k, v in ready["sequences"]["click"].items() if v is not None
        }
        with pytest.raises(SpecError, match=sentence):
            spec_from_dict(ready)

    def test_a_count_of_it(self, ready: Content) -> None:
        ready["fields"]["clicks"] = {
            "side": "user",
            "quantiles": 3,
            "derive": {"history_count": {"sequence": "click"}},
        }
        with pytest.raises(SpecError, match="the history of 'click' stands in a cell"):
            spec_from_dict(ready)

    def test_times_without_a_clock(self, content: Content) -> None:
        content["sources"]["log"]["time"] = {"row_order": "log"}
        content["sequences"] = TestTimes().content(content)["sequences"]
        with pytest.raises(SpecError, match="this needs a time column"):
            spec_from_dict(content)

    def test_an_attribute_that_no_item_source_has(self, ready: Content, tmp_path: Path) -> None:
        ready["sequences"]["click"]["attributes"] = {"item": "item", "place": "kind"}
        raw = write_csv(tmp_path / "raw", rows_of_log())
        text = (raw / "log.csv").read_text().replace("user,", "place,user,").replace("\nu", "\nx,u")
        (raw / "log.csv").write_text(text)
        with pytest.raises(DataError, match="looks 'place' up for each 'item' of its history"):
            prepared(ready, raw, tmp_path / "out")

    def test_a_cell_that_is_not_there_and_text_without_a_separator(
        self, ready: Content, tmp_path: Path
    ) -> None:
        raw = write_csv(tmp_path / "raw", rows_of_log())
        del ready["sequences"]["click"]["separator"]
        with pytest.raises(DataError, match="'history' holds text; give `separator` in"):
            prepared(ready, raw, tmp_path / "out")
        ready["sequences"]["click"]["column"] = "histroy"
        with pytest.raises(DataError, match="no source has a column 'histroy'"):
            prepared(ready, raw, tmp_path / "out")


def test_the_summary_says_where_the_history_stands(ready: Content) -> None:
    assert "ready made in history" in summarize(spec_from_dict(ready))


def test_a_spec_with_every_default_spelt_out_is_the_same(ready: Content) -> None:
    spec = spec_from_dict(ready)
    assert spec_from_dict(spec.model_dump(mode="json")) == spec


class TestACellThatIsCollectedFromEvents:
    @pytest.mark.parametrize("separator", ["|", None])
    @pytest.mark.parametrize("cell", ["items", "other"])
    def test_is_warned_of_where_it_lists_items(
        self,
        content: Content,
        write: Callable[..., Path],
        tmp_path: Path,
        separator: str | None,
        cell: str,
    ) -> None:
        attribute = {"table": "item"} | ({} if separator is None else {"multivalue": separator})
        content["sequences"] = {"hist": {"length": 4, "attributes": {"hist": attribute}}}
        mark = "i" if cell == "items" else "t"
        lines = "".join(
            f"u,i{n},{DAY * n},{clicked},{'|'.join(f'{mark}{m}' for m in range(n))}\n"
            for n in range(3)
            for clicked in (0, 1)
        )
        raw = write(log="user,item,time,clicked,hist\n" + lines)
        said: list[str] = []
        prepare(
            spec_from_dict(content),
            raw,
            tmp_path / "out",
            "1970-01-02",
            "1970-01-03",
            progress=Progress(said.append),
        )
        warnings = [line for line in said if line.startswith("warning:")]
        if cell == "items":
            assert len(warnings) == 1
            assert "'i0|i1' in the log" in warnings[0]
            assert "say `column: hist` and `attributes: {item: ...}`" in warnings[0]
        else:
            assert not warnings


def test_a_manifest_of_before_opens(ready: Content, tmp_path: Path) -> None:
    data = prepared(ready, write_csv(tmp_path / "raw", rows_of_log()), tmp_path / "out")
    steps = sum(
        min(len(r["history"]), LENGTH) + min(len(r["kind_history"]), 2) for r in rows_of_log()
    )
    assert sum(shard.steps for shard in data.manifest.shards) == steps
    path = tmp_path / "out" / "manifest.json"
    text = path.read_text().replace('"history_events_later": {},', "")
    path.write_text(text)
    assert Manifest.load(tmp_path / "out").history_events_later == {}
