"""The part of every batch that this process trains on, where several train one model."""

from typing import NamedTuple


class Share(NamedTuple):
    """Which part of every batch is this process's.

    Attributes:
        rank: number of the process, from 0; that one writes the run.
        devices: how many processes train together, each on a device of its own.

    Example:
        >>> Share(rank=1, devices=4).rows(60)
        slice(15, 30, None)
    """

    rank: int = 0
    devices: int = 1

    def rows(self, batch: int) -> slice:
        """The rows of a batch that are this process's.

        Args:
            batch: rows of the batch, a multiple of `devices`.
        """
        part = batch // self.devices
        return slice(self.rank * part, (self.rank + 1) * part)


ALL = Share()
"""All of every batch: of a process that trains alone."""

_share = ALL


def share() -> Share:
    """This process's; all of every batch unless `run_in_processes` started it."""
    return _share


def set_share(share: Share) -> None:
    """Say what this process's part is, once it has joined the others (`torch.distributed`)."""
    global _share
    _share = share
