"""A request to try an exported version with: it goes along as a file."""

import json
from pathlib import Path

import numpy as np

from infnet_keras.export.sample_requests import Columns, predict_request
from infnet_keras.request.json_tensors import to_json

FILE = "assets.extra/example_request.json"
ROWS = 3


def write_example_request(saved_model: Path, raw: Columns) -> None:
    """Write `assets.extra/example_request.json`: the body of a TF Serving REST predict request.

    Args:
        saved_model: the version's directory.
        raw: example rows, raw input name -> column; the first three make the request.
    """
    count = len(next(iter(raw.values())))
    rows = predict_request(raw, np.arange(min(ROWS, count)))
    columns = {name: to_json(column) for name, column in rows.items()}
    by_row = zip(*columns.values(), strict=True)
    instances = [dict(zip(columns, row, strict=True)) for row in by_row]
    path = saved_model / FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"signature_name": "predict", "instances": instances}, indent=1))
