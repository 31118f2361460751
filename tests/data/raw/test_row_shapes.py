"""Rows that pack several rows, and cells that pack columns, read like the flat files they mean."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq
import pytest

from infnet_keras.data import generate, prepare
from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.shapes.explode import exploded
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.errors import DataError
from infnet_keras.spec import spec_from_dict
from infnet_keras.spec.row_shapes import Explode
from infnet_keras.spec.sources import Source

Content = dict[str, Any]
DAY = 86_400_000
SEEN = {"column": "seen", "separator": " ", "into": ["item", "clicked"], "part_separator": "-"}
LISTS = {"columns": ["item", "time", "clicked"]}
PACKED = {
    "column": "features",
    "separator": "\x01",
    "id_separator": "\x02",
    "value_separator": "\x03",
}


def read(raw: Path, columns: list[str] | None = None, **source: Any) -> pa.Table:
    """All rows of a source."""
    files = RawFiles("log", raw, Source(**source))
    return pa.concat_tables(
        [block.table for block in files.blocks(columns or list(files.types()))],
        promote_options="default",
    )


def prepared_batches(spec: Content, raw: Path, out: Path) -> list[tuple[str, Any]]:
    """Every input, label and user of a prepared directory, by split."""
    parsed = spec_from_dict(spec)
    prepare(parsed, raw, out, "1970-01-02", "1970-01-03")
    data = PreparedData.open(out)
    found: list[tuple[str, Any]] = []
    for split in ("train", "valid", "test"):
        batch = data.reader(split, 1000).batch(0)  # type: ignore[arg-type]
        found += [(f"{split} {name}", ids.tolist()) for name, ids in batch.inputs.items()]
        found += [
            (f"{split} {name}", np.nan_to_num(y, nan=-1).tolist())
            for name, y in batch.labels.items()
        ]
    return found


class TestImpressionsInOneRow:
    def test_equals_the_flat_log(
        self, content: Content, write: Callable[..., Path], tmp_path: Path
    ) -> None:
        random = np.random.default_rng(0)
        flat, rows = ["user,time,item,clicked"], ["user,time,seen"]
        for number in range(60):
            user, time = random.integers(4), DAY * number // 20
            shown = random.choice(9, random.integers(1, 5), replace=False)
            clicks = random.integers(0, 2, len(shown))
            pairs = list(zip(shown.tolist(), clicks.tolist(), strict=True))
            flat += [f"u{user},{time},n{item},{click}" for item, click in pairs]
            rows.append(f"u{user},{time}," + " ".join(f"n{i}-{c}" for i, c in pairs))
        expected = prepared_batches(content, write(log="\n".join(flat)), tmp_path / "flat")
        content["sources"]["log"]["explode"] = SEEN
        found = prepared_batches(content, write(log="\n".join(rows)), tmp_path / "packed")
        assert found == expected

    def test_types_of_what_comes_out(self, write: Callable[..., Path]) -> None:
        raw = write(log="user,seen\nu1,7-0.5 8-1\n")
        source = Source(files="log.csv", explode=Explode(**SEEN))
        assert RawFiles("log", raw, source).types() == {
            "user": "string",
            "item": "int64",
            "clicked": "float32",
        }

    def test_an_empty_cell_is_no_row_and_blanks_do_not_count(
        self, write: Callable[..., Path]
    ) -> None:
        raw = write(log="user,seen\nu1,\nu2, a-1  b-0 \nu3,  \nu4,c-1\n")
        table = read(raw, files="log.csv", explode=Explode(**SEEN))
        assert table.to_pydict() == {
            "user": ["u2", "u2", "u4"],
            "item": ["a", "b", "c"],
            "clicked": ["1", "0", "1"],
        }

    @pytest.mark.parametrize("cell", ["a", "b-1-0", "1"])
    def test_what_cannot_be_taken_apart_names_file_row_and_cell(
        self, cell: str, write: Callable[..., Path]
    ) -> None:
        raw = write(log=f"user,seen\nu1,x-1 y-0\nu2,z-1 {cell}\n")
        with pytest.raises(DataError, match=rf"log\.csv: column 'seen' holds '{cell}' in row 2"):
            read(raw, files="log.csv", explode=Explode(**SEEN))

    def test_later_errors_name_the_row_of_the_file(
        self, content: Content, write: Callable[..., Path], tmp_path: Path
    ) -> None:
        raw = write(log="user,time,seen\nu1,5,a-1 b-0 c-1\nu2,,d-1 e-0\n")
        content["sources"]["log"]["explode"] = SEEN
        with pytest.raises(DataError, match="the time 'time' is missing in row 2"):
            prepare(spec_from_dict(content), raw, tmp_path / "out", "1970-01-02", "1970-01-03")

    def test_one_column_needs_no_parts(self, write: Callable[..., Path]) -> None:
        raw = write(log="user,items\nu1,a|b\nu2,c\n")
        explode = Explode(column="items", separator="|", into=["item"])
        assert read(raw, files="log.csv", explode=explode).to_pydict() == {
            "user": ["u1", "u1", "u2"],
            "item": ["a", "b", "c"],
        }

    def test_a_list_of_structs_has_its_parts_already(self, tmp_path: Path) -> None:
        rows = [{"user": "u1", "seen": [{"item": 3, "clicked": 1}, {"item": 4, "clicked": 0}]}]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "log.parquet")
        explode = Explode(column="seen", into=["item", "clicked"])
        table = read(tmp_path, files="log.parquet", explode=explode)
        assert table.to_pydict() == {"user": ["u1", "u1"], "item": [3, 4], "clicked": [1, 0]}
        wrong = Explode(column="seen", into=["item", "bought"])
        with pytest.raises(DataError, match="but no 'bought'"):
            read(tmp_path, files="log.parquet", explode=wrong)

    def test_objects_of_json_lines(self, tmp_path: Path) -> None:
        line = '{"user": "u1", "seen": [{"item": 3, "clicked": true}, {"item": 4}, null]}'
        (tmp_path / "log.jsonl").write_text(f'{line}\n{{"user": "u2"}}\n', "utf-8")
        source = Source(files="log.jsonl", explode=Explode(column="seen", into=["item", "clicked"]))
        assert RawFiles("log", tmp_path, source).types()["item"] == "int64"
        assert read(tmp_path, files="log.jsonl", explode=source.explode).to_pydict() == {
            "user": ["u1", "u1", "u1"],
            "item": ["3", "4", None],
            "clicked": ["true", None, None],
        }

    def test_repeats_are_told_apart_after_exploding(
        self, content: Content, write: Callable[..., Path], tmp_path: Path
    ) -> None:
        days = "".join(f"u2,{DAY * n},x-1\nu3,{DAY * n},x-0\n" for n in range(3))
        raw = write(log=f"user,time,seen\nu1,5,a-1 b-0\nu1,5,b-0 c-1\n{days}")
        content["sources"]["log"] |= {"explode": SEEN, "deduplicate": True}
        manifest = prepare(
            spec_from_dict(content), raw, tmp_path / "out", "1970-01-02", "1970-01-03"
        )
        assert (manifest.rows_read, manifest.duplicates_dropped) == (10, 1)

    def test_values_that_do_not_fit_name_the_row_of_the_file(
        self, content: Content, write: Callable[..., Path], tmp_path: Path
    ) -> None:
        content["sources"]["log"] |= {"explode": SEEN, "types": {"item": "int64"}}
        raw = write(log="user,time,seen\nu1,5,1-1 2-0 3-1\nu2,6,4-1 x5-0\n")
        with pytest.raises(DataError, match="holds 'x5', which is not int64, in row 2;"):
            prepare(spec_from_dict(content), raw, tmp_path / "out", "1970-01-02", "1970-01-03")

    def test_text_that_is_not_utf8_names_its_row(self, tmp_path: Path) -> None:
        (tmp_path / "log.csv").write_bytes(b"user,seen\nu1,a-1\nu2,b-1 \xff-0\n")
        with pytest.raises(DataError, match=r"log\.csv: column 'seen'.*not UTF-8 in row 2"):
            read(tmp_path, files="log.csv", explode=Explode(**SEEN))

    def test_what_later_files_hold_counts_for_the_type(self, write: Callable[..., Path]) -> None:
        raw = write(log_1="user,seen\nu1,1-1\n", log_2="user,seen\nu1,n1-1\n")
        files = RawFiles("log", raw, Source(files="log_*.csv", explode=Explode(**SEEN)))
        assert files.types()["item"] == "string"
        assert files.reason("item") == f"row 1 of {raw / 'log_2.csv'} holds 'n1'"


class TestOneRowAUser:
    def table(self) -> pa.Table:
        random = np.random.default_rng(1)
        rows = []
        for user in range(30):
            count = int(random.integers(0, 6))
            rows.append(
                {
                    "user": f"u{user % 5}",
                    "item": random.integers(0, 9, count).tolist(),
                    "time": np.sort(random.integers(0, 3 * DAY, count)).tolist(),
                    "clicked": random.integers(0, 2, count).tolist(),
                }
            )
        kinds = [("item", pa.int64()), ("time", pa.int64()), ("clicked", pa.int8())]
        return pa.Table.from_pylist(
            rows, pa.schema([("user", pa.string()), *((n, pa.list_(t)) for n, t in kinds)])
        )

    def test_equals_the_flat_log(self, content: Content, tmp_path: Path) -> None:
        table = self.table()
        flat = [
            {"user": row["user"], "item": item, "time": time, "clicked": clicked}
            for row in table.to_pylist()
            for item, time, clicked in zip(row["item"], row["time"], row["clicked"], strict=True)
        ]
        pq.write_table(pa.Table.from_pylist(flat), tmp_path / "flat.parquet")
        pq.write_table(table, tmp_path / "log.parquet")
        content["sources"]["log"]["files"] = "flat.parquet"
        expected = prepared_batches(content, tmp_path, tmp_path / "flat")
        content["sources"]["log"] |= {"files": "log.parquet", "explode": LISTS}
        assert prepared_batches(content, tmp_path, tmp_path / "packed") == expected

    @pytest.mark.parametrize("kind", ["large", "fixed", "text", "brackets"])
    def test_every_kind_of_list(self, kind: str, tmp_path: Path) -> None:
        item = pa.array([[1, 2], [None, 4]], pa.large_list(pa.int64()))
        if kind == "fixed":
            item = pa.array([[1, 2], [None, 4]], pa.list_(pa.int64(), 2))
        if kind == "text":
            item = pa.array(["1|2", "|4"])
        if kind == "brackets":
            item = pa.array(["[1, 2]", " [None, '4'] "])
        rows = pa.table({"user": ["a", "b"], "item": item, "time": [[5, 6], [7, 8]]})
        pq.write_table(rows, tmp_path / "log.parquet")
        explode = Explode(columns=["item", "time"], separator="|" if kind == "text" else None)
        table = read(tmp_path, files="log.parquet", explode=explode)
        spelt = [1, 2, None, 4] if kind in ("large", "fixed") else ["1", "2", None, "4"]
        assert table.to_pydict() == {
            "user": ["a", "a", "b", "b"],
            "item": spelt,
            "time": [5, 6, 7, 8],
        }

    def test_json_lines(self, tmp_path: Path) -> None:
        lines = ['{"user": "a", "item": [1, null, 3], "time": [5, 6, 7]}', '{"user": "b"}']
        (tmp_path / "log.jsonl").write_text("\n".join(lines), "utf-8")
        source = Source(files="log.jsonl", explode=Explode(columns=["item", "time"]))
        files = RawFiles("log", tmp_path, source)
        assert files.types() == {"user": "string", "item": "int64", "time": "int64"}
        table = read(tmp_path, files="log.jsonl", explode=source.explode)
        assert table.to_pydict() == {
            "user": ["a", "a", "a"],
            "item": ["1", None, "3"],
            "time": ["5", "6", "7"],
        }

    @pytest.mark.parametrize("time", [[7], [], None, [7, 8, 9]])
    def test_unequal_lengths_name_file_and_row(
        self, time: list[int] | None, tmp_path: Path
    ) -> None:
        table = pa.table({"user": ["a", "b"], "item": [[1], [3, 4]], "time": [[5], time]})
        pq.write_table(table, tmp_path / "log.parquet")
        counted = len(time or [])
        with pytest.raises(
            DataError, match=rf"log\.parquet: row 2 has 2 values in 'item' and {counted} in 'time'"
        ):
            read(tmp_path, files="log.parquet", explode=Explode(columns=["item", "time"]))

    def test_text_needs_its_separator(self, write: Callable[..., Path]) -> None:
        raw = write(log="user,items\nu1,a|b\n")
        with pytest.raises(DataError, match="'items' holds text; give `separator` in `explode`"):
            read(raw, files="log.csv", explode=Explode(columns=["items"]))

    def test_blocks_stay_small(self) -> None:
        counts = np.random.default_rng(2).integers(0, 7, 50)
        lists = [list(range(count)) for count in counts]
        block = Block("log", 0, pa.table({"user": np.arange(50), "item": lists}))
        blocks = list(exploded(block, Explode(columns=["item"]), most_rows=10))
        assert max(each.table.num_rows for each in blocks) <= 10
        rows = [row for each in blocks for row in each.table.to_pylist()]
        assert rows == [{"user": u, "item": i} for u, items in enumerate(lists) for i in items]
        places = [each.row(at) for each in blocks for at in range(each.table.num_rows)]
        assert places == [f"row {row['user'] + 1}" for row in rows]

    def test_the_number_of_partitions_counts_what_comes_out(self, tmp_path: Path) -> None:
        table = pa.table({"user": ["a", "b"], "item": [list(range(30)), list(range(50))]})
        pq.write_table(table, tmp_path / "log.parquet")
        source = Source(files="log.parquet", explode=Explode(columns=["item"]))
        assert RawFiles("log", tmp_path, source).estimated_rows() == 80


class TestPackedFeatures:
    def cell(self, *features: tuple[str, str]) -> str:
        return "\x01".join(f"{field}\x02{value}\x031.0" for field, value in features)

    def test_a_column_a_field(self, write: Callable[..., Path]) -> None:
        cells = [
            self.cell(("101", "26"), ("205", "7")),
            self.cell(("205", "08")),
            "",
            self.cell(("101", "9"), ("205", "1"), ("150_14", "3")),
        ]
        raw = write(log="user,features\n" + "".join(f"u{n},{c}\n" for n, c in enumerate(cells)))
        table = read(raw, files="log.csv", packed=PACKED)
        assert table.to_pydict() == {
            "user": ["u0", "u1", "u2", "u3"],
            "101": ["26", None, None, "9"],
            "205": ["7", "08", None, "1"],
            "150_14": [None, None, None, "3"],
        }

    def test_equals_the_flat_log_with_several_ids_and_a_side_source(
        self, content: Content, write: Callable[..., Path], tmp_path: Path
    ) -> None:
        random = np.random.default_rng(3)
        content["sources"]["common"] = {"files": "common.csv", "join": "key"}
        content["fields"]["tags"] = {
            "side": "user",
            "column": "150_14",
            "multivalue": ",",
            "vocabulary": {},
        }
        flat = ["user,item,time,clicked,key"]
        packed = ["time,clicked,key,features"]
        for number in range(60):
            user, item = f"u{random.integers(5)}", f"{random.integers(9):03}"
            time, click, key = DAY * number // 20, random.integers(2), f"k{random.integers(6)}"
            flat.append(f"{user},{item},{time},{click},{key}")
            packed.append(f"{time},{click},{key},{self.cell(('101', user), ('205', item))}")
        common_flat, common = ["key,150_14"], ["key,features"]
        for number in range(6):
            tags = [str(tag) for tag in random.integers(0, 5, number)]
            common_flat.append(f'k{number},"{",".join(tags)}"')
            common.append(f"k{number},{self.cell(*(('150_14', tag) for tag in tags))}")
        content["sources"]["log"]["types"] = {"item": "string"}
        raw = write(log="\n".join(flat), common="\n".join(common_flat))
        expected = prepared_batches(content, raw, tmp_path / "flat")
        content["sources"]["log"]["packed"] = {
            **PACKED,
            "rename": {"101": "user", "205": "item"},
        }
        content["sources"]["common"]["packed"] = PACKED
        raw = write(log="\n".join(packed), common="\n".join(common))
        assert prepared_batches(content, raw, tmp_path / "packed") == expected

    @pytest.mark.parametrize("feature", ["205", "205\x027", "\x027\x031.0", "205\x02\x031.0"])
    def test_what_cannot_be_taken_apart_names_file_row_and_feature(
        self, feature: str, write: Callable[..., Path]
    ) -> None:
        good = self.cell(("101", "26"))
        raw = write(log=f"user,features\nu0,{good}\nu1,{good}\x01{feature}\n")
        with pytest.raises(DataError, match=r"log\.csv: column 'features' holds the feature") as e:
            read(raw, files="log.csv", packed=PACKED)
        assert repr(feature) in str(e.value)
        assert "row 2" in str(e.value)

    def test_without_values_and_with_separators_alike(self, write: Callable[..., Path]) -> None:
        raw = write(log="features\n101:26 205:a:b\n")
        packed = {"column": "features", "separator": " ", "id_separator": ":"}
        found = read(raw, files="log.csv", packed=packed).to_pydict()
        assert found == {"101": ["26"], "205": ["a:b"]}
        raw = write(log="features\n101:26:1.0 205:a:b:1.0\n")
        found = read(raw, files="log.csv", packed={**packed, "value_separator": ":"}).to_pydict()
        assert found == {"101": ["26"], "205": ["a:b"]}

    def test_a_field_that_the_first_rows_do_not_hold_is_named(
        self, write: Callable[..., Path]
    ) -> None:
        raw = write(log=f"features\n{self.cell(('101', '26'))}\n")
        source = Source.model_validate(
            {"files": "log.csv", "packed": {**PACKED, "rename": {"853": "rare"}}}
        )
        assert RawFiles("log", raw, source).types() == {"rare": "string", "101": "string"}
        assert read(raw, ["rare"], files="log.csv", packed=source.packed)["rare"].to_pylist() == [
            None
        ]

    def test_a_field_that_nobody_names_is_one_sentence(
        self, content: Content, write: Callable[..., Path], tmp_path: Path
    ) -> None:
        content["sources"]["log"]["packed"] = PACKED
        content["fields"]["853"] = {"side": "item", "hash": 5}
        raw = write(log=f"user,item,time,clicked,features\n1,2,5,1,{self.cell(('101', '26'))}\n")
        with pytest.raises(DataError, match=r"no source has a column '853' .*`rename` of `packed`"):
            prepare(spec_from_dict(content), raw, tmp_path / "out", "1970-01-02", "1970-01-03")

    def test_several_ids_of_a_field_that_has_one_are_refused(
        self, content: Content, write: Callable[..., Path], tmp_path: Path
    ) -> None:
        cell = self.cell(("205", "1"), ("205", "2"))
        content["sources"]["log"]["packed"] = {**PACKED, "rename": {"205": "item"}}
        raw = write(log=f"user,time,clicked,features\nu,5,1,{cell}\n")
        with pytest.raises(DataError, match="column 'item' holds lists; say `multivalue`"):
            prepare(spec_from_dict(content), raw, tmp_path / "out", "1970-01-02", "1970-01-03")

    def test_repeats_are_told_apart_by_the_whole_row(
        self, content: Content, write: Callable[..., Path], tmp_path: Path
    ) -> None:
        content["sources"]["log"] |= {
            "packed": {**PACKED, "rename": {"205": "item"}},
            "deduplicate": True,
        }
        lines = [
            f"{user},{DAY * day + user},{user % 2},{self.cell(('205', 'a'), ('7', str(other)))}\n"
            for day in range(3)
            for user in range(4)
            for other in (0, 1, 1)
        ]
        raw = write(log="user,time,clicked,features\n" + "".join(lines))
        manifest = prepare(
            spec_from_dict(content), raw, tmp_path / "out", "1970-01-02", "1970-01-03"
        )
        assert (manifest.rows_read, manifest.duplicates_dropped) == (36, 12)

    def test_a_name_that_is_taken(self, write: Callable[..., Path]) -> None:
        raw = write(log=f"101,features\n1,{self.cell(('101', '26'))}\n")
        with pytest.raises(DataError, match="`packed` makes a column '101', which its files have"):
            read(raw, files="log.csv", packed=PACKED)


@pytest.mark.parametrize("key", ["explode", "packed", "column"])
def test_generated_logs_are_flat(key: str, content: Content, tmp_path: Path) -> None:
    if key == "column":
        content["sequences"]["ready"] = {
            "column": "history",
            "length": 3,
            "attributes": {"item": "item"},
        }
    else:
        content["sources"]["log"][key] = SEEN if key == "explode" else PACKED
    with pytest.raises(DataError, match=f"drop `{key}` of s"):
        generate(spec_from_dict(content), tmp_path / "raw", users=2, events=10)


@pytest.mark.parametrize("key", ["explode", "packed"])
def test_a_log_without_rows_is_empty(
    key: str, content: Content, write: Callable[..., Path], tmp_path: Path
) -> None:
    if key == "explode":
        content["sources"]["log"]["explode"] = SEEN
        raw = write(log="user,time,seen\n")
    else:
        content["sources"]["log"]["packed"] = {**PACKED, "rename": {"205": "item"}}
        raw = write(log="user,time,clicked,features\n")
    with pytest.raises(DataError, match="the log is empty"):
        prepare(spec_from_dict(content), raw, tmp_path / "out", "1970-01-02", "1970-01-03")


def test_a_log_whose_rows_pack_nothing_is_empty(
    content: Content, write: Callable[..., Path], tmp_path: Path
) -> None:
    content["sources"]["log"]["explode"] = SEEN
    raw = write(log="user,time,seen\nu1,5,\nu2,6,\n")
    with pytest.raises(DataError, match="the log is empty"):
        prepare(spec_from_dict(content), raw, tmp_path / "out", "1970-01-02", "1970-01-03")


@pytest.mark.parametrize("key", ["explode", "packed"])
def test_a_column_to_take_apart_that_is_not_there(key: str, write: Callable[..., Path]) -> None:
    raw = write(log="user,sen,feature\nu1,a-1,1\n")
    with pytest.raises(DataError, match=r"there is no column '(seen|features)'; did you mean"):
        read(raw, files="log.csv", **{key: SEEN if key == "explode" else PACKED})
