"""TFDV's anomalies as sentences that say what to do."""

from tensorflow_metadata.proto.v0 import anomalies_pb2

_Type = anomalies_pb2.AnomalyInfo


def anomaly_sentences(split: str, anomalies: anomalies_pb2.Anomalies) -> list[str]:
    """One sentence for each reason of each anomaly.

    That the last run did not have a column is none: it is not compared, as in a first run.

    Args:
        split: whose statistics were validated.
        anomalies: what was found.
    """
    found = [
        f"{feature} in the {split} part: {_found(reason)}: {_advice(feature, split, reason)}"
        for feature in sorted(anomalies.anomaly_info)
        for reason in anomalies.anomaly_info[feature].reason
        if not _is_new(reason)
    ]
    if anomalies.data_missing or anomalies.HasField("dataset_anomaly_info"):
        found.append(
            f"the {split} part holds no examples: move the days (or fractions) at which validation "
            "and test begin"
        )
    return found


def _is_new(reason: anomalies_pb2.AnomalyInfo.Reason) -> bool:
    """Whether the last run, which TFDV calls "previous", has no values of the column."""
    missing: bool = reason.type == _Type.COMPARATOR_CONTROL_DATA_MISSING
    return missing and "previous" in reason.description


def _found(reason: anomalies_pb2.AnomalyInfo.Reason) -> str:
    """TFDV's own description, as part of a sentence."""
    text: str = reason.description or reason.short_description
    return text.strip().rstrip(".").replace("\n", " ")


def _advice(feature: str, split: str, reason: anomalies_pb2.AnomalyInfo.Reason) -> str:
    if reason.type in (
        _Type.COMPARATOR_L_INFTY_HIGH,
        _Type.COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH,
    ):
        # TFDV calls the test part, given as what is served, "serving" and the last run "previous".
        block = "skew" if "serving" in reason.description else "drift"
        return (
            f"find out what changed in the logs, or raise validation.{block}.{feature} in the spec"
        )
    if feature.startswith("label__"):
        return (
            "a label is 0, 1 or missing, or a regression's number: mend the logs, or the task's "
            "label in the spec"
        )
    if reason.type == _Type.SCHEMA_NEW_COLUMN:
        return "the spec has no such column: write the examples again with this spec"
    if reason.type in (_Type.SCHEMA_MISSING_COLUMN, _Type.FEATURE_TYPE_LOW_NUMBER_PRESENT):
        return "mend the logs, or take the column out of the spec"
    return "mend the logs, or write the examples again with this spec"
