"""Whole raw rows -> model inputs, for local work: NumPy."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.features.assets import Assets
from infnet_keras.features.engine import model_inputs
from infnet_keras.features.fixed_values import fixed_values
from infnet_keras.features.numpy.clock import to_epoch_ms
from infnet_keras.features.numpy.derived import derived
from infnet_keras.features.numpy.encoder import Encoder, Ids
from infnet_keras.features.numpy.encoders import encoders
from infnet_keras.features.numpy.number_encoder import NumberEncoder, Numbers
from infnet_keras.features.numpy.shared_values import count_shared, value_codes
from infnet_keras.features.raw_batch import check_names, read_raw
from infnet_keras.features.raw_inputs import raw_inputs, sent_inputs
from infnet_keras.features.time_zone import Integers
from infnet_keras.features.transform_plan import SequenceStep, Step, TransformPlan
from infnet_keras.spec.derived.derivation import Derivation
from infnet_keras.spec.feature_spec import FeatureSpec

RawArrays = dict[str, npt.NDArray[Any]]
ModelInputs = dict[str, npt.NDArray[Any]]


class RowTransform:
    """The model inputs of raw rows. `TensorFlowRowTransform` gives the same ids.

    Args:
        spec: the feature spec.
        assets: what was fitted for it.

    Raises:
        DataError: the assets belong to another spec, or a column has a type that cannot be used.

    Example:
        >>> transform = RowTransform(data.spec, data.assets)
        >>> model.predict(transform(data.assets.raw_examples))
    """

    def __init__(self, spec: FeatureSpec, assets: Assets):
        assets.check(spec)
        self.inputs = raw_inputs(spec, assets.column_types)
        self.sent = sent_inputs(spec, self.inputs)
        self.fixed = fixed_values(spec, assets.column_types)
        self.spec = spec
        self.plan = TransformPlan.of(spec)
        self.encoders = encoders(spec, assets)

    def __call__(self, raw: Mapping[str, npt.NDArray[Any] | list[Any]]) -> ModelInputs:
        """Model inputs of a batch.

        Args:
            raw: every input of `raw_inputs`, arrays or lists, missing values as it says or None.

        Returns:
            int32 by name: a field [B] or [B, max_values], a sequence feature [B, length] or
            [B, length, max_values]. A numeric field is float32 [B], NaN where it is missing.

        Raises:
            DataError: an input is missing, unknown, or of the wrong shape or type.
        """
        arrays = read_raw(self.inputs, raw)
        return model_inputs(self.plan, _Batch(self.plan, self.encoders, arrays), arrays)

    def of_requests(self, raw: Mapping[str, npt.NDArray[Any] | list[Any]]) -> ModelInputs:
        """Model inputs of a batch as requests hold it: what serving fixes is put in.

        Args:
            raw: every input of `sent`, as in a call.

        Raises:
            DataError: as a call raises it, or an input is given that serving fixes.
        """
        check_names([raw_input.name for raw_input in self.sent], raw)
        rows = len(next(iter(raw.values())))
        return self({**raw, **{name: value.repeat(rows) for name, value in self.fixed.items()}})


class _Batch:
    """The kernels of NumPy over one raw batch."""

    def __init__(
        self,
        plan: TransformPlan,
        encoders: Mapping[str, Encoder | NumberEncoder],
        arrays: RawArrays,
    ):
        self._plan = plan
        self._encoders = encoders
        self._arrays = arrays
        self.timezone = plan.spec.time.timezone

    @cached_property
    def instants(self) -> Integers:
        time = self._plan.spec.time
        assert time.column is not None  # a spec that derives from time has one
        return to_epoch_ms(self._arrays[time.column], time)

    def column(self, name: str) -> npt.NDArray[Any]:
        return self._arrays[name]

    def shared(self, sequence: str, column: str) -> Integers:
        step = self._plan.sequence(sequence, column)
        valid, steps = self._latest(step)
        candidates = self._arrays[column]
        values = np.concatenate([candidates, steps])
        codes = value_codes(values, step.separator, step.max_values, column)
        own, past = codes[:, : len(candidates)], codes[:, len(candidates) :]
        counts = valid.sum(axis=1)
        last = np.cumsum(counts)
        return count_shared(own, past, last - counts, last)

    def derived(self, derivation: Derivation) -> npt.NDArray[Any]:
        return derived(derivation, self)

    def encode(self, step: Step, values: npt.NDArray[Any]) -> Ids | Numbers:
        return self._encoders[step.table].encode_step(step, values)

    def encode_latest(self, step: SequenceStep) -> Ids | Numbers:
        valid, steps = self._latest(step)
        ids = np.zeros((len(valid), *step.shape), np.int32)
        ids[valid] = self.encode(step, steps)
        return ids

    def _latest(self, step: SequenceStep) -> tuple[npt.NDArray[np.bool_], npt.NDArray[Any]]:
        """Which of the latest `length` steps there are, [B, length], and their values, [steps]."""
        raw = self._arrays[step.name]
        steps = np.clip(self._arrays[step.length_input], 0, raw.shape[1])
        first = np.maximum(steps - step.length, 0)
        position = first[:, None] + np.arange(step.length)
        valid = position < steps[:, None]
        return valid, raw[np.nonzero(valid)[0], position[valid]]
