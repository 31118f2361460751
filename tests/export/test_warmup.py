from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infnet_keras.spec import FeatureSpec

pytestmark = pytest.mark.backend("tensorflow")


def test_every_signature_is_warmed_with_requests_that_it_answers(
    exported: Path, spec: FeatureSpec
) -> None:
    import tensorflow as tf

    from infnet_keras.export.warmup import read_warmup

    signatures = tf.saved_model.load(str(exported)).signatures
    sizes: list[tuple[str, Any]] = []
    for name, arrays in read_warmup(exported):
        takes = signatures[name].structured_input_signature[1]
        outputs = signatures[name](
            **{key: tf.constant(array, takes[key].dtype) for key, array in arrays.items()}
        )
        sizes.append((name, outputs["click"].shape.as_list()))
        if name != "attention":
            assert all((values.numpy() > 0).all() for values in outputs.values())
    # A field is a token, and so is each step of each attribute's history.
    tokens = len(spec.fields) + sum(feature.length for feature in spec.sequence_features)
    assert sizes == [
        ("serving_default", [1]),
        ("serving_default", [32]),
        ("predict", [1]),
        ("predict", [32]),
        ("rank", [1, 100]),
        ("attention", [1, tokens]),
    ]


def test_the_records_are_tf_serving_s(exported: Path) -> None:
    import tensorflow as tf
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    path = exported / "assets.extra" / "tf_serving_warmup_requests"
    logs = [
        PredictionLog.FromString(record)
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
    ]
    assert [log.WhichOneof("log_type") for log in logs] == ["predict_log"] * 6
    requests = [log.predict_log.request for log in logs]
    assert {request.model_spec.name for request in requests} == {"small"}
    rank = requests[4].inputs
    assert tf.make_ndarray(rank["candidate_count"]).tolist() == [100]
    assert tf.make_ndarray(rank["video_id"]).shape == (1, 100)
    assert tf.make_ndarray(rank["view__video_id"]).shape == (1, 9)
    # 24 example rows fill 32: the first ones come again.
    users = tf.make_ndarray(requests[3].inputs["user_id"])
    np.testing.assert_array_equal(users[24:], users[:8])
