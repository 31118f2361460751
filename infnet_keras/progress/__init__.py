"""What a command is doing, said while it does it."""

from infnet_keras.progress.phase import Phase
from infnet_keras.progress.progress import Progress

__all__ = ["Phase", "Progress"]
