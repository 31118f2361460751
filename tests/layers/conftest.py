"""XLA's optimisations take most of the time of tests this small."""

import keras
import pytest


@pytest.fixture(autouse=True)
def _compile_fast():
    if keras.backend.backend() != "jax":
        yield
        return
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
