"""Which contenders a run has."""

from collections.abc import Collection, Sequence
from pathlib import Path

import keras

from infnet_keras.benchmark.contender import Entry
from infnet_keras.benchmark.fuxictr.fuxictr_contender import FUXICTR
from infnet_keras.benchmark.fuxictr.sources import FUXICTR_MODELS, check_sources
from infnet_keras.errors import ModelError
from infnet_keras.models import MODELS

REFERENCES = ("plain", "attention", "fuxictr")


def entries_of(
    models: Sequence[str], references: Sequence[str], sources: Path | None, precision: str
) -> list[Entry]:
    """The contenders, INFNet and what it is compared with first.

    Args:
        models: of this package, as `model: type` names them.
        references: some of `REFERENCES`.
        sources: a copy of FuxiCTR's repository, which "fuxictr" needs.
        precision: Keras' dtype policy.

    Raises:
        ModelError: there is no such model or reference; FuxiCTR is asked for without its sources,
            on another backend than torch, or in half precision.
    """
    _known("model", models, MODELS)
    _known("reference", references, REFERENCES)
    entries = [Entry(name) for name in [*models, *(r for r in references if r != "fuxictr")]]
    compared = [each for each in entries if each.name in ("infnet", "plain", "attention")]
    if len(compared) > 1:
        entries += [Entry(each.name, "backbone") for each in compared]
    if "fuxictr" not in references:
        if sources is not None:
            raise ModelError("--fuxictr is given, but not the reference: add --references fuxictr")
        return entries
    backend = keras.backend.backend()
    if backend != "torch":
        raise ModelError(
            f"FuxiCTR runs on torch alone, and the backend is {backend}: add --backend torch, or "
            "leave the reference fuxictr out"
        )
    if precision != "float32":
        raise ModelError(f"FuxiCTR trains in float32, not {precision}: leave one of the two out")
    if sources is None:
        raise ModelError(
            "the reference fuxictr needs FuxiCTR's sources, which are not part of this package: "
            "give a copy of its repository with --fuxictr PATH"
        )
    check_sources(sources)
    return entries + [Entry(f"{FUXICTR}{name}") for name in FUXICTR_MODELS]


def _known(kind: str, given: Sequence[str], there: Collection[str]) -> None:
    unknown = [name for name in given if name not in there]
    if unknown:
        raise ModelError(
            f"there is no {kind} {', '.join(map(repr, unknown))}; {kind}s: {', '.join(there)}"
        )
