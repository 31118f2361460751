"""What both clients do alike: everything but sending a message."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from infnet_keras.errors import DataError
from infnet_keras.request.encode import encode, encode_ranking
from infnet_keras.request.signature import Signature
from infnet_keras.request.to_array import Array
from serving.client.model_metadata import ModelMetadata
from serving.client.serving_error import ServingError
from serving.client.version_status import VersionStatus
from serving.status import Code

TIMEOUT = 60.0
_POLL = 0.25
_MISFITS = (Code.INVALID_ARGUMENT, Code.FAILED_PRECONDITION)
_NOT_YET = (Code.UNAVAILABLE, Code.NOT_FOUND, Code.DEADLINE_EXCEEDED)


class ModelClient(ABC):
    """Asks one model of a TensorFlow Serving address; safe to use from many threads.

    Calls are repeated while the server cannot be reached or says UNAVAILABLE, with growing waits
    within the call's timeout, and for no other reason. Used as a context manager it closes itself.

    Args:
        address: of the server.
        model: the model's name there.
    """

    def __init__(self, address: str, model: str) -> None:
        self.address = address
        self.model = model
        self._metadata: dict[tuple[int | None, str | None], ModelMetadata] = {}

    def predict(
        self,
        features: Any,
        signature_name: str = "serving_default",
        version: int | None = None,
        label: str | None = None,
        timeout: float = TIMEOUT,
    ) -> dict[str, Array]:
        """Ask one signature of the model.

        Values get the type and rank that the signature declares, lists of unequal length are filled
        up with missing values, None is a missing value: see `encode` and `to_array`. What the
        signature declares is asked once for each version and label, and again when an answer
        shows that it has changed.

        Args:
            features: a list of rows, each a dict of input name -> value, or the columns, a dict of
                input name -> list or array with one element a row.
            signature_name: which signature.
            version: which version; by default the one that the server chooses.
            label: instead of `version`, the name that the server's configuration gives to one.
            timeout: seconds for the whole call, repetitions included.

        Returns:
            Output name -> array, in the order of the names; strings are bytes of dtype object.

        Raises:
            ServingError: the features do not fit the signature (INVALID_ARGUMENT), the server
                refuses or cannot be reached, or the time is over (DEADLINE_EXCEEDED).

        Example:
            >>> client.predict([{"x": 1.0}, {"x": 2.0}])
            {'y': array([2.5, 3. ], dtype=float32)}
        """

        def encoded(signature: Signature) -> dict[str, Array]:
            return encode(features, signature)

        return self._ask(encoded, signature_name, version, label, timeout)

    def rank(
        self,
        user: Mapping[str, Any],
        candidates: Sequence[Mapping[str, Any]],
        signature_name: str = "rank",
        version: int | None = None,
        label: str | None = None,
        timeout: float = TIMEOUT,
    ) -> dict[str, Array]:
        """Score candidates for one user, with the signature `rank` of this project's exports.

        Args:
            user: input name -> value: the user's features, the context, and the histories as lists.
            candidates: for each candidate input name -> value of the item. There may be none.
            signature_name: which signature.
            version: as in `predict`, like `label` and `timeout`.

        Returns:
            Task -> scores [candidates], in the candidates' order.

        Raises:
            ServingError: as in `predict`.

        Example:
            >>> client.rank({"user_id": "u1", "view__video_id": [7, 9]}, [{"video_id": 3}])
            {'click': array([0.31], dtype=float32)}
        """
        if not candidates:
            outputs = self.metadata(version, label, timeout).signature(signature_name).outputs
            return {task: np.zeros(0, spec.numpy_type) for task, spec in outputs.items()}

        def encoded(signature: Signature) -> dict[str, Array]:
            return encode_ranking(user, candidates, signature)

        scores = self._ask(encoded, signature_name, version, label, timeout)
        return {task: values[0, : len(candidates)] for task, values in scores.items()}

    def metadata(
        self, version: int | None = None, label: str | None = None, timeout: float = TIMEOUT
    ) -> ModelMetadata:
        """Ask for the model's signatures, as they are now; arguments as in `predict`."""
        _check_one_of(version, label)
        response = self._request_metadata(version, label, time.monotonic() + timeout)
        try:
            found = ModelMetadata.from_json(response)
        except (KeyError, TypeError, ValueError) as error:
            message = f"metadata that cannot be read: {error!r}"
            raise ServingError(Code.INTERNAL, message, self.address) from error
        self._metadata[version, label] = found
        return found

    def status(self, version: int | None = None, timeout: float = TIMEOUT) -> list[VersionStatus]:
        """Ask where the model's versions stand.

        Args:
            version: only this one; all that the server knows by default.
            timeout: seconds for the whole call.

        Returns:
            One element a version, the highest first.

        Raises:
            ServingError: NOT_FOUND, the server knows no such model or version; or as in `predict`.
        """
        response = self._request_status(version, time.monotonic() + timeout)
        try:
            found = [VersionStatus.from_json(v) for v in response["model_version_status"]]
        except (KeyError, TypeError, ValueError) as error:
            message = f"a status that cannot be read: {error!r}"
            raise ServingError(Code.INTERNAL, message, self.address) from error
        return sorted(found, key=lambda status: status.version, reverse=True)

    def wait_until_available(
        self, timeout: float = TIMEOUT, version: int | None = None
    ) -> list[VersionStatus]:
        """Wait until the server answers and serves the model.

        Args:
            timeout: seconds.
            version: wait for this version; for any by default.

        Returns:
            The status of the versions, as `status` gives it.

        Raises:
            ServingError: DEADLINE_EXCEEDED, the message says how things stood at last; or at once
                what `status` says for another reason than that the model is not there yet.
        """
        deadline = time.monotonic() + timeout
        standing = "no answer yet"
        while (remaining := deadline - time.monotonic()) > 0:
            try:
                found = self.status(version, remaining)
                if any(status.state == "AVAILABLE" for status in found):
                    return found
                standing = ", ".join(map(str, found))
            except ServingError as error:
                if error.code not in _NOT_YET:
                    raise
                if error.code is not Code.DEADLINE_EXCEEDED:
                    standing = error.message
            time.sleep(max(0.0, min(_POLL, deadline - time.monotonic())))
        message = f"{self.model} is not available after {timeout:g} s: {standing}"
        raise ServingError(Code.DEADLINE_EXCEEDED, message, self.address)

    @abstractmethod
    def close(self) -> None:
        """Close the connections; no call may follow."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _ask(
        self,
        encoded: Callable[[Signature], dict[str, Array]],
        name: str,
        version: int | None,
        label: str | None,
        timeout: float,
    ) -> dict[str, Array]:
        _check_one_of(version, label)
        deadline = time.monotonic() + timeout
        known = self._metadata.get((version, label))
        metadata = known or self.metadata(version, label, timeout)

        def attempt(metadata: ModelMetadata) -> dict[str, Array]:
            signature = metadata.signature(name)
            try:
                arrays = encoded(signature)
            except DataError as error:
                raise ServingError(Code.INVALID_ARGUMENT, str(error)) from error
            outputs = self._request_predict(arrays, signature, version, label, deadline)
            return {output: outputs[output] for output in sorted(outputs)}

        try:
            return attempt(metadata)
        except ServingError as error:
            if known is None or error.code not in _MISFITS:
                raise
            metadata = self.metadata(version, label, deadline - time.monotonic())
            if metadata.signatures == known.signatures:
                raise
        return attempt(metadata)

    def _time_left(self, deadline: float) -> float:
        """Seconds until a deadline; DEADLINE_EXCEEDED if there are none."""
        left = deadline - time.monotonic()
        if left <= 0:
            message = "the call's time was over before this was sent"
            raise ServingError(Code.DEADLINE_EXCEEDED, message, self.address)
        return left

    @abstractmethod
    def _request_predict(
        self,
        arrays: Mapping[str, Array],
        signature: Signature,
        version: int | None,
        label: str | None,
        deadline: float,
    ) -> dict[str, Array]:
        """Send one prediction; deadlines are seconds of `time.monotonic()`."""

    @abstractmethod
    def _request_metadata(
        self, version: int | None, label: str | None, deadline: float
    ) -> Mapping[str, Any]:
        """A GetModelMetadataResponse in its JSON form."""

    @abstractmethod
    def _request_status(self, version: int | None, deadline: float) -> Mapping[str, Any]:
        """A GetModelStatusResponse in its JSON form."""


def _check_one_of(version: int | None, label: str | None) -> None:
    if version is not None and label is not None:
        raise ServingError(Code.INVALID_ARGUMENT, "give a version or a label, not both")
