"""What a report says, in order."""

from collections.abc import Sequence
from typing import Any

from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.study.differences import Difference
from infnet_keras.study.report import figures, tables
from infnet_keras.study.report.table import Section, Table
from infnet_keras.study.results import Results


def sections(
    results: Results,
    data: PreparedData,
    found: Sequence[Difference],
    timing: Any,
    attention: Any,
    processes: int,
) -> list[Section]:
    """The sections of a report; one without content is left out.

    Args:
        results: of the study.
        data: what was trained on.
        found: of `differences`.
        timing: of `time_runs`; None where inference was not timed.
        attention: of `attention_of_run`; None where it was not averaged.
        processes: that trained side by side.
    """
    file = results.study.study.file
    seeds = f"{len(file.seeds)} seeds" if len(file.seeds) > 1 else "one seed"
    made = [
        Section("What was compared", _protocol(results, data), [], []),
        Section(
            "Test metrics (table 1)",
            [f"Mean over {seeds}, ± the deviation between them; the best of a column is bold."],
            tables.metric_tables(results) if results.rows else [],
            [],
        ),
        Section(
            f"Differences to {results.reference}",
            [
                f"A row less {results.reference}; beneath, the 95 % interval of "
                f"{file.bootstrap:,} paired resamples of users; p for no difference, corrected "
                "for the number of rows (Holm). ▲ and ▼: p below .05, and more than twice the "
                "standard error over seeds."
            ],
            tables.difference_tables(results, found) if found else [],
            [],
        ),
        Section(
            "Ablation (table 3)",
            [f"Test AUC of {file.ablations} as it is, and without a part of it."],
            _some(tables.ablation_table(results)),
            [],
        ),
        Section(
            "Sweeps (figure 4, section 4.2)",
            ["Test AUC over the values of one setting, all else as it is; bars: ± the deviation."],
            tables.sweep_tables(results),
            _sweeps(results),
        ),
        Section(
            "Attention (figure 5)",
            [
                f"What the task queries and the shared task queries of the last block of "
                f"{file.attention} look at, a mean over impressions of the test part: over the "
                "fields, and over the steps of all sequences, each of which sums to 1."
            ],
            [],
            _attention(attention),
        ),
        Section(
            "Costs (figure 6)",
            [
                "Parameters besides the embedding tables; seconds of a fit with its evaluations, "
                f"{processes} side by side; then, alone and in turn, the median of "
                f"{file.timing.rounds} answers, quartiles beneath: a batch of "
                f"{file.timing.batch_size:,} impressions, and one request with "
                f"{file.timing.candidates} candidates, from ids to probabilities."
            ],
            [tables.cost_table(results, timing)] if results.rows else [],
            _times(results, timing),
        ),
        Section(
            "Settings and validation looks",
            [
                "A look is one setting whose validation score was seen before the choice: the "
                "trials of the study, pruned ones too, and the looks before it. The test part "
                "chose nothing."
            ],
            [tables.looks_table(results), tables.settings_table(results)] if results.rows else [],
            [],
        ),
    ]
    return [made[0], *(s for s in made[1:] if s.tables or s.figures)]


def _protocol(results: Results, data: PreparedData) -> list[str]:
    file, manifest = results.study.study.file, data.manifest
    counts = manifest.impressions
    text = [
        f"Spec {results.study.study.spec.name}, tasks {', '.join(results.tasks)}; "
        f"{manifest.users:,} users, {counts['train']:,} impressions to train on, "
        f"{counts['valid']:,} to choose by, {counts['test']:,} to test on; backend {file.backend}, "
        f"seeds {', '.join(map(str, file.seeds))}.",
    ]
    if file.tuning.trials:
        text.append(
            f"Budget: {file.tuning.trials} trials for every tuned row, by mean validation AUC."
        )
    else:
        text.append("Nothing was tuned: every row has the values of its spec.")
    missing = [name for name in results.study.names if name not in results.rows]
    if missing:
        text.append(f"Not finished, so not shown: {', '.join(missing)}.")
    return text


def _some(table: Table | None) -> list[Table]:
    return [] if table is None else [table]


def _sweeps(results: Results) -> list[tuple[str, str]]:
    curves = results.study.rows.sweeps().items()
    drawn = [(title, figures.sweep_figure(results, title, curve)) for title, curve in curves]
    return [(f"test AUC over {title}", svg) for title, svg in drawn if svg is not None]


def _attention(attention: Any) -> list[tuple[str, str]]:
    if attention is None:
        return []
    steps = figures.step_attention_figures(attention)
    return [
        ("attention over the fields", figures.field_attention_figure(attention)),
        *((f"attention of {query} over the steps", svg) for query, svg in steps.items()),
    ]


def _times(results: Results, timing: Any) -> list[tuple[str, str]]:
    drawn = [
        (what, figures.time_figure(results, timing or {}, what)) for what in ("batch", "request")
    ]
    return [(f"milliseconds of a {w} by parameters", svg) for w, svg in drawn if svg is not None]
