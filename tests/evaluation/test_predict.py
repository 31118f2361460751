import keras
import numpy as np
import pytest

from infnet_keras.data.prepared.reader import ImpressionReader
from infnet_keras.errors import DataError
from infnet_keras.evaluation import predict_split
from infnet_keras.models.from_spec import from_spec


@pytest.fixture(scope="module")
def model(prepared):
    keras.utils.set_random_seed(0)
    return from_spec(prepared.spec, data=prepared, **{"model.dim": 8, "model.blocks": 2})


@pytest.mark.parametrize("batch_size", [16, 4096])
def test_predicts_every_impression_once_and_in_order(model, prepared, batch_size):
    found = predict_split(model, prepared, "test", batch_size=batch_size)
    (whole,) = ImpressionReader(prepared, "test", prepared.count("test")).batches()
    outputs = model.predict_on_batch(whole.inputs)
    np.testing.assert_array_equal(found.users, whole.users)
    assert found.tasks == list(prepared.spec.tasks)
    for task in found.tasks:
        np.testing.assert_array_equal(found.labels[task], whole.labels[task])
        np.testing.assert_allclose(found.probabilities[task], outputs[task], rtol=1e-4, atol=1e-6)
    assert prepared.count("test") % 16 != 0  # the last batch is a part of one


def test_leaves_the_weights_as_they_were(model, prepared):
    before = [keras.ops.convert_to_numpy(v) for v in model.variables]
    predict_split(model, prepared, "valid", batch_size=16)
    for old, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, keras.ops.convert_to_numpy(variable))


def test_refuses_a_model_with_a_task_that_the_data_do_not_have(prepared):
    renamed = {"tasks": {"rent": {"label": "clicked"}}, "model.dim": 8, "model.blocks": 2}
    model = from_spec(prepared.spec, data=prepared, **renamed)
    with pytest.raises(DataError, match="no labels of rent"):
        predict_split(model, prepared, "test")
