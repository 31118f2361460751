"""The weights of an INFNet under the names of the equations, each a matrix of its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from infnet_keras.models import INFNet


def plain_weights(
    model: INFNet, values: Sequence[Any] | None = None
) -> dict[str, npt.NDArray[Any]]:
    """What the layers keep in joint weights, taken apart.

    "tables/NAME" is a table, "block_0/sequence/tasks/key" the WK with which the rows `tasks` look
    at the sequence tokens in the first block; all other names are paths within the model.

    Args:
        model: built, its tables of the tokens' width.
        values: what stands beside the trainable variables, such as gradients; None: these.
    """
    given = [v.value for v in model.trainable_variables] if values is None else values
    paths = [variable.path.partition("/")[2] for variable in model.trainable_variables]
    arrays = {p: np.array(ops.convert_to_numpy(v)) for p, v in zip(paths, given, strict=True)}
    tables = model.embedded_inputs.tables["embeddings"]
    joint = arrays.pop(f"embedded_inputs/embeddings/tables_{model.spec.dim}")
    found = {
        f"tables/{table}": joint[first : first + tables.rows[table]]
        for table, first in tables.offsets.items()
    }
    for block in model.blocks:
        for kind, names in block.queries.items():
            path = f"{block.name}/{kind}_attention/"
            for whole in [each for each in arrays if each.startswith(path)]:
                part = whole.removeprefix(path)
                for name, matrix in zip(names, arrays.pop(whole), strict=True):
                    found[f"{block.name}/{kind}/{name}/{part}"] = matrix
    return found | arrays
