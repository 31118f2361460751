"""The pipeline: from raw logs to a blessed, pushed model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import tfx.v1 as tfx
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration.data_types import RuntimeParameter

from infnet_keras.errors import SpecError
from infnet_keras.spec import FeatureSpec
from tfx_pipeline import spec_parts
from tfx_pipeline.baselines import LastBlessedModel, LastValidatedStatistics
from tfx_pipeline.beam.local_runner import LOCAL_RUNNER, with_local_runner
from tfx_pipeline.code_version import evaluation_code, serving_code, training_code
from tfx_pipeline.components.evaluator import Evaluator
from tfx_pipeline.components.example_gen import ExampleGen
from tfx_pipeline.components.example_validator import ExampleValidator
from tfx_pipeline.components.infra_validator import InfraValidator
from tfx_pipeline.components.pusher import Pusher
from tfx_pipeline.components.schema_gen import SchemaGen
from tfx_pipeline.trainer.component import Trainer

PREPROCESSING_FN = "tfx_pipeline.transform.preprocessing.preprocessing_fn"
Text: TypeAlias = str | RuntimeParameter
Baselines = Literal["metadata", "vertex", "parameters"]


@dataclass(frozen=True)
class RunParameters:
    """What may differ from run to run: values, or parameters that each run gives.

    Attributes:
        data: directory of raw files, or an examples directory.
        history: file of events from before the log; empty: none.
        valid_from: first day (or fraction) of validation; the spec's `splits` are not consulted.
        test_from: the same for the test.
        data_span: takes the place of {SPAN} in `data`; empty: none.
        fingerprint: changes when the files do, or the code that reads them.
        baseline_model: where the model to compare with lies; empty: none, or what is found.
        baseline_statistics: where the statistics to compare with lie; empty: as above.
        epochs: passes over the training part at most; None: the spec's.
        learning_rate: None: the spec's, or what the Tuner found.
        warm_start: directory of the run whose model the training begins with; empty: none.
    """

    data: Text
    history: Text = ""
    valid_from: Text = ""
    test_from: Text = ""
    data_span: Text = ""
    fingerprint: Text = ""
    baseline_model: Text = ""
    baseline_statistics: Text = ""
    epochs: int | RuntimeParameter | None = None
    learning_rate: float | RuntimeParameter | None = None
    warm_start: Text = ""


def create_pipeline(
    spec: FeatureSpec,
    *,
    name: str,
    root: str,
    serving_directory: Text,
    run: RunParameters,
    baselines: Baselines,
    tune: bool = False,
    beam_options: Sequence[str] = (),
    metadata_path: str | None = None,
    enable_cache: bool = False,
) -> tfx.dsl.Pipeline:
    """Wire the components, the same for every runner.

    Args:
        spec: everything follows from it; each step is given the part that it reads.
        name: of the pipeline.
        root: directory of the artifacts.
        serving_directory: where blessed models are pushed to, one version each.
        run: data, splits, baselines and training of a run.
        baselines: how the last blessed model and the last statistics are found: in the metadata of
            one machine, by the parameters of the run alone, or the model by a resolver of Vertex
            AI and the statistics by a parameter.
        tune: whether a Tuner searches `spec.tuning` first.
        beam_options: of every step that Beam runs; without a runner, the step's own machine.
        metadata_path: SQLite file of the metadata; None where the runner has its own.
        enable_cache: whether results of equal steps are reused.

    Raises:
        SpecError: it shall be tuned, and the spec does not say what.
    """
    examples_part, validation_part = spec_parts.for_examples(spec), spec_parts.for_validation(spec)
    example_gen = ExampleGen(
        spec=examples_part,
        data=run.data,
        history=run.history,
        valid_from=run.valid_from,
        test_from=run.test_from,
        data_span=run.data_span,
        fingerprint=run.fingerprint,
    )
    examples = example_gen.outputs["examples"]
    schema_gen = SchemaGen(examples=examples, spec=validation_part)
    schema = schema_gen.outputs["schema"]
    statistics_gen = tfx.components.StatisticsGen(examples=examples, schema=schema)
    statistics = statistics_gen.outputs["statistics"]
    last_statistics = _last_statistics(baselines, statistics_gen)
    validator = ExampleValidator(
        examples=examples,
        statistics=statistics,
        schema=schema,
        spec=validation_part,
        baseline_statistics=last_statistics and last_statistics.outputs["statistics"],
        baseline_statistics_uri=run.baseline_statistics,
    )
    transform = tfx.components.Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=PREPROCESSING_FN,
        custom_config={"spec": examples_part},
        splits_config=tfx.proto.SplitsConfig(
            analyze=["train"], transform=["train", "valid", "test"]
        ),
        disable_statistics=True,  # of ids: they say nothing that the raw ones do not
    )
    transform.add_upstream_node(validator)
    training = {
        "examples": transform.outputs["transformed_examples"],
        "transform_graph": transform.outputs["transform_graph"],
        "schema": schema_gen.outputs["described_schema"],
        "spec": spec_parts.for_training(spec),
        "code": training_code() if enable_cache else None,
    }
    tuner = _tuner(spec, training) if tune else None
    trainer = Trainer(
        **training,
        epochs=run.epochs,
        learning_rate=run.learning_rate,
        warm_start=run.warm_start or None,
        hyperparameters=tuner and tuner.outputs["best_hyperparameters"],
    )
    last_model = _last_model(baselines, trainer)
    evaluator = Evaluator(
        examples=examples,
        model=trainer.outputs["model"],
        spec=spec_parts.for_evaluation(spec),
        baseline_model=last_model and last_model.outputs["model"],
        baseline_model_uri=run.baseline_model,
        code=evaluation_code() if enable_cache else None,
    )
    infra_validator = InfraValidator(
        model=trainer.outputs["model"],
        model_run=trainer.outputs["model_run"],
        code=serving_code() if enable_cache else None,
    )
    pusher = Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=infra_validator.outputs["blessing"],
        serving_directory=serving_directory,
    )
    nodes: list[BaseNode | None] = [
        example_gen,
        schema_gen,
        statistics_gen,
        last_statistics,
        validator,
        transform,
        tuner,
        trainer,
        last_model,
        evaluator,
        infra_validator,
        pusher,
    ]
    return tfx.dsl.Pipeline(
        pipeline_name=name,
        pipeline_root=root,
        components=[node for node in nodes if node is not None],
        enable_cache=enable_cache,
        beam_pipeline_args=_beam_options(beam_options),
        metadata_connection_config=metadata_path
        and tfx.orchestration.metadata.sqlite_metadata_connection_config(metadata_path),
    )


def _beam_options(given: Sequence[str]) -> list[str]:
    options = with_local_runner(given)
    told = any(option.startswith("--sdk_container_image") for option in options)
    if f"--runner={LOCAL_RUNNER}" in options and not told:
        # Not told where workers find TFX, each step would pack it for them first, which takes
        # seconds; the workers of this machine have it.
        options.append("--sdk_container_image=none")
    return options


def _tuner(spec: FeatureSpec, training: dict[str, Any]) -> BaseNode:
    if spec.tuning is None:
        raise SpecError(
            f"spec {spec.name!r} has no `tuning` block: say there which values to try, or run "
            "without the Tuner"
        )
    from tfx_pipeline.tuner.component import Tuner

    return Tuner(**training)


def _last_statistics(baselines: Baselines, statistics_gen: BaseNode) -> Resolver | None:
    # Not on Vertex AI: its resolver would find those of a run that ExampleValidator stopped.
    if baselines == "metadata":
        return Resolver(
            strategy_class=LastValidatedStatistics, statistics=statistics_gen.outputs["statistics"]
        ).with_id("last_statistics")
    return None


def _last_model(baselines: Baselines, trainer: BaseNode) -> Resolver | None:
    if baselines == "metadata":
        return Resolver(strategy_class=LastBlessedModel, model=trainer.outputs["model"]).with_id(
            "last_model"
        )
    if baselines == "vertex":
        return Resolver(
            strategy_class=tfx.dsl.experimental.LatestBlessedModelStrategy,
            model=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Model),
            model_blessing=tfx.dsl.Channel(type=tfx.types.standard_artifacts.ModelBlessing),
        ).with_id("last_model")
    return None
