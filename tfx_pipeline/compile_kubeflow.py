"""`python -m tfx_pipeline.compile_kubeflow`: the pipeline as Kubeflow Pipelines takes it."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from infnet_keras.cli.beam_arguments import parsed_with_beam
from infnet_keras.cli.output_file import write_output
from infnet_keras.cli.spec_arguments import add_set, add_spec, resolved_spec
from infnet_keras.errors import InfnetError
from infnet_keras.progress.quiet_start import quiet_start
from infnet_keras.spec import FeatureSpec

_ERROR = 2


class Parameter(NamedTuple):
    """A parameter that each run may choose; without a default each run must."""

    type: type
    default: Any
    description: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Compile.

    Args:
        arguments: of the command line, without the program's name; None takes the process's.

    Returns:
        The exit code: 0, or 2 for a user's mistake (said in one sentence on standard error).
    """
    parsed, beam_options = parsed_with_beam(_parser(), arguments)
    try:
        spec = resolved_spec(parsed.spec, parsed.set)
        with quiet_start():
            import tfx.v1  # noqa: F401 - it imports TensorFlow
        compiled = compile_pipeline(
            spec,
            image=parsed.image,
            vertex=parsed.vertex,
            tune=parsed.tune,
            pipeline_root=parsed.pipeline_root,
            resources=parsed.resources,
            beam_options=beam_options,
        )
        write_output(parsed.output, lambda path: path.write_text(to_yaml(compiled), "utf-8"))
    except InfnetError as error:
        print(f"error: {error}", file=sys.stderr)
        return _ERROR
    print(parsed.output)
    return 0


def parameters_of(spec: FeatureSpec, tune: bool = False) -> dict[str, Parameter]:
    """The parameters of a run, by name.

    Args:
        spec: gives defaults.
        tune: whether there is a Tuner, whose findings must not be overruled by a default.
    """
    splits = spec.splits
    found = {
        "data": Parameter(
            str, None, "directory of raw files, or of examples; {SPAN} stands for data_span"
        ),
        "serving_directory": Parameter(str, None, "the model's directory: one directory a version"),
        "data_span": Parameter(str, "", "which delivery of data, such as a day"),
        "history": Parameter(str, "", "file of events from before the log"),
        "valid_from": Parameter(
            str, splits and str(splits.valid_from), "first day (or fraction) of validation"
        ),
        "test_from": Parameter(
            str, splits and str(splits.test_from), "first day (or fraction) of the test"
        ),
        "baseline_model": Parameter(
            str, "", "model to compare with: a pushed model's directory or version; empty: none"
        ),
        "baseline_statistics": Parameter(
            str, "", "ExampleStatistics directory of the run to compare with; empty: none"
        ),
    }
    found["warm_start"] = Parameter(
        str, "", "directory of the run whose model training begins with; empty: none"
    )
    training = {
        "epochs": Parameter(int, spec.training.epochs, "passes over the training part at most"),
        "learning_rate": Parameter(float, spec.training.learning_rate, "after the warm-up"),
    }
    tuned = spec.tuning.search if tune and spec.tuning is not None else {}
    found |= {name: p for name, p in training.items() if f"training.{name}" not in tuned}
    return found


