"""What the page shows of one version: its signatures, an example of each, its tokens' names."""

from collections.abc import Mapping, Sequence
from typing import Any

from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef, TensorInfo

from infnet_keras.input_names import named_sequences
from infnet_keras.served_names import LOGGED
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.token_positions import token_sequences
from serving.page.example_inputs import Example, example_inputs, placeholder
from serving.saved_model.data_types import data_type_name
from serving.saved_model.exported_spec import exported_spec
from serving.saved_model.servable import Servable

_INITIALISER = "__saved_model_init_op"  # run by the loader, never by a client
_CANDIDATES = 10  # of an example: enough to see an order, few enough for a form
# Of the exporter: names of its signatures, and of the input that `rank` adds.
_PREDICT, _RANK, _ATTENTION, _CANDIDATE_COUNT = "predict", "rank", "attention", "candidate_count"


def version_details(servable: Servable) -> dict[str, Any]:
    """What is known of a version that is served.

    Args:
        servable: the version.

    Returns:
        JSON:

        - `signatures`: each with `name`, `method`, `inputs` and `outputs` (`name`, `dtype`, `shape`
          or null if the rank is not known; -1 for a free dimension; an input also `column`, its
          own name in the spec), `batched` (whether every input
          leads with a free batch dimension: `example` then holds one row without it), `example`
          (input -> JSON text of a valid value), `recorded` (whether the example came with the
          model), `candidates` (inputs with one value a candidate; empty unless it is `rank`)
          and `behaviours`: `name`, `length` (the input that says how many events there are) and
          `lists` ([input, column] of their values).
        - `tasks`: whose outputs are answers; empty for a model that is not this project's.
        - `numbers`: those of them that are regressions: their answers are no probabilities.
        - `positions`: [source, step] of every token of signature `attention`; null without it.
        - `histories`: source of such tokens -> the inputs that hold what a step of it is.
        - `fields`: field -> the input that holds its value, where one does.
    """
    recorded = example_inputs(servable)
    spec = exported_spec(servable.path)
    own = {} if spec is None else {served: name for name, served in spec.served_names.items()}
    order = {name: index for index, name in enumerate(recorded.get(_PREDICT, {}))}
    tasks = list(spec.tasks) if spec else []
    return {
        "signatures": [
            _signature(name, servable.signatures, recorded, order, tasks, own)
            for name in sorted(servable.signatures.keys() - {_INITIALISER, LOGGED}, key=_by_use)
        ],
        "tasks": tasks,
        "numbers": [] if spec is None else [t for t in tasks if t not in spec.binary_tasks],
        "positions": _positions(servable.signatures, spec),
        "histories": _histories(spec),
        "fields": _fields(spec),
    }


def _signature(
    name: str,
    signatures: Mapping[str, SignatureDef],
    recorded: Mapping[str, Example],
    order: Mapping[str, int],
    tasks: Sequence[str],
    own: Mapping[str, str],
) -> dict[str, Any]:
    signature = signatures[name]
    inputs = [
        {**_tensor(alias, info), "column": own.get(alias, alias)}
        for alias, info in signature.inputs.items()
    ]
    inputs.sort(key=lambda i: (order.get(i["name"], len(order)), i["name"]))
    outputs = [_tensor(alias, info) for alias, info in signature.outputs.items()]
    places = {task: index for index, task in enumerate(tasks)}
    outputs.sort(key=lambda o: (places.get(o["name"], len(places)), o["name"]))
    batched = all(i["shape"] and i["shape"][0] == -1 for i in inputs)
    per_candidate = _candidate_inputs(name, signatures)
    candidates = [i["name"] for i in inputs if i["name"] in per_candidate]
    example = recorded.get(name, {})
    complete = set(example) == {i["name"] for i in inputs}
    if not complete:
        example = {i["name"]: placeholder(i["dtype"], i["shape"], batched) for i in inputs}
    return {
        "name": name,
        "method": signature.method_name,
        "inputs": inputs,
        "outputs": outputs,
        "batched": batched,
        "candidates": candidates,
        "behaviours": _behaviours(inputs, candidates, batched),
        "recorded": complete,
        "example": {
            alias: value.json(_CANDIDATES if alias in candidates else None)
            for alias, value in example.items()
        },
    }


def _behaviours(
    inputs: Sequence[Mapping[str, Any]], candidates: Sequence[str], batched: bool
) -> list[dict[str, Any]]:
    axes = {i["name"]: None if i["shape"] is None else len(i["shape"]) - batched for i in inputs}
    served = {i["column"]: i["name"] for i in inputs if i["name"] not in candidates}
    found = []
    for given in named_sequences(served):
        named = [(served[name], column) for column, name in given.attributes.items()]
        lists = [[name, column] for name, column in named if axes[name] == 1]
        length = served[given.length]
        if lists and axes[length] == 0:
            found.append({"name": given.sequence, "length": length, "lists": lists})
    return found


def _by_use(name: str) -> tuple[int, str]:
    """What a person will want to try comes first."""
    first = (_PREDICT, _RANK)
    return first.index(name) if name in first else len(first), name


def _tensor(name: str, info: TensorInfo) -> dict[str, Any]:
    shape = info.tensor_shape
    dims = None if shape.unknown_rank else [dim.size for dim in shape.dim]
    return {"name": name, "dtype": data_type_name(info.dtype), "shape": dims}


def _candidate_inputs(name: str, signatures: Mapping[str, SignatureDef]) -> set[str]:
    """The inputs of `rank` that have a dimension more than in `predict`."""
    if name != _RANK or _PREDICT not in signatures:
        return set()
    row, list_ = signatures[_PREDICT].inputs, signatures[name].inputs
    if set(list_) != {*row, _CANDIDATE_COUNT}:
        return set()
    return {
        alias
        for alias in row
        if len(list_[alias].tensor_shape.dim) == 2 and len(row[alias].tensor_shape.dim) == 1
    }


def _positions(
    signatures: Mapping[str, SignatureDef], spec: FeatureSpec | None
) -> list[tuple[str, int | None]] | None:
    if spec is None or _ATTENTION not in signatures:
        return None
    outputs = signatures[_ATTENTION].outputs
    positions = [(source, step) for source, step in spec.model.positions(spec)]
    shapes = [[dim.size for dim in info.tensor_shape.dim] for info in outputs.values()]
    tokens = len(positions)
    as_expected = set(outputs) == set(spec.tasks) and all(s == [-1, tokens] for s in shapes)
    return positions if as_expected else None


def _histories(spec: FeatureSpec | None) -> dict[str, tuple[str, ...]]:
    if spec is None:
        return {}
    ways = [token_sequences(spec, fused) for fused in (False, True)]
    return {
        sequence.source: tuple(spec.served_names[name] for name in sequence.inputs)
        for way in ways
        for sequence in way
    }


def _fields(spec: FeatureSpec | None) -> dict[str, str]:
    if spec is None:
        return {}
    columns = {name: spec.field_column(name) or name for name in spec.fields}
    return {
        field: spec.served_names[column]
        for field, column in columns.items()
        if column in spec.input_columns and column not in spec.served_values
    }
