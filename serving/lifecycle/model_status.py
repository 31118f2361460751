"""GetModelStatus: the state of a model's versions."""

from tensorflow_serving.apis.get_model_status_pb2 import (
    GetModelStatusRequest,
    GetModelStatusResponse,
)
from tensorflow_serving.apis.status_pb2 import StatusProto

from serving.lifecycle.server_core import ServerCore
from serving.status import Code, StatusError, invalid_argument, not_found


def model_status(core: ServerCore, request: GetModelStatusRequest) -> GetModelStatusResponse:
    """The state of one version, or of every version that the server ever tried to serve.

    Args:
        core: knows the states.
        request: a model, and a version or label or neither.

    Returns:
        States, the highest version first.

    Raises:
        StatusError: no such model or version.

    Source:
        TensorFlow Serving, model_servers/get_model_status_impl.cc.
    """
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    name = request.model_spec.name
    states = core.states_of(name)
    version = core.version_of(request.model_spec)
    if version is not None:
        if version not in states:
            raise not_found(f"Could not find version {version} of model {name}")
        states = {version: states[version]}
    if not states:
        raise not_found(f"Could not find any versions of model {name}")
    response = GetModelStatusResponse()
    for number, state in states.items():
        response.model_version_status.add(
            version=number, state=int(state.state), status=status_proto(state.error)
        )
    return response


def status_proto(error: StatusError | None) -> StatusProto:
    """The message of an error; OK where there is none."""
    if error is None:
        return StatusProto(error_code=int(Code.OK))
    return StatusProto(error_code=int(error.code), error_message=error.message)
