"""What models have in common whose candidates look at what their user has."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from keras import ops

from infnet_keras.layers import Embedded
from infnet_keras.models.spec_model import SpecModel


class CandidateModel(SpecModel):
    """A model of R requests with K candidates each, which training and `call` have one of.

    What a request has is embedded once for all its candidates, also in `score_candidates`. A
    subclass has `build_layers` and `compare`.

    Args, attributes, call and errors are those of `SpecModel`.
    """

    @abstractmethod
    def compare(self, request: Embedded, items: Mapping[str, Any], training: bool) -> Any:
        """What each tower reads of each candidate: float [R * K, tasks, width].

        Args:
            request: fields other than items' [R, dim], and sequences [R, length, dim].
            items: the item fields, name -> float [R, K, dim].
            training: whether this is a step of training.
        """

    def represent(self, embedded: dict[str, Embedded], training: bool) -> Any:
        found, names = embedded["embeddings"], self.item_names
        items = {name: ops.expand_dims(found.fields[name], 1) for name in names}
        fields = {name: value for name, value in found.fields.items() if name not in names}
        return self.compare(found._replace(fields=fields), items, training)

    def score_candidates(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """As `SpecModel.score_candidates`; what a request has is embedded once for all."""
        requests, candidates = self.candidate_shape(inputs)
        request, flat = (each["embeddings"] for each in self.embed_candidates(inputs))
        shape = (requests, candidates, self.spec.dim)
        items = {name: ops.reshape(value, shape) for name, value in flat.fields.items()}
        answers = self.answers(self.compare(request, items, False))
        return {task: ops.reshape(v, (requests, candidates)) for task, v in answers.items()}
