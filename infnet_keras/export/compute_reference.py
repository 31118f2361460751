"""Runs the model itself on the example rows, in this process and on its backend."""

from typing import Any

import numpy as np

from infnet_keras.export.model_answers import answers, rank_answers
from infnet_keras.export.reference import Reference
from infnet_keras.export.sample_requests import Columns, rank_request
from infnet_keras.features import RowTransform
from infnet_keras.features.raw_inputs import served_inputs
from infnet_keras.spec import dump_spec

CANDIDATES = 3
ATTENTION_ROWS = 32  # weights are many: one a task and token


def compute_reference(model: Any, transform: RowTransform, raw: Columns) -> Reference:
    """The model's answers for example rows and for ranking requests made of them, and its
    attention.

    The ids come from the NumPy transform. A ranking request has up to 3 candidates (the items of
    its own row and of those after it), of which 0, 1, 2 or 3 count; the model scores each as a row
    of its own.

    Args:
        model: a float32 model on any backend.
        transform: the model's row transform.
        raw: example rows of the log, raw input name -> column.

    Returns:
        The requests, under the served names, and what the model gives for them.

    Raises:
        ExportError: the model gives an answer or a weight that is no finite number.
    """
    served = transform.spec.served_names
    inputs = served_inputs(transform.spec, transform.sent)
    fixed = {served[name]: raw[name] for name in transform.fixed}
    raw = {served[given.name]: raw[given.name] for given in transform.sent}
    rank: Columns = {}
    scores: Columns = {}
    if any(i.side == "item" for i in inputs):
        rows = np.arange(len(raw[inputs[0].name]))
        candidates = (rows[:, None] + np.arange(min(CANDIDATES, len(rows)))) % len(rows)
        counts = rows % (candidates.shape[1] + 1)
        rank = rank_request(raw, inputs, rows, candidates, counts)
        scores = rank_answers(model, transform, rank)
    predicted, attention = answers(model, transform, raw, ATTENTION_ROWS)
    logged: Columns = {}
    if fixed:
        logged, _ = answers(model, transform, {**raw, **fixed})
    return Reference(
        spec=dump_spec(transform.spec),
        inputs=served_inputs(transform.spec, transform.inputs),
        predict=raw,
        rank=rank,
        probabilities=predicted,
        scores=scores,
        attention=attention,
        logged=fixed,
        logged_probabilities=logged,
    )
