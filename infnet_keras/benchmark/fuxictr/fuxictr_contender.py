"""A model of FuxiCTR at the size of a setting."""

from pathlib import Path
from typing import Any

from infnet_keras.benchmark.batch import batch_of
from infnet_keras.benchmark.contender import Contender
from infnet_keras.benchmark.fuxictr.fuxictr_network import MULTI_TASK, fuxictr_network
from infnet_keras.benchmark.setting import Setting
from infnet_keras.benchmark.shapes import rows_of
from infnet_keras.spec import FeatureSpec

FUXICTR = "fuxictr "
# The norm that FuxiCTR's `fit` clips gradients to unless told otherwise.
_GRADIENT_NORM = 10.0


def fuxictr_model(name: str, sources: Path, setting: Setting, spec: FeatureSpec) -> Contender:
    """FuxiCTR's model on the setting's batch: its forward pass, and its training step.

    The network is that of `fuxictr_network`, of the setting's width, fields, sequences and tables.
    MMoE and PLE answer all tasks, the others one.
    """
    import torch

    tasks = list(spec.tasks) if name in MULTI_TASK else [next(iter(spec.tasks))]
    settings = {
        "embedding_dim": setting.width,
        "learning_rate": spec.training.learning_rate,
        "gpu": 0 if torch.cuda.is_available() else -1,
    }
    torch.manual_seed(0)
    model = fuxictr_network(name, sources, spec, rows_of(spec), tasks, settings)
    inputs, labels = batch_of(setting, spec)
    batch = {**inputs, **{task: labels[task] for task in tasks}}
    return Contender(_forward(model, batch), _training(model, batch))


def _forward(model: Any, batch: dict[str, Any]) -> Any:
    from infnet_keras.benchmark.frameworks.torch_steps import forward

    def run(batch: dict[str, Any]) -> Any:
        model.eval()
        return model.forward(batch)

    return forward(run, batch)


def _training(model: Any, batch: dict[str, Any]) -> Any:
    """What `train_step` of FuxiCTR does, whose clipping needs a whole `fit` around it."""
    import torch

    from infnet_keras.benchmark.frameworks.torch_steps import wait

    def run() -> Any:
        model.train()
        model.optimizer.zero_grad()
        loss = model.compute_loss(model.forward(batch), model.get_labels(batch))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), _GRADIENT_NORM)
        model.optimizer.step()
        return wait(loss.detach())

    return run
