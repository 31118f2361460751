"""How requests are batched."""

import os
from dataclasses import dataclass, field
from itertools import pairwise

from serving.protos.session_bundle_config_pb2 import BatchingParameters
from serving.status import invalid_argument

_SCALARS = (
    "max_batch_size",
    "batch_timeout_micros",
    "max_enqueued_batches",
    "num_batch_threads",
    "thread_pool_name",
    "enable_large_batch_splitting",
    "max_execution_batch_size",
)


@dataclass(frozen=True)
class BatchingOptions:
    """Limits of batches and of the queues they wait in.

    Args:
        max_batch_size: rows of a request at most; of a batch, too, unless requests are split.
        batch_timeout_micros: how long the first request of a batch waits for others.
        max_enqueued_batches: batches that may wait in one queue.
        num_batch_threads: batches that run at the same time; one for each usable CPU by default.
        thread_pool_name: prefix of the threads' names.
        allowed_batch_sizes: rows that a batch is padded to; the first size that is large enough.
        pad_variable_length_inputs: whether tensors of unequal shapes are padded to the largest of
            their batch.
        enable_large_batch_splitting: whether a request's rows may be spread over several batches.
        max_execution_batch_size: rows of a batch at most if requests are split; None is
            `max_batch_size`.

    Raises:
        StatusError: INVALID_ARGUMENT, an option is out of range or contradicts another.

    Example:
        >>> BatchingOptions(max_batch_size=32, allowed_batch_sizes=(8, 32)).padded_size(9)
        32

    Source:
        TensorFlow Serving, servables/tensorflow/bundle_factory_util.{h,cc}; TensorFlow,
        core/kernels/batching_util/shared_batch_scheduler.h.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = field(default_factory=lambda: _usable_cpus())
    thread_pool_name: str = "batch_threads"
    allowed_batch_sizes: tuple[int, ...] = ()
    pad_variable_length_inputs: bool = False
    enable_large_batch_splitting: bool = False
    max_execution_batch_size: int | None = None

    def __post_init__(self) -> None:
        _require_positive("input_batch_size_limit", self.max_batch_size)
        if self.batch_timeout_micros < 0:
            raise invalid_argument(
                f"batch_timeout_micros must be non-negative; was {self.batch_timeout_micros}"
            )
        _require_positive("max_enqueued_batches", self.max_enqueued_batches)
        _require_positive("num_batch_threads", self.num_batch_threads)
        _require_positive("max_execution_batch_size", self.largest_batch)
        if self.largest_batch > self.max_batch_size:
            raise invalid_argument(
                "When enable_large_batch_splitting is true, input_batch_size_limit must be greater "
                "than or equal to max_execution_batch_size."
            )
        if any(size >= larger for size, larger in pairwise((0, *self.allowed_batch_sizes))):
            raise invalid_argument("allowed_batch_sizes entries must be monotonically increasing")
        if self.allowed_batch_sizes and self.allowed_batch_sizes[-1] != self.max_batch_size:
            raise invalid_argument(
                "Last entry in allowed_batch_sizes must match max_batch_size; last entry was "
                f"{self.allowed_batch_sizes[-1]}; expected {self.max_batch_size}"
            )

    @classmethod
    def from_parameters(cls, parameters: BatchingParameters) -> "BatchingOptions":
        """The options that a configuration file sets, the defaults of those that it does not.

        Args:
            parameters: what the file holds. No waiting batches at all is read as one, unless
                requests are split: files that say so exist, and TensorFlow Serving serves them.

        Raises:
            StatusError: INVALID_ARGUMENT, as for the options themselves.
        """
        values = {
            name: getattr(parameters, name).value for name in _SCALARS if parameters.HasField(name)
        }
        if not values.get("enable_large_batch_splitting"):
            values["max_enqueued_batches"] = values.get("max_enqueued_batches", 10) or 1
        return cls(
            **values,
            allowed_batch_sizes=tuple(parameters.allowed_batch_sizes),
            pad_variable_length_inputs=parameters.pad_variable_length_inputs,
        )

    @property
    def largest_batch(self) -> int:
        """Rows of a batch at most, before it is padded."""
        if self.enable_large_batch_splitting and self.max_execution_batch_size is not None:
            return self.max_execution_batch_size
        return self.max_batch_size

    def padded_size(self, rows: int) -> int:
        """Rows that a batch of so many rows is run with."""
        return next((size for size in self.allowed_batch_sizes if size >= rows), rows)


def _usable_cpus() -> int:
    # macOS does not bind processes to CPUs.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _require_positive(name: str, value: int) -> None:
    if value <= 0:
        raise invalid_argument(f"{name} must be positive; was {value}")
