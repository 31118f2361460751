"""What a training step of INFNet's version 2 costs beside version 1's, on JAX, steps taking turns.

The tables are left out: the embeddings of a spec's inputs are given. Operations are those that XLA
counts in the compiled step, forward and backward.

    python benchmarks/infnet_versions.py --spec qb_video --batch 1024
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"

import jax
import keras

from infnet_keras.models import from_spec
from infnet_keras.models.infnet import INFNet
from infnet_keras.spec import load_spec
from infnet_keras.testing import random_inputs

VARIANTS = ("paper", "default", "v2")


def step_of(name: str, variant: str, batch: int) -> tuple[INFNet, float, Callable[[], object]]:
    """A model, the operations of its step, and the step."""
    keras.utils.set_random_seed(0)
    model = from_spec(load_spec(name), model={"type": "infnet", "variant": variant})
    assert isinstance(model, INFNet)
    inputs = random_inputs(model.spec, model.table_rows, batch)
    embedded = model.embed(inputs)
    variables = [*model.trainable_variables, *model.non_trainable_variables]

    def loss(values: list[Any], embedded: Any) -> Any:
        scope = keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True)))
        with scope:
            return keras.ops.mean(model.represent(embedded, training=True) ** 2)

    values = [variable.value for variable in variables]
    compiled = jax.jit(jax.grad(loss)).lower(values, embedded).compile()

    def step() -> object:
        return jax.block_until_ready(compiled(values, embedded))

    return model, float(compiled.cost_analysis()["flops"]), step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spec", default="qb_video")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    made = {variant: step_of(options.spec, variant, options.batch) for variant in VARIANTS}
    times: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    for _ in range(options.rounds):
        for variant, (_model, _operations, step) in made.items():
            step()
            start = time.perf_counter()
            step()
            times[variant].append(time.perf_counter() - start)
    print(
        f"{options.spec}, batch {options.batch}, {platform.machine()}, jax {version('jax')} on "
        f"{jax.default_backend()}, keras {version('keras')}, {options.rounds} rounds"
    )
    print("| variant | parameters beside tables | operations (G) | ms | spread | times paper |")
    print("|---|---|---|---|---|---|")
    for variant, (model, operations, _step) in made.items():
        parameters = model.count_params() - model.embedded_inputs.count_params()
        found = times[variant]
        ratio = statistics.median(a / b for a, b in zip(found, times["paper"], strict=True))
        print(
            f"| {variant} | {parameters:,} | {operations / 1e9:.2f} | "
            f"{statistics.median(found) * 1e3:.0f} | {min(found) * 1e3:.0f} .. "
            f"{max(found) * 1e3:.0f} | {ratio:.2f} |"
        )


if __name__ == "__main__":
    main()
