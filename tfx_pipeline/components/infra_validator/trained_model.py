"""The model that a version was exported from, which answers requests without the version."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from infnet_keras.export.drawn_examples import drawn_examples
from infnet_keras.export.examples import parse_examples
from infnet_keras.export.model_answers import answers, rank_answers
from infnet_keras.export.sample_requests import Columns
from infnet_keras.export.serving_copy import serving_copy
from infnet_keras.export.tolerance import answer_scales, tolerated
from infnet_keras.export.warmup import warmup_requests
from infnet_keras.features import RowTransform, read_raw
from infnet_keras.features.raw_inputs import served_inputs
from infnet_keras.training.load_run_model import load_run_model


class TrainedModel:
    """A run's model, with the NumPy transform of the values that it learned from.

    Args:
        run: the run directory.

    Attributes:
        scales: of its regressions, as `difference` takes them.

    Raises:
        ModelError: it holds no model that can be loaded.
    """

    def __init__(self, run: Path):
        model = load_run_model(run, with_optimizer=False)
        self._model = model if model.dtype_policy.name == "float32" else serving_copy(model)
        self._transform = RowTransform(model.spec, model.assets)
        self.scales = answer_scales(model.spec)
        self._inputs = served_inputs(model.spec, self._transform.sent)

    def requests(self) -> list[tuple[str, Columns]]:
        """Warm-up requests of drawn rows: signature name and input arrays of each."""
        spec, transform = self._transform.spec, self._transform
        rows = read_raw(transform.inputs, drawn_examples(spec, self._model.assets))
        raw = {spec.served_names[given.name]: rows[given.name] for given in transform.sent}
        signatures = ["serving_default", "predict"]
        if any(given.side == "item" for given in self._inputs):
            signatures.append("rank")
        if self._model.attends:
            signatures.append("attention")
        return list(warmup_requests(raw, self._inputs, signatures))

    def answer(self, signature: str, request: Columns) -> Columns:
        """What a signature answers, by task, as `export.signatures` says.

        Raises:
            ExportError: the model gives what is no finite number.
        """
        if signature == "rank":
            return rank_answers(self._model, self._transform, request)
        if signature == "serving_default":
            parsed = parse_examples(tf.constant(request["examples"]), self._inputs)
            request = {name: values.numpy() for name, values in parsed.items()}
        rows = len(next(iter(request.values())))
        wanted = rows if signature == "attention" else 0
        found, attention = answers(self._model, self._transform, request, wanted)
        return attention if wanted else found


def difference(
    found: Columns, expected: Columns, scales: Mapping[str, float] | None = None
) -> str | None:
    """What tells an answer from the one that is expected; None where nothing does.

    Args:
        found: output name -> array.
        expected: the same.
        scales: of outputs that are no probabilities; see `tolerated`.
    """
    if set(found) != set(expected):
        return f"it has {', '.join(sorted(found))}, the model {', '.join(sorted(expected))}"
    for task, values in expected.items():
        if found[task].shape != values.shape:
            return f"{task} has the shape {found[task].shape}, not {values.shape}"
        allowed = tolerated(values, (scales or {}).get(task))
        far = ~(np.abs(found[task] - values) <= allowed)  # NaN is far from everything
        if far.any():
            first = tuple(int(axis[0]) for axis in np.nonzero(far))
            place = ", ".join(map(str, first))
            return f"{task} [{place}] is {found[task][first]:.6f}, the model's {values[first]:.6f}"
    return None
