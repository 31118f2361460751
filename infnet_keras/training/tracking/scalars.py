"""What an evaluation says, under the names of its curves."""

from infnet_keras.training.training_state import Evaluation


def scalars_of(evaluation: Evaluation) -> dict[str, float]:
    """Tag -> value, without what has none.

    Args:
        evaluation: of a run.

    Example:
        >>> scalars_of(Evaluation(1, 48, 1.5, 0.6, {"click": 0.6}, {"click": None}))
        {'loss': 1.5, 'auc/mean': 0.6, 'auc/click': 0.6}
    """
    scalars = {
        "loss": evaluation.loss,
        "auc/mean": evaluation.mean_auc,
        **{f"auc/{task}": value for task, value in evaluation.auc.items()},
        **{f"gauc/{task}": value for task, value in evaluation.gauc.items()},
        **{f"xauc/{task}": value for task, value in evaluation.xauc.items()},
        **{f"gxauc/{task}": value for task, value in evaluation.gxauc.items()},
        "task_cosine": evaluation.task_cosine,
    }
    return {tag: value for tag, value in scalars.items() if value is not None}
