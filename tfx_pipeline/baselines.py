"""What a run on one machine is compared with: found in TFX's metadata."""

from collections.abc import Iterator

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.types import Artifact, artifact_utils

Artifacts = dict[str, list[Artifact]]
_SUCCEEDED = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)
_LIVE = metadata_store_pb2.Artifact.LIVE
_VALIDATOR = "tfx_pipeline.components.example_validator.component.ExampleValidator"


class LastValidatedStatistics(ResolverStrategy):
    """The newest statistics, other than this run's, that ExampleValidator let pass.

    Statistics that it did not let pass must not become the measure of the next run, which would
    then find no drift. This run's own may be those of an earlier one, taken from the cache: such a
    run is compared with what it was compared with the first time, and all of it is cached.
    """

    def resolve_artifacts(self, store: mlmd.MetadataStore, input_dict: Artifacts) -> Artifacts:
        """Resolve.

        Args:
            store: TFX's metadata.
            input_dict: `statistics`: of this run.
        """
        current = artifact_utils.get_single_instance(input_dict["statistics"])
        passed = _passed(store)
        found = [a for a in _others(store, current) if a.id in passed]
        return {"statistics": _newest(store, found)}


class LastBlessedModel(ResolverStrategy):
    """The newest model, other than this run's, that was measured well and could be served."""

    def resolve_artifacts(self, store: mlmd.MetadataStore, input_dict: Artifacts) -> Artifacts:
        """Resolve.

        Args:
            store: TFX's metadata.
            input_dict: `model`: of this run.
        """
        current = artifact_utils.get_single_instance(input_dict["model"])
        blessed = {
            blessing.custom_properties["current_model_id"].int_value
            for blessing in store.get_artifacts_by_type("ModelBlessing")
            if blessing.state == _LIVE and blessing.custom_properties["blessed"].int_value == 1
        }
        blessed -= {
            blessing.custom_properties["current_model_id"].int_value
            for blessing in store.get_artifacts_by_type("InfraBlessing")
            if blessing.state == _LIVE and blessing.custom_properties["blessed"].int_value == 0
        }
        found = [a for a in _others(store, current) if a.id in blessed]
        return {"model": _newest(store, found)}


def _others(store: mlmd.MetadataStore, current: Artifact) -> Iterator[metadata_store_pb2.Artifact]:
    """Artifacts of the same type and pipeline that are still there."""
    for context in store.get_contexts_by_artifact(current.id):
        if context.type == "pipeline":
            for artifact in store.get_artifacts_by_context(context.id):
                if (
                    artifact.type == current.type_name
                    and artifact.id != current.id
                    and artifact.state == _LIVE
                ):
                    yield artifact


def _newest(store: mlmd.MetadataStore, found: list[metadata_store_pb2.Artifact]) -> list[Artifact]:
    newest = max(found, key=lambda artifact: artifact.id, default=None)
    if newest is None:
        return []
    (artifact_type,) = store.get_artifact_types_by_id([newest.type_id])
    return [artifact_utils.deserialize_artifact(artifact_type, newest)]


def _passed(store: mlmd.MetadataStore) -> set[int]:
    """Ids of the statistics that a successful ExampleValidator took as its `statistics`."""
    executions = [
        e for e in store.get_executions_by_type(_VALIDATOR) if e.last_known_state in _SUCCEEDED
    ]
    events = store.get_events_by_execution_ids([e.id for e in executions]) if executions else []
    return {
        event.artifact_id
        for event in events
        if event.type == metadata_store_pb2.Event.INPUT
        and any(step.key == "statistics" for step in event.path.steps)
    }
