"""Requests made of example rows: what the parity check compares and the warm-up replays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.features import RawInput
from infnet_keras.served_names import CANDIDATE_COUNT

Rows = npt.NDArray[np.int64]
Columns = dict[str, npt.NDArray[Any]]


def predict_request(raw: Columns, rows: Rows) -> Columns:
    """Some of the rows, as the signature `predict` takes them."""
    return {name: column[rows] for name, column in raw.items()}


def rank_request(
    raw: Columns,
    inputs: Sequence[RawInput],
    rows: Rows,
    candidates: Rows,
    counts: Rows,
) -> Columns:
    """Requests of the signature `rank`, made of example rows.

    Args:
        raw: raw input name -> column, one element a row.
        inputs: the raw inputs of the spec.
        rows: [requests], whose user, histories and context each request has.
        candidates: [requests, candidates], whose items each request ranks.
        counts: [requests], how many of its candidates count.

    Returns:
        Input name -> array, every one with the requests leading.
    """
    request = {i.name: raw[i.name][candidates if i.side == "item" else rows] for i in inputs}
    request[CANDIDATE_COUNT] = counts
    return request
