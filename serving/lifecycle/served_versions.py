"""The versions that answer requests at this moment."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from serving.saved_model.servable import Servable
from serving.status import not_found


class ServedVersions:
    """Loaded versions by model, each with a count of the requests that are using it.

    A version that is withdrawn takes no new request; who withdrew it waits until the requests that
    hold it are done, so that a swap fails none of them.

    Example:
        >>> with served.acquire("half", None) as servable: servable.version
        2

    Source:
        TensorFlow Serving, core/basic_manager.cc (ServingMap).
    """

    def __init__(self) -> None:
        self._idle = threading.Condition()
        self._models: dict[str, dict[int, Servable]] = defaultdict(dict)
        self._holders: dict[tuple[str, int], int] = defaultdict(int)

    def add(self, servable: Servable) -> None:
        """Let a loaded version answer requests from now on."""
        with self._idle:
            self._models[servable.name][servable.version] = servable

    @contextmanager
    def acquire(self, name: str, version: int | None) -> Iterator[Servable]:
        """Hold a version for the time of one request.

        Args:
            name: of the model.
            version: the one asked for; None takes the highest that is served.

        Yields:
            The servable, which is not unloaded before the block ends.

        Raises:
            StatusError: NOT_FOUND, nothing of that name or number is served.
        """
        with self._idle:
            versions = self._models.get(name)
            wanted = max(versions, default=None) if versions and version is None else version
            if not versions or wanted not in versions:
                asked = f"Latest({name})" if version is None else f"Specific({name}, {version})"
                raise not_found(f"Servable not found for request: {asked}")
            servable = versions[wanted]
            key = (name, servable.version)
            self._holders[key] += 1
        try:
            yield servable
        finally:
            with self._idle:
                self._holders[key] -= 1
                if not self._holders[key]:
                    del self._holders[key]
                    self._idle.notify_all()

    def withdraw(self, name: str, version: int) -> Servable:
        """Take a version out of service: no request that comes from now on gets it."""
        with self._idle:
            servable = self._models[name].pop(version)
            if not self._models[name]:
                del self._models[name]
        return servable

    def wait_until_idle(self, name: str, version: int) -> None:
        """Wait until no request holds a version any more; withdraw it first."""
        with self._idle:
            self._idle.wait_for(lambda: (name, version) not in self._holders)
