"""Embeddings of a model's inputs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from keras import ops

from infnet_keras.layers.embeddings.buckets import is_bucketed


class Embedded(NamedTuple):
    """The embeddings of one lookup group, by input.

    Where the inputs of sequences are in buckets, `sequences`, `masks` and `ids` hold a tuple of
    tensors, one a bucket, each padded to the bucket's length; the rows of the batch are those of
    the first bucket, then of the second, and so on.

    Attributes:
        fields: float [batch, width].
        sequences: float [batch, length, width]; what stands at padding means nothing.
        masks: bool [batch, length], True at the valid steps of a sequence.
        lengths: int32 [batch], how many steps of a sequence are valid.
        ids: int32 [batch, length], or [batch, length, values], that a sequence was embedded from.

    Example:
        >>> steps = np.ones((1, 2, 8)), np.ones((3, 5, 8))
        >>> masks = np.ones((1, 2), bool), np.ones((3, 5), bool)
        >>> fields = {"user": np.ones((4, 8))}
        >>> embedded = Embedded(fields, {"views": steps}, {"views": masks}, {}, {})
        >>> [bucket.fields["user"].shape for bucket in embedded.in_buckets()]
        [(1, 8), (3, 8)]
        >>> embedded.padded().sequences["views"].shape
        (4, 5, 8)
    """

    fields: dict[str, Any]
    sequences: dict[str, Any]
    masks: dict[str, Any]
    lengths: dict[str, Any]
    ids: dict[str, Any]

    @classmethod
    def of_buckets(cls, fields: dict[str, Any], buckets: "Sequence[Embedded]") -> "Embedded":
        """Fields of the whole batch, and the sequences of its buckets."""

        def each(name: str, of: str) -> tuple[Any, ...]:
            return tuple(getattr(bucket, of)[name] for bucket in buckets)

        names = list(buckets[0].masks)
        return cls(
            fields,
            {name: each(name, "sequences") for name in names},
            {name: each(name, "masks") for name in names},
            {name: ops.concatenate(each(name, "lengths"), axis=0) for name in names},
            {name: each(name, "ids") for name in names},
        )

    @property
    def rows(self) -> list[Any]:
        """Rows of each bucket; empty where there are none."""
        masks: Any = next(iter(self.masks.values()), None)
        return [ops.shape(mask)[0] for mask in masks] if is_bucketed(masks) else []

    def in_buckets(self) -> "list[Embedded]":
        """Each bucket as embeddings of its own; these themselves where there is none."""
        if not self.rows:
            return [self]
        found = []
        start: Any = 0
        for bucket, rows in enumerate(self.rows):
            end = start + rows
            found.append(
                Embedded(
                    {name: values[start:end] for name, values in self.fields.items()},
                    {name: parts[bucket] for name, parts in self.sequences.items()},
                    {name: parts[bucket] for name, parts in self.masks.items()},
                    {name: values[start:end] for name, values in self.lengths.items()},
                    {name: parts[bucket] for name, parts in self.ids.items()},
                )
            )
            start = end
        return found

    def padded(self) -> "Embedded":
        """The same without buckets: every sequence is padded to the longest bucket's length."""
        if not self.rows:
            return self
        return self._replace(
            sequences={name: _padded(parts) for name, parts in self.sequences.items()},
            masks={name: _padded(parts) for name, parts in self.masks.items()},
            ids={name: _padded(parts) for name, parts in self.ids.items()},
        )


def _padded(parts: Any) -> Any:
    longest = max(part.shape[1] for part in parts)
    rest = [(0, 0)] * (len(parts[0].shape) - 2)
    return ops.concatenate(
        [ops.pad(part, [(0, 0), (0, longest - part.shape[1]), *rest]) for part in parts], axis=0
    )
