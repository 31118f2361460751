"""The inputs of a Predict request, as the arrays that its signature takes."""

from collections.abc import Collection, Mapping

from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from serving.saved_model.claimed_bytes import DEFAULT_LIMIT, ClaimedBytes, TooMuchClaimed
from serving.saved_model.data_types import data_type_name
from serving.saved_model.session import Array
from serving.saved_model.tensor_proto import to_array
from serving.status import invalid_argument, resource_exhausted


def request_inputs(
    signature: SignatureDef, inputs: Mapping[str, TensorProto], claimable: int = DEFAULT_LIMIT
) -> dict[str, Array]:
    """One array for each input of a signature, a default where the request leaves one out.

    Args:
        signature: says which inputs there are, of which types, and which have defaults.
        inputs: of the request, by alias.
        claimable: bytes that shapes and repeated values may claim together.

    Returns:
        Alias -> array, in the order of the aliases.

    Raises:
        StatusError: INVALID_ARGUMENT, an input is missing, unknown, malformed or of another type;
            RESOURCE_EXHAUSTED, shapes and repeated values claim too much.

    Source:
        TensorFlow Serving, servables/tensorflow/predict_util.cc, VerifyRequestInputsSize;
        TensorFlow, cc/saved_model/util.cc, GetInputValues.
    """
    _check_number(signature, inputs)
    arrays: dict[str, Array] = {}
    claimed = ClaimedBytes(claimable)
    for position, alias in enumerate(sorted(signature.inputs)):
        proto = inputs.get(alias)
        if proto is None and alias not in signature.defaults:
            raise invalid_argument(
                f"Signature input alias: {alias}(feed name: {signature.inputs[alias].name}) not "
                "found in request and no default value provided. Inputs expected to be in the "
                f"request {_braces(inputs)}, or default input alias set: "
                f"{','.join(sorted(signature.defaults))}"
            )
        proto = signature.defaults[alias] if proto is None else proto
        arrays[alias] = _array(alias, proto, claimed)
        wanted = signature.inputs[alias].dtype
        if proto.dtype != wanted:  # NumPy would convert it; TensorFlow Serving converts nothing
            raise invalid_argument(
                f"Expects arg[{position}] to be {data_type_name(wanted)} but "
                f"{data_type_name(proto.dtype)} is provided"
            )
    if not set(inputs) <= set(arrays):
        raise invalid_argument(
            "Inputs contains invalid name. Used request inputs: "
            f"{','.join(sorted(set(inputs) & set(arrays)))}, request input: "
            f"{','.join(sorted(inputs))}"
        )
    return arrays


def _check_number(signature: SignatureDef, inputs: Collection[str]) -> None:
    given, wanted = set(inputs), set(signature.inputs)
    too_few = len(given) < len(wanted) and not signature.defaults
    if len(given) > len(wanted) or too_few:
        raise invalid_argument(
            f"input size does not match signature: {len(given)}!={len(wanted)} "
            f"len({_braces(given)}) != len({_braces(wanted)}). "
            f"Sent extra: {_braces(given - wanted)}. "
            f"Missing but required: {_braces(wanted - given)}."
        )


def _array(alias: str, proto: TensorProto, claimed: ClaimedBytes) -> Array:
    try:
        return to_array(proto, claimed)
    except TooMuchClaimed as error:
        raise resource_exhausted(
            f"tensor {alias}: {error} (--max_repeated_bytes_per_request): send the values in full"
        ) from error
    except (ValueError, OverflowError, MemoryError) as error:
        raise invalid_argument(f"tensor parsing error: {alias}") from error


def _braces(aliases: Collection[str]) -> str:
    return f"{{{','.join(sorted(aliases))}}}"
