"""What TFX's Tuner runs."""

from pathlib import Path

from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

from tfx_pipeline.trainer.local_copy import local_copy
from tfx_pipeline.trainer.open_examples import open_examples
from tfx_pipeline.trainer.trained_spec import trained_spec
from tfx_pipeline.tuner.spec_tuner import SpecTuner


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """The tuner of a spec, for TFX to run.

    Args:
        fn_args: as `run_fn` takes them, with a `working_dir` and no outputs.

    Raises:
        SpecError: the spec has no `tuning` block.
        DataError: the examples are not of this spec.
    """
    spec = trained_spec(fn_args.custom_config, None)
    graph = local_copy(fn_args.transform_graph_path, Path(fn_args.working_dir, "transform_graph"))
    data = open_examples(spec, fn_args, graph)
    return TunerFnResult(tuner=SpecTuner(spec, data, fn_args.working_dir), fit_kwargs={})
