"""Feature importance for the terminal."""

from collections.abc import Collection, Sequence

from rich.table import Table

from infnet_keras.evaluation.importance.feature_importance import FeatureImportance


def importance_table(
    found: Sequence[FeatureImportance],
    title: str | None = None,
    regressions: Collection[str] = (),
) -> Table:
    """A row for each input, a column for each task and for their mean, with its interval.

    Args:
        found: of `feature_importance`.
        title: above the table.
        regressions: tasks whose label is a number, so that what is lost is XAUC.
    """
    table = Table(title=title)
    table.add_column("input")
    table.add_column("")
    tasks = [task for task in found[0].drops if task != "mean"]
    for task in (*tasks, "mean"):
        table.add_column(f"{task} (XAUC)" if task in regressions else task, justify="right")
    table.add_column("95% interval", justify="right")
    for each in found:
        drops = [
            "-" if each.drops[t] is None else f"{each.drops[t]:+.4f}" for t in (*tasks, "mean")
        ]
        interval = each.intervals["mean"]
        spelt = "" if interval is None else f"{interval[0]:+.4f} .. {interval[1]:+.4f}"
        table.add_row(each.feature, each.kind, *drops, spelt)
    return table
