"""TFMA's EvalConfig, generated from a feature spec."""

import json

from google.protobuf.wrappers_pb2 import BoolValue, DoubleValue
from tensorflow_model_analysis.proto import config_pb2

from infnet_keras.data.examples.columns import label_name, weight_name
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.pipeline_options import METRICS_OF, Bound, Metric
from tfx_pipeline.evaluation.predictions import SIGNATURE

_LOWER_IS_BETTER: tuple[Metric, ...] = ("log_loss",)
_DEFAULT_GATE = Bound(at_least=0.5)
_EXACT: dict[Metric, str] = {
    "auc": "ExactAUC",
    "gauc": "GroupedAUC",
    "log_loss": "LogLoss",
    "xauc": "ExactXAUC",
    "gxauc": "GroupedXAUC",
    "mae": "ExactMAE",
    "rmse": "ExactRMSE",
}


def eval_config(spec: FeatureSpec) -> config_pb2.EvalConfig:
    """What to measure on the test part, by task and slice, and which gates must be passed.

    For each task AUC, gAUC (where the log names its users), calibration, log loss and the number of
    impressions, of a regression XAUC, gXAUC, calibration, MAE and RMSE, over those whose label
    counts (weight 1). Gates and limits of change stand on the
    overall slice alone: TFMA's `MetricConfig.threshold` would hold every slice to them.

    Args:
        spec: `evaluation` says slices, gates and change; without gates every task's AUC, or XAUC,
            must be at least 0.5.

    Returns:
        The configuration for `tfma.ExtractEvaluateAndWriteResults`.
    """
    named = [[s] if isinstance(s, str) else list(s) for s in spec.evaluation.slices]
    sliced = [[spec.served_names[column] for column in columns] for columns in named]
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                signature_name=SIGNATURE,
                label_keys={task: label_name(spec, task) for task in spec.tasks},
                example_weight_keys={task: weight_name(spec, task) for task in spec.tasks},
            )
        ],
        slicing_specs=[
            config_pb2.SlicingSpec(),
            *(config_pb2.SlicingSpec(feature_keys=columns) for columns in sliced),
        ],
        metrics_specs=[_task_metrics(spec, task) for task in spec.tasks],
        # Losses compiled into a Keras model would be measured too, without our weights.
        options=config_pb2.Options(include_default_metrics=BoolValue(value=False)),
    )


def gates_of(spec: FeatureSpec, task: str) -> dict[Metric, Bound]:
    """The bounds that a task's metrics must keep to."""
    if not spec.evaluation.gates:
        return {METRICS_OF[spec.tasks[task].kind][0]: _DEFAULT_GATE}
    gates = spec.evaluation.gates.get(task)
    return gates.given if gates is not None else {}


def _query_key(spec: FeatureSpec, task: str) -> str:
    user = spec.keys.user
    return weight_name(spec, task) if user is None else spec.served_names[user]


def _task_metrics(spec: FeatureSpec, task: str) -> config_pb2.MetricsSpec:
    exact = {
        "module": "tfx_pipeline.evaluation.exact_metrics",
        # AUC and the like ask nobody's key: any feature of every example will do.
        "config": json.dumps({"query_key": _query_key(spec, task)}),
    }
    metrics = METRICS_OF[spec.tasks[task].kind]
    classes = {
        metric: config_pb2.MetricConfig(class_name=_EXACT[metric], **exact)
        if metric in _EXACT
        else config_pb2.MetricConfig(class_name="Calibration")
        for metric in metrics
        if spec.keys.user is not None or metric not in ("gauc", "gxauc")
    }
    gates, change = gates_of(spec, task), spec.evaluation.change.given
    for metric in metrics:
        threshold = _threshold(metric, gates.get(metric), change.get(metric))
        if threshold is not None:
            classes[metric].per_slice_thresholds.append(
                config_pb2.PerSliceMetricThreshold(
                    slicing_specs=[config_pb2.SlicingSpec()], threshold=threshold
                )
            )
    return config_pb2.MetricsSpec(
        output_names=[task],
        example_weights=config_pb2.ExampleWeightOptions(weighted=True),
        metrics=[*classes.values(), config_pb2.MetricConfig(class_name="ExampleCount")],
    )


def _threshold(
    metric: Metric, bound: Bound | None, change: float | None
) -> config_pb2.MetricThreshold | None:
    if bound is None and change is None:
        return None
    threshold = config_pb2.MetricThreshold()
    if bound is not None:
        value = threshold.value_threshold
        if bound.at_least is not None:
            value.lower_bound.CopyFrom(DoubleValue(value=bound.at_least))
        if bound.at_most is not None:
            value.upper_bound.CopyFrom(DoubleValue(value=bound.at_most))
    if change is not None:
        lower = metric in _LOWER_IS_BETTER
        direction = (
            config_pb2.MetricDirection.LOWER_IS_BETTER
            if lower
            else (config_pb2.MetricDirection.HIGHER_IS_BETTER)
        )
        threshold.change_threshold.direction = direction
        threshold.change_threshold.absolute.CopyFrom(
            DoubleValue(value=change if lower else -change)
        )
    return threshold
