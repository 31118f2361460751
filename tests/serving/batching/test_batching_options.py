"""Options of batching: defaults, files, contradictions."""

import os
from typing import Any

import pytest
from google.protobuf import text_format

from serving.batching.batching_options import BatchingOptions
from serving.protos.session_bundle_config_pb2 import BatchingParameters
from serving.status import Code, StatusError


def read(text: str) -> BatchingOptions:
    return BatchingOptions.from_parameters(text_format.Parse(text, BatchingParameters()))


def test_an_empty_file_has_tensorflow_servings_defaults() -> None:
    options = read("")
    assert options == BatchingOptions()
    assert options.max_batch_size == 1000
    assert options.batch_timeout_micros == 0
    assert options.max_enqueued_batches == 10
    assert 1 <= options.num_batch_threads <= (os.cpu_count() or 1)
    assert options.allowed_batch_sizes == ()
    assert not options.pad_variable_length_inputs
    assert not options.enable_large_batch_splitting


def test_every_field_of_a_file_is_read() -> None:
    assert read(
        """
        max_batch_size { value: 64 }
        batch_timeout_micros { value: 2000 }
        max_enqueued_batches { value: 100 }
        num_batch_threads { value: 4 }
        thread_pool_name { value: "pool" }
        allowed_batch_sizes: 8
        allowed_batch_sizes: 64
        pad_variable_length_inputs: true
        enable_large_batch_splitting { value: true }
        max_execution_batch_size { value: 32 }
        """
    ) == BatchingOptions(64, 2000, 100, 4, "pool", (8, 64), True, True, 32)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_batch_size": 0}, "input_batch_size_limit must be positive; was 0"),
        ({"batch_timeout_micros": -1}, "batch_timeout_micros must be non-negative; was -1"),
        ({"max_enqueued_batches": -2}, "max_enqueued_batches must be positive; was -2"),
        ({"num_batch_threads": 0}, "num_batch_threads must be positive; was 0"),
        (
            {"enable_large_batch_splitting": True, "max_execution_batch_size": 0},
            "max_execution_batch_size must be positive; was 0",
        ),
        (
            {
                "max_batch_size": 8,
                "enable_large_batch_splitting": True,
                "max_execution_batch_size": 9,
            },
            "When enable_large_batch_splitting is true, input_batch_size_limit must be greater "
            "than or equal to max_execution_batch_size.",
        ),
        (
            {"max_batch_size": 4, "allowed_batch_sizes": (4, 2)},
            "allowed_batch_sizes entries must be monotonically increasing",
        ),
        (
            {"max_batch_size": 4, "allowed_batch_sizes": (0, 4)},
            "allowed_batch_sizes entries must be monotonically increasing",
        ),
        (
            {"max_batch_size": 4, "allowed_batch_sizes": (2, 8)},
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was 8; "
            "expected 4",
        ),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(StatusError) as error:
        BatchingOptions(**options)
    assert error.value.code is Code.INVALID_ARGUMENT
    assert error.value.message == message


def test_a_queue_of_no_batches_is_one_of_one_batch() -> None:
    assert read("max_enqueued_batches {}").max_enqueued_batches == 1


def test_a_queue_of_no_batches_is_refused_if_requests_are_split() -> None:
    with pytest.raises(StatusError, match="max_enqueued_batches must be positive; was 0"):
        read("max_enqueued_batches {} enable_large_batch_splitting { value: true }")


def test_the_size_of_a_batch_is_that_of_a_request_unless_requests_are_split() -> None:
    assert BatchingOptions(max_batch_size=8, max_execution_batch_size=2).largest_batch == 8
    split = BatchingOptions(max_batch_size=8, enable_large_batch_splitting=True)
    assert split.largest_batch == 8
    split = BatchingOptions(
        max_batch_size=8, enable_large_batch_splitting=True, max_execution_batch_size=2
    )
    assert split.largest_batch == 2


def test_batches_are_padded_to_the_first_allowed_size_that_is_large_enough() -> None:
    options = BatchingOptions(max_batch_size=9, allowed_batch_sizes=(1, 4, 9))
    assert [options.padded_size(rows) for rows in (1, 2, 4, 5, 9)] == [1, 4, 4, 9, 9]
    assert BatchingOptions().padded_size(7) == 7
