"""The Tuner component: TFX's own, for a spec."""

from tfx.components.tuner.component import Tuner as TfxTuner
from tfx.proto import trainer_pb2
from tfx.types import BaseChannel

TUNER_FN = "tfx_pipeline.tuner.tuner_fn.tuner_fn"


class Tuner(TfxTuner):
    """Tries what the spec's `tuning` block says, by the Trainer's fit.

    Outputs `best_hyperparameters`, which `Trainer` takes, and `tuner_results`, the trials.

    Args:
        examples: transformed examples; the splits `train` and `valid` are read.
        transform_graph: the graph that made them.
        schema: the described schema of SchemaGen.
        spec: the feature spec as YAML, with a `tuning` block.
        code: as the Trainer's.
    """

    def __init__(
        self,
        examples: BaseChannel,
        transform_graph: BaseChannel,
        schema: BaseChannel,
        spec: str,
        code: str | None = None,
    ):
        super().__init__(
            examples=examples,
            transform_graph=transform_graph,
            schema=schema,
            tuner_fn=TUNER_FN,
            train_args=trainer_pb2.TrainArgs(splits=["train"]),
            eval_args=trainer_pb2.EvalArgs(splits=["valid"]),
            custom_config={"spec": spec, "code": code},
        )
