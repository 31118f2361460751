"""FuxiCTR's models and ours on the same prepared data: AUC on the validation part.

Both read the same batches in the same order, with the same width, batch, rate of Adam and passes; a
constant rate, no regularisation, no dropout, the settings of FuxiCTR's template and of our spec's
defaults for the rest. MMoE and PLE answer all tasks; of the others FuxiCTR's answer one task, and
are trained once for each.

    git clone FuxiCTR's repository, commit 0245987
    KERAS_BACKEND=torch python benchmarks/fuxictr_auc.py --data DIR --fuxictr FuxiCTR --out OUT

A run that is done is not done again; `--models` does some. It prints for each model the mean AUC of
all tasks and seeds, and the paired difference ours - theirs with the 95 % interval of a bootstrap
over users.
"""

import argparse
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import torch

from infnet_keras.benchmark.fuxictr.fuxictr_network import MULTI_TASK, fuxictr_network
from infnet_keras.benchmark.fuxictr.sources import FUXICTR_MODELS, check_sources
from infnet_keras.data.prepared.dataset import ImpressionDataset
from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.evaluation import Predictions, predict_split
from infnet_keras.evaluation.bootstrap import ResampledTask, interval, user_multiplicities
from infnet_keras.models import from_spec
from infnet_keras.spec import override_spec

_RESAMPLES, _GRADIENT_NORM = 1000, 10.0


def batches(data: PreparedData, options: argparse.Namespace, seed: int) -> Any:
    """Batches of all passes, in the order of a seed."""
    dataset = ImpressionDataset(data, "train", options.batch, shuffle=True, seed=seed)
    for _ in range(options.epochs):
        dataset.on_epoch_begin()
        for index in range(len(dataset)):
            yield dataset[index]
        dataset.on_epoch_end()


def ours(name: str, data: PreparedData, options: argparse.Namespace, seed: int) -> Predictions:
    changes = {
        "model": {"type": name.lower(), "dim": options.width, "dropout": 0.0},
        "training.learning_rate": options.rate,
        "training.schedule": {"decay": "constant", "warmup_steps": 0},
        "training.redraw_tables": False,
        "training.clip_norm": _GRADIENT_NORM,
    }
    spec = override_spec(data.spec, changes)
    keras.utils.set_random_seed(seed)
    model: Any = from_spec(spec, data=data)
    for batch in batches(data, options, seed):
        model.train_on_batch(*batch)
    return predict_split(model, data, "valid", options.batch)


def theirs(name: str, data: PreparedData, options: argparse.Namespace, seed: int) -> Predictions:
    every = list(data.spec.tasks)
    found = [
        train_theirs(name, tasks, data, options, seed)
        for tasks in ([every] if name in MULTI_TASK else [[task] for task in every])
    ]
    probabilities = {task: p for part in found for task, p in part.items()}
    known = predict_rows(data, options)
    return Predictions(known[0], probabilities, known[1])


def train_theirs(
    name: str, tasks: list[str], data: PreparedData, options: argparse.Namespace, seed: int
) -> dict[str, Any]:
    """Train a network of FuxiCTR's; its probabilities of the validation part."""
    place = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(seed)
    rows = data.assets.table_rows(data.spec)
    settings = {
        "embedding_dim": options.width,
        "learning_rate": options.rate,
        "gpu": 0 if place == "cuda" else -1,
    }
    model = fuxictr_network(name, options.fuxictr, data.spec, rows, tasks, settings)

    def given(inputs: Any) -> dict[str, Any]:
        tensors = {n: torch.as_tensor(ids, device=place) for n, ids in inputs.items()}
        return {n: ids.reshape(len(ids), -1) if ids.ndim > 1 else ids for n, ids in tensors.items()}

    model.train()
    for inputs, labels in batches(data, options, seed):
        batch = given(inputs)
        batch |= {task: torch.as_tensor(labels[task], device=place) for task in tasks}
        model.optimizer.zero_grad()
        loss = model.compute_loss(model.forward(batch), model.get_labels(batch))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), _GRADIENT_NORM)
        model.optimizer.step()
    model.eval()
    parts: dict[str, list[Any]] = {task: [] for task in tasks}
    with torch.no_grad():
        for batch in data.reader("valid", options.batch).batches():
            answers = model.forward(given(batch.inputs))
            for task in tasks:
                answer = answers[f"{task}_pred" if name in MULTI_TASK else "y_pred"]
                parts[task].append(answer.reshape(-1).cpu().numpy())
    return {task: np.concatenate(each) for task, each in parts.items()}


def predict_rows(data: PreparedData, options: argparse.Namespace) -> tuple[dict[str, Any], Any]:
    """Labels and users of the validation part."""
    parts = list(data.reader("valid", options.batch).batches())
    labels = {t: np.concatenate([b.labels[t] for b in parts]) for t in data.spec.tasks}
    return labels, np.concatenate([batch.users for batch in parts])


def compared(pairs: list[tuple[Predictions, Predictions]]) -> str:
    """A row's figures: both mean AUCs, and the interval of the paired difference."""
    users, codes = np.unique(pairs[0][0].users, return_inverse=True)
    tasks = pairs[0][0].tasks
    resampled = [
        [
            ResampledTask(pair[side].labels[task], pair[side].probabilities[task], codes)
            for pair in pairs
            for task in tasks
        ]
        for side in (0, 1)
    ]

    def means(multiplicity: Any) -> Any:
        return [np.mean([each.auc(multiplicity) for each in side]) for side in resampled]

    own, other = means(np.ones(len(users)))
    found = [float(np.subtract(*means(m))) for m in user_multiplicities(len(users), _RESAMPLES, 0)]
    low, high = interval(found) or (float("nan"),) * 2
    return f"{own:.4f} | {other:.4f} | {own - other:+.4f} | {low:+.4f} .. {high:+.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, type=Path, help="prepared data")
    parser.add_argument("--fuxictr", required=True, type=Path, help="FuxiCTR's repository")
    parser.add_argument("--out", required=True, type=Path, help="where predictions are kept")
    parser.add_argument("--models", nargs="+", choices=FUXICTR_MODELS, default=[*FUXICTR_MODELS])
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    check_sources(options.fuxictr)
    options.out.mkdir(parents=True, exist_ok=True)
    data = PreparedData.open(options.data)
    print("| model | ours | FuxiCTR | difference | 95 % |")
    print("|---|---|---|---|---|", flush=True)
    for name in options.models:
        pairs = []
        for seed in options.seeds:
            pair = []
            for side, made in (("ours", ours), ("fuxictr", theirs)):
                path = options.out / f"{name}_{side}_{seed}.npz"
                if not path.exists():
                    made(name, data, options, seed).save(path)
                pair.append(Predictions.load(path))
            pairs.append((pair[0], pair[1]))
        print(f"| {name} | {compared(pairs)} |", flush=True)


if __name__ == "__main__":
    main()
