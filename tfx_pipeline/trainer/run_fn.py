"""What TFX's Trainer runs: transformed examples to a trained, checked and exported model."""

from pathlib import Path
from tempfile import TemporaryDirectory

import keras
from rich.console import Console
from tfx.components.trainer.fn_args_utils import FnArgs

import infnet_keras.models  # noqa: F401  (registers what a .keras file holds)
from infnet_keras.export import TransformSource, write_checked_saved_model
from infnet_keras.progress import Progress
from infnet_keras.training import train
from tfx_pipeline.trainer.local_copy import local_copy, published
from tfx_pipeline.trainer.open_examples import open_examples
from tfx_pipeline.trainer.trained_spec import trained_spec

RUN = "run"


def run_fn(fn_args: FnArgs) -> None:
    """Train the spec's model and export it.

    Training is the main job's: the best model by mean validation AUC, early stopping, one run
    directory. What is exported holds the graph of Transform and was checked against the trained
    model in a fresh process.

    Args:
        fn_args: `custom_config` holds `spec` (YAML text) and may hold `epochs`, `learning_rate`
            and `warm_start` (directory of an earlier run, on any file system of TFX);
            `hyperparameters` what a Tuner found.
            `train_files`, `eval_files` and `transform_graph_path` come from Transform,
            `schema_path` from SchemaGen. Written are `serving_model_dir` (the SavedModel) and
            `model_run_dir` (`run`, a run directory).

    Raises:
        SpecError: an override does not fit the spec.
        DataError: the examples are not of this spec, or a split is empty.
        ModelError: the loss became NaN; the earlier run has another model, or none.
        ExportError: the exported model disagrees with the trained one.
    """
    spec = trained_spec(fn_args.custom_config, fn_args.hyperparameters)
    with TemporaryDirectory() as scratch:
        graph = local_copy(fn_args.transform_graph_path, Path(scratch, "transform_graph"))
        data = open_examples(spec, fn_args, graph)
        earlier = fn_args.custom_config.get("warm_start")
        with published(fn_args.model_run_dir) as run_dir:
            train(
                spec,
                data,
                run_dir / RUN,
                progress=Progress(Console()),
                warm_start=local_copy(earlier, Path(scratch, "earlier")) if earlier else None,
            )
            model = keras.models.load_model(run_dir / RUN / "model.keras", compile=False)
        with published(fn_args.serving_model_dir) as saved_model:
            source = TransformSource("tfx_pipeline.transform.graph.TransformGraph", str(graph))
            write_checked_saved_model(model, saved_model, source, data.raw_examples)
