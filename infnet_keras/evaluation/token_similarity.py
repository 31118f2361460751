"""How alike the tokens of an example are, and the attentions that made them."""

from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.evaluation.report import or_none

Tokens = npt.NDArray[np.floating[Any]]


def mean_cosine(tokens: Tokens, centred: bool = True, negligible: float = 1e-5) -> float | None:
    """Mean cosine between the tokens of an example, over examples and pairs of tokens.

    Args:
        tokens: float [examples, tokens, dim].
        centred: first subtract from every token its mean over the examples.
        negligible: a centred vector that is no longer than this part of its token's root mean
            square length is a constant up to rounding. It carries nothing, and must not pass for
            different because rounding points anywhere: its cosines count as 1.

    Returns:
        From -1 to 1; None with fewer than two tokens, or centred, with fewer than two examples.

    Example:
        >>> mean_cosine(np.array([[[1.0, 0.0], [0.0, 2.0]], [[3.0, 0.0], [0.0, 4.0]]]))
        0.0
    """
    count = tokens.shape[1]
    if count < 2 or len(tokens) < (2 if centred else 1):
        return None
    vectors = tokens.astype(np.float64)
    smallest = np.zeros(count)
    if centred:
        smallest = negligible * np.sqrt(np.square(vectors).sum(axis=-1).mean(axis=0))
        vectors -= vectors.mean(axis=0)
    lengths = np.linalg.norm(vectors, axis=-1)
    constant = lengths <= smallest
    vectors /= np.where(constant, 1.0, lengths)[..., None]
    cosines = np.einsum("nid,njd->nij", vectors, vectors)
    cosines[constant[:, :, None] | constant[:, None, :]] = 1.0
    first, second = np.triu_indices(count, 1)
    return or_none(float(cosines[:, first, second].mean()))


def pairwise_distance(attention: Tokens) -> Tokens:
    """Total variation distance between the attention rows of every two queries, by example.

    Rows are taken by their magnitudes' sum, which changes nothing for a softmax and makes weights
    that are not normalised (SiLU) comparable; heads are compared one by one and averaged.

    Args:
        attention: weights float [examples, heads, queries, tokens].

    Returns:
        float64 [examples, pairs], 0 to 1; NaN where a row weighs nothing, as over the steps of an
        example without history.

    Example:
        >>> pairwise_distance(np.array([[[[0.5, 0.5], [1.0, 0.0]]]]))
        array([[0.5]])
    """
    sizes = np.abs(attention).sum(axis=-1, keepdims=True, dtype=np.float64)
    rows = attention / np.where(sizes == 0.0, np.nan, sizes)
    pairs = zip(*np.triu_indices(attention.shape[2], 1), strict=True)
    distances = [np.abs(rows[:, :, i] - rows[:, :, j]).sum(axis=-1) / 2 for i, j in pairs]
    if not distances:
        return np.zeros((len(attention), 0))
    mean: npt.NDArray[np.float64] = np.stack(distances, axis=-1).mean(axis=1)
    return mean
