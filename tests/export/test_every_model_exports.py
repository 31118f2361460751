"""Every registered model exports; infnet is the one that the other files here share."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.export.drawn_examples import drawn_examples
from infnet_keras.export.parity import check_parity
from infnet_keras.features import RowTransform, read_raw
from infnet_keras.features.assets import definition_of
from infnet_keras.spec.models import model_options
from infnet_keras.testing.draw_weights import draw_weights
from infnet_keras.testing.export_test import run_export_test

pytestmark = pytest.mark.backend(
    "tensorflow"
)  # others' exports are this one's: test_saved_model.py


# As `model: type` names them, the version of INFNet whose blocks are others, and steps with gaps.
MODELS: dict[str, dict[str, Any]] = {
    name: {"model.type": name}
    for name in model_options()
    if name not in ("infnet", "shared_bottom")
}
MODELS["infnet v2"] = {"model.variant": "v2"}
MODELS["hstu in time order"] = {
    "model.type": "hstu",
    "tables.gap": {"boundaries": [60, 3600]},
    "sequences.view.time_gap": "gap",
    "sequences.click.time_gap": "gap",
}
# With the parts that others have too: experts, crosses, target attention, recurrence, gaps.
KINDS = ("infnet v2", "hstu in time order", "dien", "din_dcnv2_ple")


def make(build_model: Callable[..., Any], changes: dict[str, Any]) -> Any:
    model = build_model(changes)
    for key, value in changes.items():
        block, _, name = key.partition(".")
        assert block != "model" or getattr(model.spec.model, name) == value
    model.assets = replace(model.assets, definition=definition_of(model.spec))
    draw_weights(model)
    return model


@pytest.mark.long  # one of infnet does in the other files
def test_a_fresh_process_agrees_with_the_model(
    build_model: Callable[..., Any], tmp_path: Path
) -> None:
    run_export_test(make(build_model, {"model.type": "shared_bottom"}), tmp_path)


@pytest.mark.parametrize(
    "name",
    [name if name in KINDS else pytest.param(name, marks=pytest.mark.long) for name in MODELS],
)
def test_every_signature_agrees_with_the_model(
    name: str, build_model: Callable[..., Any], tmp_path: Path
) -> None:
    """As an export does it, in one process, which saves importing TensorFlow twice a model."""
    from infnet_keras.export.compute_reference import compute_reference
    from infnet_keras.export.serving_copy import serving_copy
    from infnet_keras.export.write_saved_model import write_saved_model

    model = make(build_model, MODELS[name])
    transform = RowTransform(model.spec, model.assets)
    raw = read_raw(transform.inputs, drawn_examples(model.spec, model.assets))
    reference = compute_reference(model, transform, raw)
    assert reference.probabilities
    assert reference.scores
    reference.save(tmp_path / "reference.json")
    write_saved_model(serving_copy(model), reference, tmp_path / "saved")
    check_parity(tmp_path / "saved", tmp_path / "reference.json")
