"""Trains variants of a spec's model, several seeds of each at once, and scores them.

The impressions lie on the device as a whole and histories are cut there, so an accelerator does not
wait for batches; JAX alone. The seeds of a variant are one vectorised program. It is the models',
the optimiser's and the data's code that `infnet train` runs, with another loop around it: the same
losses, a random order of each epoch by seed, evaluations at equal parts of an epoch, the model of
the best evaluation by mean validation AUC, no early stop.

    python benchmarks/infnet_variants.py --data DIR --plan plan.json --out DIR [--score test]

`plan.json` is a list of {"tag": NAME, "seeds": [0, 1, 2], "set": {"model.dim": 32, ...}}. A line of
JSON a seed is printed; with `--score`, labels and probabilities of that split are written too, as
`infnet evaluate compare` reads them.
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"

import jax
import jax.numpy as jnp
import keras
import numpy as np

from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.data.prepared.window import Window
from infnet_keras.evaluation import Predictions
from infnet_keras.losses import MaskedBinaryCrossentropy
from infnet_keras.metrics import auc, grouped_auc
from infnet_keras.models import MODELS
from infnet_keras.models.optimizer import build_optimizer
from infnet_keras.spec import override_spec

_SCORED = 4096


class _OnDevice:
    """A split on the device."""

    def __init__(self, data: PreparedData, split: str) -> None:
        window = Window(data, split, tuple(range(len(data.manifest.shards))))
        self._window = window
        self.users = window.users
        self.labels = {task: np.asarray(v, np.float32) for task, v in window.labels.items()}
        self._on_device = {task: jnp.asarray(v) for task, v in self.labels.items()}
        self._fields = {n: jnp.asarray(window.field_ids[c]) for n, c in window.fields.items()}
        self._behaviours = {
            name: (
                jnp.asarray(b.first),
                jnp.asarray(b.last),
                {c: jnp.asarray(v) for c, v in b.ids.items()},
            )
            for name, b in window.behaviours.items()
        }

    def batch(self, spec: Any, rows: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Inputs and labels; a row past the end is padding without labels."""
        real = rows < len(self.users)
        inputs = {name: self._fields[name][rows] for name in spec.fields}
        for feature in spec.sequence_features:
            first, last, ids = self._behaviours[feature.sequence]
            column = ids[self._window.features[feature.name]]
            at = first[rows][:, None] + jnp.arange(feature.length)
            inputs[feature.name] = column[jnp.where(at < last[rows][:, None], at, len(column) - 1)]
        inputs = {
            n: jnp.where(real.reshape(-1, *[1] * (v.ndim - 1)), v, 0) for n, v in inputs.items()
        }
        labels = {task: jnp.where(real, v[rows], jnp.nan) for task, v in self._on_device.items()}
        return inputs, labels


