"""The row format of predict requests: a batch from the instances it is made of."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from serving.rest.base64_object import is_base64_object
from serving.rest.first_misfit import first_misfit
from serving.rest.json_document import quote_value
from serving.rest.tensor_from_json import check_tensor, rank_error, stack_tensors
from serving.saved_model.session import Array
from serving.status import StatusError, invalid_argument


def tensors_from_instances(instances: list[Any], data_types: Mapping[str, int]) -> dict[str, Array]:
    """The inputs that the list "instances" of a request stands for.

    Args:
        instances: at least one, as parsed: objects with a member for each input, or what the
            only input's value is.
        data_types: input alias -> DataType.

    Returns:
        Input alias -> array whose first axis is along `instances`.

    Raises:
        StatusError: instances are of different kinds, keys or shapes, or a value is wrong; the
            message is about the first in the order of the request.

    Example:
        >>> tensors_from_instances([{"x": 1}, {"x": 2}], {"x": types_pb2.DT_INT32})
        {'x': array([1, 2], dtype=int32)}

    Source:
        FillTensorMapFromInstancesList of TensorFlow Serving's util/json_tensor.cc.
    """
    if len(data_types) > 1 and not isinstance(instances[0], dict):
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map"
        )
    tensors = _stack_instances(instances, data_types)
    if tensors is not None:
        return tensors
    # Only the first instance that is wrong, or unlike the first of all, is looked at by element.
    first = instances[0]

    def fit(part: Sequence[Any]) -> bool:
        return _stack_instances([first, *part], data_types) is not None

    item = first_misfit(instances, fit)
    _check_instance(instances[item], item, first, data_types)
    raise rank_error()


def _has_named_inputs(instance: Any) -> bool:
    return isinstance(instance, dict) and not is_base64_object(instance)


def _stack_instances(
    instances: list[Any], data_types: Mapping[str, int]
) -> dict[str, Array] | None:
    """The inputs, or None if some instance is wrong, or unlike the first."""
    if not _has_named_inputs(instances[0]):
        columns = {min(data_types): instances}
    elif all(
        _has_named_inputs(instance) and instance.keys() == data_types.keys()
        for instance in instances
    ):
        columns = {name: [instance[name] for instance in instances] for name in data_types}
    else:
        return None
    tensors = {}
    for name, column in columns.items():
        tensor = stack_tensors(column, data_types[name])
        if tensor is None:
            return None
        tensors[name] = tensor
    return tensors


def _check_instance(instance: Any, item: int, first: Any, data_types: Mapping[str, int]) -> None:
    if not _has_named_inputs(first):
        if _has_named_inputs(instance):
            raise invalid_argument(
                f"Expecting value/list but got object at item {item} of input list"
            )
        try:
            _check_like(instance, first, data_types[min(data_types)])
        except StatusError as error:
            raise _element_error(f"{item}", error) from None
        return
    if not _has_named_inputs(instance):
        raise invalid_argument(f"Expecting object but got list at item {item} of input list")
    for name, value in instance.items():
        try:
            if name not in data_types:
                raise invalid_argument(f"JSON object: does not have named input: {name}")
            _check_like(value, first[name], data_types[name])
        except StatusError as error:
            raise _element_error(f"{item} key: {name}", error) from None
    if len(instance) < len(data_types):
        raise invalid_argument(
            f"Failed to process element: {item} of 'instances' list. JSON object: "
            f"{quote_value(instance)} keys must be equal to: {','.join(sorted(data_types))}"
        )


def _check_like(value: Any, first: Any, data_type: int) -> None:
    """Look at a value element by element; its shape must be that of the first instance's."""
    shape, expected = check_tensor(value, data_type), check_tensor(first, data_type)
    if math.prod(shape) != math.prod(expected):
        raise invalid_argument(
            f"Expecting tensor size: {math.prod(expected)} but got: {math.prod(shape)}"
        )
    if shape != expected:
        raise invalid_argument(
            f"Expecting shape {_shape_text(expected)} but got: {_shape_text(shape)}"
        )


def _element_error(element: str, error: StatusError) -> StatusError:
    return invalid_argument(
        f"Failed to process element: {element} of 'instances' list. Error: {error}"
    )


def _shape_text(shape: list[int]) -> str:
    return f"[{','.join(map(str, shape))}]"