def compile_pipeline(
    spec: FeatureSpec,
    *,
    image: str,
    vertex: bool = False,
    tune: bool = False,
    pipeline_root: str = "",
    resources: Path | None = None,
    beam_options: Sequence[str] = (),
) -> dict[str, Any]:
    """The pipeline's specification (schema 2.1), as plain data.

    Without `vertex` it holds containers alone: no resolvers and no drivers, which open-source
    Kubeflow Pipelines does not run. What TFX would look up is a parameter of the run instead.

    Args:
        spec: everything follows from it.
        image: container image of every step.
        vertex: whether Vertex AI looks up the last blessed model where a run names none.
        tune: whether a Tuner searches `spec.tuning` first.
        pipeline_root: where artifacts are kept unless a run says otherwise; empty: where the
            cluster keeps them.
        resources: file of `resources_of`.
        beam_options: of every step that Beam runs.

    Raises:
        InfnetError: the resources are wrong, or there is nothing to tune.
    """
    from tfx.dsl.components.base.base_component import BaseComponent
    from tfx.orchestration.data_types import RuntimeParameter
    from tfx.v1.orchestration.experimental import KubeflowV2DagRunner, KubeflowV2DagRunnerConfig

    from tfx_pipeline.kubeflow_resources import resources_of
    from tfx_pipeline.pipeline import RunParameters, create_pipeline

    parameters = parameters_of(spec, tune)
    given = {name: RuntimeParameter(name=name, ptype=p.type) for name, p in parameters.items()}
    serving_directory = given.pop("serving_directory")
    pipeline = create_pipeline(
        spec,
        name=re.sub(r"[^a-z0-9]+", "-", spec.name.lower()).strip("-"),
        root=pipeline_root,
        serving_directory=serving_directory,
        run=RunParameters(**given),
        baselines="vertex" if vertex else "parameters",
        tune=tune,
        beam_options=[f"--sdk_container_image={image}", *beam_options],  # of remote workers
    )
    components = [node for node in pipeline.components if isinstance(node, BaseComponent)]
    allotted = resources_of([node.id for node in components], resources)
    for node in components:
        node.with_platform_config(allotted[node.id].to_proto())
    config = KubeflowV2DagRunnerConfig(default_image=image, use_pipeline_spec_2_1=True)
    job = KubeflowV2DagRunner(config=config).run(pipeline, write_out=False)
    compiled: dict[str, Any] = job["pipelineSpec"]
    if pipeline_root:
        compiled["defaultPipelineRoot"] = pipeline_root
    for name, definition in compiled["root"]["inputDefinitions"]["parameters"].items():
        # TFX leaves defaults out.
        definition["description"] = parameters[name].description
        if parameters[name].default is not None:
            definition["defaultValue"] = parameters[name].default
            definition["isOptional"] = True
    return compiled


def to_yaml(compiled: dict[str, Any]) -> str:
    """A compiled pipeline as the text of its file, which says first what a run may choose."""
    import yaml

    lines = ["# PIPELINE DEFINITION", f"# Name: {compiled['pipelineInfo']['name']}", "# Inputs:"]
    for name, definition in sorted(compiled["root"]["inputDefinitions"]["parameters"].items()):
        default = (
            f" [Default: {definition['defaultValue']!r}]" if "defaultValue" in definition else ""
        )
        lines.append(f"#    {name}: {definition['description']}{default}")
    return "\n".join(lines) + "\n" + yaml.safe_dump(compiled, sort_keys=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tfx_pipeline.compile_kubeflow",
        description="Compile the pipeline for Kubeflow Pipelines. Arguments that are not listed "
        "here go to Beam in every step (--runner, --project, ...).",
        allow_abbrev=False,
    )
    add_spec(parser)
    add_set(parser)
    parser.add_argument(
        "--image", required=True, help="container image, see tfx_pipeline/Dockerfile"
    )
    parser.add_argument("--output", required=True, type=Path, help="file to write: pipeline.yaml")
    parser.add_argument(
        "--pipeline-root", default="", help="where artifacts are kept (default: the cluster's)"
    )
    parser.add_argument(
        "--resources",
        type=Path,
        metavar="FILE",
        help="YAML: step -> {cpu: cores, memory: gigabytes, gpu: {type: nvidia.com/gpu, count: 1}}",
    )
    parser.add_argument(
        "--tune", action="store_true", help="search the spec's `tuning` block before training"
    )
    parser.add_argument(
        "--vertex",
        action="store_true",
        help="for Vertex AI: its resolver finds the last blessed model; open-source Kubeflow "
        "Pipelines has none",
    )
    return parser


if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
