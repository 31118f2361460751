"""The configured models: where requests find a version and configurations are put into effect."""

import logging
import threading
from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig

from serving.lifecycle.labels import VersionLabels
from serving.lifecycle.model_config import check_config
from serving.lifecycle.model_versions import LoadVersion, ModelVersions, RetryOptions
from serving.lifecycle.served_versions import ServedVersions
from serving.lifecycle.version_directories import aspired_versions
from serving.lifecycle.version_states import State, VersionState, VersionStates
from serving.saved_model.servable import Servable
from serving.status import StatusError, deadline_exceeded, invalid_argument, unknown

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CoreOptions:
    """How models are watched and loaded.

    Args:
        poll_wait: seconds between two looks at the model directories; 0 looks once, a negative
            number never.
        retry: how often a failed load is tried again.
        load_threads: how many versions load at a time.
        allow_labels_for_unavailable: see `VersionLabels`.
    """

    poll_wait: float = 1.0
    retry: RetryOptions = field(default_factory=lambda: RetryOptions(retries=5, interval=60.0))
    load_threads: int = 1
    allow_labels_for_unavailable: bool = False


class ServerCore:
    """Serves the models of a configuration, each by its version policy, and follows changes.

    Args:
        load: (name, version, path) -> servable, warmed up; raises StatusError.
        options: see `CoreOptions`.

    Example:
        >>> core = ServerCore(load, CoreOptions())
        >>> core.apply_config(single_model_config("half", "/models/half"))
        >>> with core.servable(ModelSpec(name="half")) as servable: servable.version
        2

    Source:
        TensorFlow Serving, model_servers/server_core.cc.
    """

    def __init__(self, load: LoadVersion, options: CoreOptions) -> None:
        self.states = VersionStates()
        self._load, self._options = load, options
        self._served = ServedVersions()
        self._labels = VersionLabels(self.states, options.allow_labels_for_unavailable)
        self._loading = threading.Semaphore(max(options.load_threads, 1))
        self._configuring = threading.Lock()
        self._polling = threading.Lock()
        self._models: dict[str, ModelVersions] = {}
        self._configs: dict[str, ModelConfig] = {}
        self._stopped = threading.Event()
        self._poller = threading.Thread(target=self._poll_for_ever, name="poll", daemon=True)

    def reload_config(self, config: ModelServerConfig, deadline: float | None = None) -> None:
        """Serve these models in the whole server, as a call asks for; see `apply_config`."""
        self.apply_config(config, deadline)

    def check_config(self, config: ModelServerConfig) -> None:
        """See that a configuration could replace the current one.

        Raises:
            StatusError: it would be refused.
        """
        check_config(config, self._configs.values())
        self._labels.check(_labels(config))

    def apply_config(self, config: ModelServerConfig, deadline: float | None = None) -> None:
        """Serve these models from now on, and wait until those that are new are available.

        Args:
            config: replaces the current one as a whole.
            deadline: seconds of `time.monotonic()` after which to wait no longer.

        Raises:
            StatusError: the configuration is refused and the current one stays, or (UNKNOWN) a new
                model did not load, or (DEADLINE_EXCEEDED) not in time; both go on being tried.
        """
        with self._configuring:
            if config.WhichOneof("config") is None:
                _log.info("Taking no action for empty config.")
                return
            check_config(config, self._configs.values())
            models = {model.name: model for model in config.model_config_list.config}
            self._labels.replace(_labels(config))
            added = models.keys() - self._configs.keys()
            before = {name: self.states.of_model(name) for name in added}
            removed = self._configs.keys() - models.keys()
            with self._polling:
                self._configs = models
                for name in removed:
                    self._models[name].aspire({})
            if self._options.poll_wait >= 0:
                self.poll()
            if self._options.poll_wait > 0 and not self._poller.is_alive():
                self._poller.start()
        self._wait_for(added, before, deadline)

    def states_of(self, name: str) -> dict[int, VersionState]:
        """Version -> state of a model, as the whole server has reached it, the highest first."""
        return self.states.of_model(name)

    def servable(self, model_spec: ModelSpec) -> AbstractContextManager[Servable]:
        """Hold the version that a request asks for; use as a context manager.

        Args:
            model_spec: name, and version or label or neither.

        Raises:
            StatusError: there is none; raised here or on entering the context.
        """
        if not model_spec.name:
            raise invalid_argument("ModelSpec has no name specified.")
        return self._served.acquire(model_spec.name, self.version_of(model_spec))

    def version_of(self, model_spec: ModelSpec) -> int | None:
        """The version that a request names by number or label; None if it takes the latest."""
        match model_spec.WhichOneof("version_choice"):
            case "version":
                return int(model_spec.version.value)
            case "version_label":
                return self._labels.version_of(model_spec.name, model_spec.version_label)
        return None

    def labels_of(self, name: str) -> dict[str, int]:
        """Label -> version of a model; empty if it has none."""
        return self._labels.of_model(name)

    def model_names(self) -> list[str]:
        """The configured models, in the configuration's order."""
        return list(self._configs)

    def poll(self) -> None:
        """Look at the directories of every model now."""
        with self._polling:
            for name, config in self._configs.items():
                if name not in self._models:
                    self._models[name] = ModelVersions(
                        name,
                        self._load,
                        self._served,
                        self.states,
                        self._options.retry,
                        self._loading,
                    )
                try:
                    aspired = aspired_versions(name, config.base_path, config.model_version_policy)
                except StatusError as error:
                    # A directory that is gone for a moment must not take its model down.
                    _log.error("FileSystemStoragePathSource encountered %s", error)
                    continue
                self._models[name].aspire(aspired)

    def stop(self, deadline: float | None = None) -> None:
        """Unload everything, each version once the requests that hold it are done.

        Args:
            deadline: seconds of `time.monotonic()` after which to wait no longer.
        """
        self._stopped.set()
        with self._polling:
            self._configs = {}
            for versions in self._models.values():
                versions.aspire({})
        self.states.wait_until(self._all_ended, deadline)

    def _poll_for_ever(self) -> None:
        while not self._stopped.wait(self._options.poll_wait):
            try:
                self.poll()
            except Exception:  # whatever it was, the next look may succeed
                _log.exception("looking at the model directories failed")

    def _all_ended(self) -> bool:
        return all(
            state.state is State.END
            for name in self._models
            for state in self.states.of_model(name).values()
        )

    def _wait_for(
        self,
        names: Collection[str],
        before: dict[str, dict[int, VersionState]],
        deadline: float | None,
    ) -> None:
        def since(name: str) -> dict[int, VersionState]:
            # What a model's earlier life left behind says nothing about this one.
            old = before[name]
            states = self.states.of_model(name)
            return {v: state for v, state in states.items() if state is not old.get(v)}

        def decided(name: str) -> bool:
            states = since(name).values()
            if name not in self._configs or any(s.state is State.AVAILABLE for s in states):
                return True
            # One that ended without an error is of the model's earlier life, unloaded meanwhile.
            ended = all(state.state is State.END for state in states)
            return ended and any(state.error for state in states)

        if not self.states.wait_until(lambda: all(map(decided, names)), deadline):
            raise deadline_exceeded("the models of the new config did not become available in time")
        failures = []
        for name in sorted(set(names) & set(self._configs)):
            states = since(name)
            if not any(state.state is State.AVAILABLE for state in states.values()):
                failures += [
                    f"{{{{name: {name} version: {version}}} due to error: {state.error}}}, "
                    for version, state in states.items()
                    if state.error
                ]
        if failures:
            raise unknown(
                f"{len(failures)} model(s) did not become available: {{{''.join(failures)}}}"
            )


def _labels(config: ModelServerConfig) -> dict[str, dict[str, int]]:
    models = config.model_config_list.config
    return {m.name: dict(m.version_labels) for m in models if m.version_labels}
