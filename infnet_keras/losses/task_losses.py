"""The loss of a task of each kind."""

from typing import Any

from infnet_keras.losses.masked_binary_crossentropy import MaskedBinaryCrossentropy

TASK_LOSSES: dict[str, Any] = {"binary": MaskedBinaryCrossentropy}
"""Kind of task -> class of its loss, which leaves rows with a NaN label out."""
