"""`run_model_test` fails for models that break a rule; that it passes is seen in tests/models."""

import keras
import pytest
from keras import ops

from infnet_keras.errors import SpecError
from infnet_keras.models import MODELS, SharedBottom
from infnet_keras.testing import run_model_test

OPTIONS = {"bottom_hidden": [6]}


@keras.saving.register_keras_serializable(package="tests")
class ReadsPadding(SharedBottom):
    def parts(self, embedded):
        masks = keras.tree.map_structure(ops.ones_like, embedded.masks)  # of buckets too
        return super().parts(embedded._replace(masks=masks))


@keras.saving.register_keras_serializable(package="tests")
class RanksDifferently(SharedBottom):
    def score_candidates(self, inputs):
        return {task: 0.99 * v for task, v in super().score_candidates(inputs).items()}


@keras.saving.register_keras_serializable(package="tests")
class HasAnIdleWeight(SharedBottom):
    def build_layers(self):
        self.idle = self.add_weight((3,), "ones", name="idle")
        return super().build_layers()


@keras.saving.register_keras_serializable(package="tests")
class ReadsNothing(SharedBottom):
    def represent(self, embedded, training):
        return 0.0 * super().represent(embedded, training)


@keras.saving.register_keras_serializable(package="tests")
class AnswersInHalfPrecision(SharedBottom):
    def answers(self, tasks):
        dtype = "float32" if self.compute_dtype == "float32" else "float16"
        return {task: ops.cast(v, dtype) for task, v in super().answers(tasks).items()}


@keras.saving.register_keras_serializable(package="tests")
class BreaksWithoutHistory(SharedBottom):
    def represent(self, embedded, training):
        lengths = ops.cast(embedded["embeddings"].lengths["view__tag"], self.compute_dtype)
        once = lengths / lengths
        return super().represent(embedded, training) * ops.reshape(once, (-1, 1, 1))


@keras.saving.register_keras_serializable(package="tests")
class LosesItsAssets(SharedBottom):
    def load_assets(self, inner_path):
        pass


@keras.saving.register_keras_serializable(package="tests")
class ForgetsItsName(SharedBottom):
    def get_config(self):
        return {**super().get_config(), "name": str(id(self))}


@pytest.mark.backend("torch")
@pytest.mark.parametrize(
    ("model_class", "message"),
    [
        (ReadsPadding, "reads padding"),
        (RanksDifferently, "candidates"),
        (HasAnIdleWeight, "idle is not trained"),
        (ReadsNothing, "examples that differ score the same"),
        (AnswersInHalfPrecision, "is float16 under mixed_bfloat16"),
        (BreaksWithoutHistory, "is not finite"),
        (LosesItsAssets, "assets are lost"),
        (ForgetsItsName, "config does not round-trip"),
    ],
)
def test_a_model_that_breaks_a_rule_fails(model_class, message, tmp_path, monkeypatch):
    monkeypatch.setitem(MODELS, "shared_bottom", model_class)
    with pytest.raises(AssertionError, match=message):
        run_model_test("shared_bottom", tmp_path, OPTIONS)


@pytest.mark.backend("torch")
def test_a_model_that_keeps_them_passes(tmp_path):
    run_model_test("shared_bottom", tmp_path, OPTIONS)


def test_a_name_that_is_no_model(tmp_path):
    with pytest.raises(SpecError, match=r"model\.type: expected one of .*; found 'no_model'"):
        run_model_test("no_model", tmp_path)
