"""Every registered model exports; infnet is the one that the other files here share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.spec.models import model_options
from infnet_keras.testing.draw_weights import draw_weights
from infnet_keras.testing.export_test import run_export_test


@pytest.mark.backend("tensorflow")  # exports of other backends are this one's: test_saved_model.py
@pytest.mark.parametrize("name", sorted({*model_options()} - {"infnet"}))
def test_the_export_agrees_with_the_model(
    name: str, build_model: Callable[..., Any], tmp_path: Path
) -> None:
    model = build_model({"model.type": name})
    assert model.spec.model.type == name
    draw_weights(model)
    run_export_test(model, tmp_path)
