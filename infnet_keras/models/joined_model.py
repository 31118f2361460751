"""What the models that read an example as one vector have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from keras import ops

from infnet_keras.layers import Embedded, ValuePooling
from infnet_keras.layers.embeddings.buckets import by_bucket
from infnet_keras.models.spec_model import SpecModel, repeat


class JoinedModel(SpecModel):
    """A model of x, which joins the embeddings of all fields and the mean of each sequence.

    The mean is over the valid steps of a sequence feature, zeros where it has none. That is our
    reading of papers that have fields alone. A subclass has `build_layers` and `read`.
    """

    @abstractmethod
    def read(self, joined: dict[str, Any], training: bool) -> Any:
        """What each tower reads: float [batch, tasks, width].

        Args:
            joined: lookup group -> x, float [batch, joined_width].
            training: whether this is a step of training.
        """

    @property
    def joined_width(self) -> int:
        """Width of x: a part of `dim` for each of the `input_names`."""
        return len(self.input_names) * self.spec.dim

    def build(self, input_shape: Any = None) -> None:
        self.pooling = ValuePooling("mean", dtype=self.dtype_policy, name="pooling")
        self.pooling.build((None, None, self.spec.dim))
        super().build(input_shape)

    def parts(self, embedded: Embedded) -> dict[str, Any]:
        """The part of x that each of some inputs is: name -> float [batch, dim]."""
        buckets = embedded.in_buckets()
        means = {
            name: by_bucket(lambda b, n=name: self.pooling(b.sequences[n], b.masks[n]), buckets)
            for name in embedded.sequences
        }
        return {**embedded.fields, **means}

    @property
    def reads_buckets(self) -> bool:
        return True

    def represent(self, embedded: dict[str, Embedded], training: bool) -> Any:
        joined = {group: self._join(self.parts(each)) for group, each in embedded.items()}
        return self.read(joined, training)

    def score_candidates(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """As `SpecModel.score_candidates`; a request's history is embedded and averaged once."""
        requests, candidates = self.candidate_shape(inputs)
        of_request, of_candidate = self.embed_candidates(inputs)
        joined = {}
        for group, each in of_request.items():
            repeated = {n: repeat(v, requests, candidates) for n, v in self.parts(each).items()}
            joined[group] = self._join({**repeated, **self.parts(of_candidate[group])})
        answers = self.answers(self.read(joined, False))
        return {task: ops.reshape(v, (requests, candidates)) for task, v in answers.items()}

    def _join(self, parts: Mapping[str, Any]) -> Any:
        return ops.concatenate([parts[name] for name in self.input_names if name in parts], axis=-1)