def train(data: PreparedData, variant: dict[str, Any], score: str | None, out: Path) -> None:
    """Train and score one variant; prints a line a seed."""
    started = time.time()
    spec = override_spec(data.spec, variant["set"])
    rows = {
        name: n for name, n in data.assets.table_rows(data.spec).items() if name in spec.all_tables
    }
    options, seeds = spec.training, variant["seeds"]
    splits = {name: _OnDevice(data, name) for name in {"train", "valid", score or "valid"}}
    count = len(splits["train"].users)
    per = options.evaluations_per_epoch
    steps = -(-count // (options.batch_size * per))  # between two evaluations
    states = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        model = MODELS[spec.model.type](spec, rows)
        model.build()
        optimizer = build_optimizer(options, per * steps * options.epochs)
        optimizer.build(model.trainable_variables)
        variables = (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
        states.append([[v.value for v in part] for part in variables])
    state = jax.tree.map(lambda *values: jnp.stack(values), *states)
    losses = {task: MaskedBinaryCrossentropy() for task in spec.tasks}

    def loss(trainable: Any, rest: Any, inputs: Any, labels: Any) -> Any:
        answers, rest, more = model.stateless_call(
            trainable, rest, inputs, training=True, return_losses=True
        )
        total = sum(t.weight * losses[n](labels[n], answers[n]) for n, t in spec.tasks.items())
        return total + sum(more), rest

    def step(state: Any, batch: Any) -> Any:
        trainable, rest, slots = state
        inputs, labels = splits["train"].batch(spec, batch)
        (value, rest), gradients = jax.value_and_grad(loss, has_aux=True)(
            trainable, rest, inputs, labels
        )
        trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        return [trainable, rest, slots], value

    fit = jax.jit(jax.vmap(lambda state, batches: jax.lax.scan(step, state, batches)))
    predict = {name: _predictor(model, spec, split) for name, split in splits.items()}
    best = [(-1.0, None)] * len(seeds)
    evaluations: list[list[dict[str, Any]]] = [[] for _ in seeds]
    for epoch in range(options.epochs):
        if epoch and options.redraw_tables:
            state[0] = _redrawn(model, state[0], seeds, epoch)
        order = [np.random.default_rng([seed, epoch]).permutation(count) for seed in seeds]
        size = per * steps * options.batch_size
        order = [np.concatenate([o, np.full(size - count, count)]) for o in order]
        batches = jnp.asarray(np.stack(order).reshape(len(seeds), per, steps, options.batch_size))
        for part in range(per):
            state, _ = fit(state, batches[:, part])
            answers = predict["valid"](state)
            for index in range(len(seeds)):
                found = _measure(splits["valid"], {t: v[index] for t, v in answers.items()})
                evaluations[index].append(found)
                if found["mean"] > best[index][0]:
                    kept = jax.tree.map(lambda value, i=index: np.asarray(value[i]), state)
                    best[index] = (found["mean"], kept)
    state = jax.tree.map(lambda *values: jnp.stack(values), *(kept for _, kept in best))
    answers = predict[score](state) if score is not None else {}
    for index, seed in enumerate(seeds):
        line = {"tag": variant["tag"], "seed": seed, "best": best[index][0]}
        line |= {"evaluations": evaluations[index], "seconds": round(time.time() - started)}
        if score is not None:
            probabilities = {task: v[index].astype(np.float32) for task, v in answers.items()}
            line[score] = _measure(splits[score], probabilities)
            split = splits[score]
            Predictions(split.labels, probabilities, split.users).save(
                out / f"{variant['tag']}_{seed}.npz"
            )
        print(json.dumps(line), flush=True)


def _predictor(model: Any, spec: Any, split: _OnDevice) -> Any:
    def answer(trainable: Any, rest: Any, rows: Any) -> Any:
        return model.stateless_call(trainable, rest, split.batch(spec, rows)[0], training=False)[0]

    call = jax.jit(jax.vmap(answer, in_axes=(0, 0, None)))
    count = len(split.users)

    def predict(state: Any) -> dict[str, Any]:
        parts = [
            call(state[0], state[1], jnp.arange(start, start + _SCORED))
            for start in range(0, count, _SCORED)
        ]
        return {t: np.concatenate([p[t] for p in parts], axis=1)[:, :count] for t in spec.tasks}

    return predict


def _redrawn(model: Any, trainable: Any, seeds: list[int], epoch: int) -> Any:
    tables = {t.path for g in model.embedded_inputs.tables.values() for t in g.tables.values()}
    drawn = list(trainable)
    for index, variable in enumerate(model.trainable_variables):
        if variable.path in tables:
            keys = [jax.random.PRNGKey(1000 * seed + epoch) for seed in seeds]
            drawn[index] = 0.01 * jnp.stack([jax.random.normal(k, variable.shape) for k in keys])
    return drawn


def _measure(split: _OnDevice, answers: dict[str, Any]) -> dict[str, Any]:
    areas = {task: auc(split.labels[task], scores) for task, scores in answers.items()}
    grouped = {t: grouped_auc(split.labels[t], s, split.users).value for t, s in answers.items()}
    return {"mean": float(np.mean(list(areas.values()))), "auc": areas, "gauc": grouped}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path, help="directory of prepared data")
    parser.add_argument("--plan", required=True, type=Path, help="JSON list of variants")
    parser.add_argument("--out", required=True, type=Path, help="where predictions are written")
    parser.add_argument("--score", choices=("valid", "test"), help="split to predict at the end")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    data = PreparedData.open(arguments.data)
    for variant in json.loads(arguments.plan.read_text()):
        train(data, variant, arguments.score, arguments.out)


if __name__ == "__main__":
    main()
