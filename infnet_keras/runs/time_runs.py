"""How long trained models take to answer, measured beside one another in one process."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from infnet_keras.boosting.boosted_trees import BoostedTrees
from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.evaluation.observer import Observer
from infnet_keras.runs.in_turns import in_turns
from infnet_keras.runs.run_files import RunFiles
from infnet_keras.runs.score_run import load_scorer
from infnet_keras.runs.shorter_histories import with_lengths_of


def time_runs(
    runs: Sequence[RunFiles],
    data: PreparedData,
    batch_size: int,
    candidates: int,
    rounds: int,
) -> dict[str, dict[str, dict[str, float]]]:
    """Milliseconds from ids to probabilities, both on the host.

    Every round asks every model once, so that what slows the machine down for a while slows all of
    them. The inputs are of the validation part.

    Args:
        runs: trained runs.
        data: prepared data.
        batch_size: impressions of a batch, each with its own history.
        candidates: of a request, which one history serves.
        rounds: how often each model is asked.

    Returns:
        identity of a run -> `batch` and `request` -> median, low and high (quartiles).
    """
    asked: dict[tuple[str, str], Callable[[], Any]] = {}
    for run in runs:
        spec, identity = run.configuration.spec, run.configuration.identity
        scorer = load_scorer(run)
        reader = with_lengths_of(spec, data).reader("valid", batch_size)
        batch = _rows(reader.batch(0).inputs, batch_size)
        asked[identity, "batch"] = _call(scorer.predict_on_batch, batch)
        items = [name for name, field in spec.fields.items() if field.side == "item"]
        if items:
            asked[identity, "request"] = _request(scorer, _rows(batch, candidates), items)
    found: dict[str, dict[str, dict[str, float]]] = {}
    for (identity, what), spread in in_turns(asked, rounds).items():
        found.setdefault(identity, {})[what] = spread._asdict()
    return found


def _rows(inputs: Mapping[str, Any], rows: int) -> dict[str, Any]:
    """As many rows as wanted; those there are come again."""
    there = len(next(iter(inputs.values())))
    return {name: ids[np.arange(rows) % there] for name, ids in inputs.items()}


def _call(predict: Callable[[Any], Any], inputs: Any) -> Callable[[], Any]:
    return lambda: predict(inputs)


def _request(scorer: Any, inputs: Mapping[str, Any], items: list[str]) -> Callable[[], Any]:
    """One user and context, the items of all rows."""
    if isinstance(scorer, BoostedTrees):  # which share nothing between candidates
        count = len(next(iter(inputs.values())))
        first = {n: np.repeat(ids[:1], count, axis=0) for n, ids in inputs.items()}
        return _call(scorer.predict_on_batch, {**first, **{n: inputs[n] for n in items}})
    request = {n: ids[None] if n in items else ids[:1] for n, ids in inputs.items()}
    return _call(Observer(scorer, scorer.score_candidates).predict_on_batch, request)
