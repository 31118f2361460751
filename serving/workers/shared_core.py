"""The configured models of a worker process, and what holds for those of all workers."""

from concurrent.futures import ThreadPoolExecutor

from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.lifecycle.model_versions import LoadVersion
from serving.lifecycle.server_core import CoreOptions, ServerCore
from serving.lifecycle.version_states import VersionState
from serving.workers.merged_states import merged_states
from serving.workers.peers import Answer, Peers


class SharedCore(ServerCore):
    """Serves in one of several worker processes, and speaks and is configured for all of them.

    Args:
        load: see `ServerCore`.
        options: see `ServerCore`.
        peers: the other workers; they are to be given `answers()`.

    Example:
        >>> core = SharedCore(load, CoreOptions(), peers)
        >>> peers.answer(core.answers())
        >>> core.states_of("half")[2].state.name  # available with every worker
        'AVAILABLE'
    """

    def __init__(self, load: LoadVersion, options: CoreOptions, peers: Peers) -> None:
        super().__init__(load, options)
        self._peers = peers

    def answers(self) -> dict[str, Answer]:
        """What the other workers ask this one."""
        return {
            "states_of": super().states_of,
            "check_config": self.check_config,
            "apply_config": self.apply_config,
        }

    def states_of(self, name: str) -> dict[int, VersionState]:
        """The states that all workers have reached; see `merged_states`."""
        return merged_states([super().states_of(name), *self._peers.ask("states_of", name)])

    def reload_config(self, config: ModelServerConfig, deadline: float | None = None) -> None:
        """Have every worker serve these models, or none if one of them refuses to.

        Args:
            config: see `apply_config`.
            deadline: see `apply_config`.

        Raises:
            StatusError: see `apply_config`; or UNAVAILABLE, a worker is gone.
        """
        with self._peers.turn(deadline), ThreadPoolExecutor(1, "reload") as elsewhere:
            self.check_config(config)
            self._peers.ask("check_config", config)
            others = elsewhere.submit(self._peers.ask, "apply_config", config, deadline)
            self.apply_config(config, deadline)
            others.result()
