"""From raw logs to a prepared directory."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from infnet_keras.data.examples.raw_examples import raw_batch
from infnet_keras.data.history.instant_counts import InstantCounts
from infnet_keras.data.history.splits import SPLITS, SplitRule
from infnet_keras.data.preparation.counts import Counts
from infnet_keras.data.preparation.dirt import dirt_lines, duplicates
from infnet_keras.data.preparation.earlier_pass import (
    earlier_files,
    history_files,
    spill_earlier,
)
from infnet_keras.data.preparation.encode import ShardEncoder
from infnet_keras.data.preparation.join_misses import check_joins
from infnet_keras.data.preparation.log_pass import spill_log
from infnet_keras.data.preparation.partition_pass import PartitionPass
from infnet_keras.data.preparation.spill import Spill
from infnet_keras.data.preparation.vectors import with_vectors
from infnet_keras.data.prepared import layout
from infnet_keras.data.prepared.file_names import ASSETS, MANIFEST, SHARDS, SPEC
from infnet_keras.data.prepared.manifest import Manifest, Shard
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.joins.joined_sources import JoinedSources
from infnet_keras.data.raw.misread_histories import misread_histories
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.features.assets import Assets, definition_of
from infnet_keras.features.raw_examples_file import RAW_EXAMPLES, save_raw_examples
from infnet_keras.features.raw_inputs import raw_inputs
from infnet_keras.files.whole_directory import output_directory
from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec, dump_spec

ROWS_PER_PARTITION = 250_000
_MOST_PARTITIONS = 512
_STEPS_PER_ROW = 100
_TEMPORARY = "temporary"


def prepare(
    spec: FeatureSpec,
    raw: Path,
    out: Path,
    valid_from: str | float,
    test_from: str | float,
    history: Path | None = None,
    train_from: str | float | None = None,
    progress: Progress | None = None,
) -> Manifest:
    """Turn raw logs into a directory that `PreparedData` opens and models train on.

    Each user's events are kept once, in time order; where an impression's history ends is noted,
    and readers cut sequences out. Vocabularies and quantiles come from training impressions alone.
    Memory holds the joined sources, the vocabularies and one part of the users at a time, so that
    it does not grow with the log. An earlier preparation in `out` is replaced; until the new one
    is complete, nothing there changes.

    Args:
        spec: what the columns mean.
        raw: directory of the raw files that the spec's sources name.
        out: directory to write.
        valid_from: first local day of validation (YYYY-MM-DD), exclusive end of training; or the
            fraction of the log's rows before it, cut at an instant where the log has a time.
        test_from: first local day of the test, or the fraction of rows before it.
        history: a file of events from before the log, with the user's and the item's key, an order
            `pos` (else its rows' order) and whichever columns of the log it has. They seed
            sequences and are no impressions.
        train_from: first local day of training, or the fraction of rows before it, for a run that
            goes on from an earlier one. Impressions before it are not trained on; vocabularies,
            quantiles and histories come from them, too. None trains on the whole log up to
            `valid_from`.
        progress: says what is done, and what dirt was found; None for silence.

    Returns:
        The counts, as in manifest.json.

    Raises:
        DataError: raw files cannot be used as they are, or `out` cannot be written.

    Example:
        >>> spec = load_spec("feature_specs/kuairand_pure.yaml")
        >>> prepare(spec, Path("raw"), Path("prepared"), "2022-05-04", "2022-05-05")
    """
    progress = progress or Progress()
    say = progress.say
    split_rule = SplitRule(spec.time, valid_from, test_from, train_from)
    own_names = frozenset({ASSETS, SHARDS, SPEC, MANIFEST, RAW_EXAMPLES})
    with output_directory(out, own_names, "prepared data") as directory:
        temporary = directory / _TEMPORARY
        plan = ColumnPlan.of(spec, raw)
        raw_inputs(spec, plan.types)  # the types can serve
        for name in (spec.log_source, *plan.joins):
            if (reason := spec.sources[name].leaks) is not None:
                say(f"warning: source {name!r} must not be trusted offline: {reason}")
        for warning in misread_histories(spec, plan):
            say(f"warning: {warning}")
        past = None if history is None else history_files(history)
        partitions = partitions_of(spec, plan, past)

        say(f"reading the log in {partitions} partitions of users")
        log_spill = Spill(temporary / "log", partitions)
        instants = InstantCounts() if split_rule.asks_instants else None
        total_rows, no_user = spill_log(spec, plan, log_spill, progress, instants)
        if instants is not None:
            split_rule = split_rule.at_instants(instants)
            say(str(split_rule))
        past_spill = Spill(temporary / "history", partitions)
        earlier = spill_earlier(spec, plan, past, past_spill, progress)
        without_user = {spec.log_source: no_user, **earlier}
        joined = ", ".join((*plan.joins, *plan.labels))
        say(f"{total_rows:,} rows read; joining {joined or 'nothing'}")
        with progress.phase("reading the joined sources"):
            sources = JoinedSources.of(plan)
        for note in dict.fromkeys(
            note for files in (*plan.files.values(), past) if files for note in files.notes()
        ):
            say(note)
        ordering = PartitionPass(spec, plan, sources, split_rule, total_rows, partitions)
        if ordering.groups.needed:
            with progress.phase("counting over all users", partitions, "partitions") as phase:
                for number in range(partitions):
                    log = log_spill.read(number)
                    if log is not None:
                        ordering.survey(log, past_spill.read(number))
                    phase.advance(number + 1)
                ordering.groups.finish()
        ordered = Spill(temporary / "ordered", partitions)
        with progress.phase("ordering the events", partitions, "partitions") as phase:
            for number in range(partitions):
                log = log_spill.read(number)
                if log is not None:
                    table = ordering.run(log, past_spill.read(number))
                    ordered.add(table, np.full(table.num_rows, number))
                log_spill.delete(number)
                past_spill.delete(number)
                phase.advance(number + 1)
            ordered.finish()
        counts = ordering.counts
        dirt = list(dirt_lines(spec, counts, total_rows, without_user))
        for line in dirt:
            say(line)
        check_joins(spec, plan, counts, lambda: sources)
        counts.check(spec, valid_from)

        inputs = {name for name in (*spec.input_columns, *_attributes(spec)) if name in plan.types}
        with progress.phase("fitting vocabularies and quantiles on the training impressions"):
            vocabularies, vectors = with_vectors(spec, raw, ordering.statistics.vocabularies())
            assets = Assets(
                definition=definition_of(spec),
                column_types={name: plan.types[name] for name in sorted(inputs)},
                vocabularies=vocabularies,
                boundaries=ordering.statistics.boundaries(),
                numbers=ordering.statistics.numbers(),
                vectors=vectors,
            )
        encoder = ShardEncoder(spec, assets, plan, sources.tables)
        (directory / SHARDS).mkdir()
        shards: list[Shard] = []
        with progress.phase("encoding", partitions, "partitions") as phase:
            for number in range(partitions):
                partition = ordered.read(number)
                if partition is not None:
                    shards.append(_write_shard(partition, encoder, directory, len(shards)))
                ordered.delete(number)
                phase.advance(number + 1)
        manifest = _manifest(
            spec,
            plan,
            ordering.counts,
            shards,
            total_rows,
            without_user,
            (valid_from, test_from, train_from),
        )
        for path in (temporary / "log", temporary / "history", temporary / "ordered", temporary):
            path.rmdir()
        assets.save(directory / ASSETS)
        save_raw_examples(directory, raw_batch(spec, plan.types, ordering.drawn))
        (directory / SPEC).write_text(dump_spec(spec), "utf-8")
        manifest.save(directory)
    if dirt:
        say(f"{out / MANIFEST} keeps these counts, and how often each label is 1")
    say(
        ", ".join(f"{count:,} {split}" for split, count in manifest.impressions.items())
        + " impressions"
        + (f" of {manifest.users:,} users" if spec.keys.user is not None else "")
        + f" in {out}"
    )
    return manifest


def partitions_of(
    spec: FeatureSpec, plan: ColumnPlan, history: RawFiles | None, most: int = _MOST_PARTITIONS
) -> int:
    """How many parts of the users keep each of a bounded size, by the sizes of the files.

    Args:
        spec: what is prepared.
        plan: names the files of the log.
        history: the file of earlier events, or None.
        most: how many at most; the default keeps the files open that `prepare` spills into.
    """
    rows = plan.files[spec.log_source].estimated_rows()
    rows += sum(files.estimated_rows() for files in earlier_files(spec, plan, history).values())
    # A ready-made history stands in every row: a long one takes the memory of many rows.
    steps = sum(s.length for s in spec.sequences.values() if s.column is not None)
    rows *= 1 + steps // _STEPS_PER_ROW
    return min(rows // ROWS_PER_PARTITION + 1, most)


def _attributes(spec: FeatureSpec) -> Iterator[str]:
    return (feature.column for feature in spec.sequence_features)


def _write_shard(partition: pa.Table, encoder: ShardEncoder, directory: Path, number: int) -> Shard:
    splits = partition[layout.SPLIT].to_numpy()
    ids = encoder.encode(partition, np.flatnonzero(splits))
    kept = [name for name in partition.column_names if layout.is_shard_column(name)]
    table = pa.table({**{name: partition[name] for name in kept}, **ids})
    file = f"{SHARDS}/{number:05d}.parquet"
    pq.write_table(table, directory / file, compression="zstd", row_group_size=1 << 20)
    impressions: dict[str, int] = {
        split: int((splits == code).sum()) for split, code in SPLITS.items()
    }
    cells = [partition[name] for name in partition.column_names if name.startswith("cells:")]
    steps = sum(pc.sum(pc.list_value_length(lists)).as_py() or 0 for lists in cells)
    return Shard(file, table.num_rows, (directory / file).stat().st_size, impressions, steps)


def _manifest(
    spec: FeatureSpec,
    plan: ColumnPlan,
    counts: Counts,
    shards: list[Shard],
    total_rows: int,
    without_user: dict[str, int],
    starts: tuple[str | float, str | float, str | float | None],
) -> Manifest:
    valid_from, test_from, train_from = starts
    return Manifest(
        spec=spec.name,
        valid_from=valid_from,
        test_from=test_from,
        train_from=train_from,
        column_types=dict(plan.types),
        shards=shards,
        users=counts.users,
        impressions=dict(counts.impressions),
        history_rows=counts.history_rows,
        rows_read=total_rows,
        duplicates_dropped=duplicates(spec, counts, total_rows, without_user),
        rows_without_user=without_user,
        joins_missed=dict(counts.joins_missed),
        history_events_later=dict(counts.later),
        values_unread=dict(counts.unread),
        labels_missing=dict(counts.unlabelled),
        negatives_left_out=counts.left_out,
        label_rates=counts.label_rates(spec.tasks),
        event_rows=dict(counts.event_rows),
        versions={name: version(name) for name in ("numpy", "pyarrow")},
    )
