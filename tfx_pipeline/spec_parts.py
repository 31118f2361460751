"""The part of a spec that a step depends on: what it does not read must not run it again."""

from infnet_keras.errors import SpecError
from infnet_keras.spec import FeatureSpec, dump_spec
from infnet_keras.spec.models import INFNetOptions
from infnet_keras.spec.options import TrainingOptions
from infnet_keras.spec.pipeline_options import Evaluation, Validation

_TRAINING = {
    "splits": None,  # where they begin is a parameter of its own
    "model": INFNetOptions(),
    "training": TrainingOptions(),
    "weighting": "fixed",
    "tuning": None,
}


def refuse_vectors(spec: FeatureSpec) -> None:
    """Raise SpecError where tables have vectors: tf.Transform's vocabularies cannot hold them."""
    if spec.vectors:
        raise SpecError(
            f"table {next(iter(spec.vectors))!r} has `vectors`, which Transform does not read: "
            "prepare with `infnet data prepare` and train with `infnet train`, or drop `vectors`"
        )


def for_examples(spec: FeatureSpec) -> str:
    """What ExampleGen and Transform read, as YAML: features and labels of the log.

    Raises:
        SpecError: the spec has what the pipeline does not read.
    """
    refuse_vectors(spec)
    return _without(
        _as_logged(spec), {**_TRAINING, "validation": Validation(), "evaluation": Evaluation()}
    )


def for_validation(spec: FeatureSpec) -> str:
    """What SchemaGen and ExampleValidator read: also how values may be distributed."""
    return _without(_as_logged(spec), {**_TRAINING, "evaluation": Evaluation()})


def for_training(spec: FeatureSpec) -> str:
    """What Tuner and Trainer read: all but splits, validation and evaluation."""
    return _without(spec, {"splits": None, "validation": Validation(), "evaluation": Evaluation()})


def for_evaluation(spec: FeatureSpec) -> str:
    """What the Evaluator reads: tasks, slices and gates."""
    return _without(_as_logged(spec), {**_TRAINING, "validation": Validation()})


def _without(spec: FeatureSpec, replaced: dict[str, object]) -> str:
    return dump_spec(spec.model_copy(update=replaced))


def _as_logged(spec: FeatureSpec) -> FeatureSpec:
    """Without what serving puts in place of the log's values: none but the Trainer exports it."""
    fields = {
        name: field.model_copy(update={"serve_as": None}) for name, field in spec.fields.items()
    }
    return spec.model_copy(update={"fields": fields})
