"""The body of a REST predict request, and that of its answer."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy.typing as npt

from infnet_keras.errors import DataError
from infnet_keras.request.encode import check_rows
from infnet_keras.request.json_tensors import to_json

_KEYS = ("signature_name", "instances", "inputs")


class RequestBody(NamedTuple):
    """What a body asks.

    Args:
        features: rows or columns, as `encode` takes them.
        by_row: whether they are rows, which the answer then is too.
        signature_name: of the signature that is asked; None where the body names none.
    """

    features: Any
    by_row: bool
    signature_name: str | None

    @classmethod
    def read(cls, body: Any) -> "RequestBody":
        """Take a body apart.

        Args:
            body: `{"signature_name": ..., "instances": [...]}`, one element a row, or
                `{"signature_name": ..., "inputs": {...}}`, one list a column.

        Raises:
            DataError: it is no such request, or has no rows.

        Example:
            >>> RequestBody.read({"instances": [{"x": 1.0}]})
            RequestBody(features=[{'x': 1.0}], by_row=True, signature_name=None)
        """
        if not isinstance(body, Mapping):
            raise DataError("a request is an object with `instances` (rows) or `inputs` (columns)")
        if set(body) - set(_KEYS) or ("instances" in body) == ("inputs" in body):
            raise DataError(
                "a request has either `instances` (rows) or `inputs` (columns), and may name a "
                f"`signature_name`; found {', '.join(body) or 'nothing'}"
            )
        name = body.get("signature_name")
        if name is not None and not isinstance(name, str):
            raise DataError(f"`signature_name` is the name of a signature; found {name!r}")
        by_row = "instances" in body
        features = body["instances" if by_row else "inputs"]
        if by_row and not (isinstance(features, list) and features):
            raise DataError("`instances` is a list of at least one row")
        if not by_row:
            named = features if isinstance(features, Mapping) else {"inputs": features}
            rows = {name: len(column) for name, column in named.items() if isinstance(column, list)}
            if 0 in rows.values():
                raise DataError("`inputs` has an empty column: a request has at least one row")
            check_rows(rows)
        return cls(features, by_row, name)

    def signature(self, names: Collection[str]) -> str:
        """The signature that is asked: `predict` unless named, `serving_default` without it."""
        if self.signature_name is not None:
            return self.signature_name
        return "predict" if "predict" in names else "serving_default"

    def answer(self, results: Mapping[str, npt.NDArray[Any]], name: str) -> dict[str, Any]:
        """The body of the answer, as TF Serving's REST interface makes it.

        Args:
            results: output name -> array, what the signature gave.
            name: of the signature, for the error.

        Returns:
            `{"predictions": [...]}` for rows, `{"outputs": {...}}` for columns. A single output's
            name is left out.

        Raises:
            DataError: rows were asked for, and the outputs have not one element a row.
        """
        lists = {output: to_json(values) for output, values in results.items()}
        if not self.by_row:
            return {"outputs": lists if len(lists) > 1 else next(iter(lists.values()))}
        if any(len(values) != len(self.features) for values in results.values()):
            raise DataError(
                f"the outputs of {name} do not have one element a row: ask for columns, with "
                "`inputs`"
            )
        rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        return {"predictions": rows if len(lists) > 1 else [next(iter(r.values())) for r in rows]}
