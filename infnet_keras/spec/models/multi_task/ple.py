"""PLE's options."""

from typing import Literal

from infnet_keras.spec.models.multi_task.extraction_options import ExtractionOptions


class PLEOptions(ExtractionOptions):
    """Options of PLE: levels of experts, some of one task alone and some that all share."""

    type: Literal["ple"]
    """Which model."""
