import keras
import numpy as np
import pytest

from infnet_keras.errors import ModelError
from infnet_keras.models.multi_task_model import MultiTaskModel

TASKS = {"click": 1.0, "like": 2.0, "long_view": 0.5}


@keras.saving.register_keras_serializable(package="tests")
class Linear(MultiTaskModel):
    """One dense unit per task over one numeric input."""

    def __init__(self, task_weights=None, weighting="fixed", l2=0.0, **kwargs):
        super().__init__(task_weights or TASKS, weighting, **kwargs)
        self.l2 = l2
        self.towers = {
            task: keras.layers.Dense(
                1,
                kernel_initializer="ones",
                kernel_regularizer=keras.regularizers.L2(l2) if l2 else None,
                name=task,
                dtype=self.dtype_policy,
            )
            for task in self.tasks
        }

    def build(self, input_shape):
        for tower in self.towers.values():
            tower.build(input_shape["x"])

    def call(self, inputs, training=None):
        return {
            task: keras.ops.cast(keras.ops.sigmoid(tower(inputs["x"]))[:, 0], "float32")
            for task, tower in self.towers.items()
        }

    def get_config(self):
        config = super().get_config()
        return config | {
            "task_weights": dict(self.task_weights),
            "weighting": self.weighting,
            "l2": self.l2,
        }


@pytest.fixture
def batch():
    rng = np.random.default_rng(1)
    x = {"x": rng.normal(size=(40, 3)).astype("float32")}
    y = {task: (rng.random(40) < 0.4).astype("float32") for task in TASKS}
    y["like"][::3] = np.nan
    return x, y


def task_loss(labels, probabilities):
    kept = ~np.isnan(labels)
    p = probabilities[kept].astype("float64")
    return -np.mean(np.where(labels[kept] == 1, np.log(p), np.log(1 - p)))


def expected_losses(model, x, y):
    probabilities = {k: keras.ops.convert_to_numpy(v) for k, v in model(x).items()}
    return {task: task_loss(y[task], probabilities[task]) for task in model.tasks}


def as_numpy(variable):
    return keras.ops.convert_to_numpy(variable)


def test_fixed_weighting_sums_the_weighted_losses(batch):
    x, y = batch
    model = Linear()
    model.compile("adam")
    logs = model.evaluate(x, y, batch_size=40, verbose=0, return_dict=True)
    losses = expected_losses(model, x, y)
    assert logs["loss"] == pytest.approx(sum(TASKS[t] * losses[t] for t in TASKS), rel=1e-5)
    assert logs["like_loss"] == pytest.approx(losses["like"], rel=1e-5)


@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
def test_fit_lowers_the_loss(batch, weighting):
    x, y = batch
    model = Linear(weighting=weighting)
    model.compile(keras.optimizers.Adam(0.05))
    losses = model.fit(x, y, batch_size=20, epochs=8, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]


@pytest.mark.backend("tensorflow", "jax")  # torch's compiler needs a C++ compiler
@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
def test_xla_computes_the_same(batch, weighting):
    x, y = batch
    found = []
    for jit_compile in (True, False):
        model = Linear(weighting=weighting)
        model.compile(keras.optimizers.SGD(0.5), jit_compile=jit_compile)
        model.train_on_batch(x, y)
        found.append([as_numpy(v) for v in model.trainable_variables])
    for compiled, plain in zip(*found, strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=1e-5, atol=1e-6)


def test_a_batch_without_labels_changes_nothing(batch):
    x, y = batch
    y = {task: np.full(40, np.nan, "float32") for task in y}
    for weighting in ("fixed", "uncertainty"):
        model = Linear(weighting=weighting)
        model.compile(keras.optimizers.SGD(1.0))
        model.build({"x": (None, 3)})
        before = [as_numpy(v) for v in model.trainable_variables]
        assert model.train_on_batch(x, y, return_dict=True)["loss"] == 0.0
        for old, new in zip(before, model.trainable_variables, strict=True):
            np.testing.assert_array_equal(old, as_numpy(new))


def test_uncertainty_weighting_is_the_formula_and_trains_its_variances(batch):
    x, y = batch
    model = Linear(weighting="uncertainty")
    model.compile(keras.optimizers.SGD(0.1))
    model.build({"x": (None, 3)})
    s = np.array([0.3, -0.2, 0.9], "float32")
    model.task_uncertainty.log_variances.assign(s)
    losses = expected_losses(model, x, y)
    weighted = np.array([TASKS[t] * losses[t] for t in TASKS])
    logs = model.train_on_batch(x, y, return_dict=True)
    assert logs["loss"] == pytest.approx(np.sum(np.exp(-s) * weighted + s / 2), rel=1e-5)
    assert logs["like_loss"] == pytest.approx(losses["like"], rel=1e-5)
    np.testing.assert_allclose(
        as_numpy(model.task_uncertainty.log_variances),
        s - 0.1 * (0.5 - np.exp(-s) * weighted),
        rtol=1e-5,
    )


def test_uncertainty_finds_half_of_the_inverse_loss(batch):
    x, y = batch
    model = Linear(weighting="uncertainty")
    for tower in model.towers.values():
        tower.trainable = False
    model.compile(keras.optimizers.SGD(1.0))
    model.fit(x, y, batch_size=40, epochs=60, verbose=0)
    weighted = [TASKS[t] * loss for t, loss in expected_losses(model, x, y).items()]
    np.testing.assert_allclose(
        as_numpy(model.task_uncertainty.log_variances), np.log(2 * np.array(weighted)), atol=1e-3
    )


@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
def test_weight_zero_leaves_a_task_out(batch, weighting):
    x, y = batch
    model = Linear({"click": 1.0, "like": 0.0}, weighting)
    model.compile(keras.optimizers.SGD(0.5))
    model.build({"x": (None, 3)})
    model.train_on_batch(x, y)
    np.testing.assert_array_equal(as_numpy(model.towers["like"].kernel), np.ones((3, 1)))
    assert not np.allclose(as_numpy(model.towers["click"].kernel), 1.0)


@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
def test_adds_the_layers_regularisation(batch, weighting):
    x, y = batch
    plain, regularised = Linear(weighting=weighting), Linear(weighting=weighting, l2=0.01)
    losses = []
    for model in (plain, regularised):
        model.compile("sgd")
        losses.append(model.evaluate(x, y, batch_size=40, verbose=0, return_dict=True)["loss"])
    assert losses[1] - losses[0] == pytest.approx(0.01 * 3 * 3, rel=1e-3)


@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
def test_one_task(batch, weighting):
    x, y = batch
    model = Linear({"click": 1.0}, weighting)
    model.compile("sgd")
    logs = model.evaluate(x, y, batch_size=40, verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(expected_losses(model, x, y)["click"], rel=1e-5)


@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
def test_names_the_missing_labels(batch, weighting):
    x, y = batch
    model = Linear(weighting=weighting)
    model.compile("sgd")
    with pytest.raises(Exception, match=r"no labels for like.*found labels of click, long_view"):
        model.train_on_batch(x, {"click": y["click"], "long_view": y["long_view"]})


def test_names_every_task_where_there_are_no_labels_at_all(batch):
    model = Linear()
    model.compile("sgd")
    with pytest.raises(ModelError, match="no labels for click, like, long_view"):
        model.compute_loss(batch[0], None, model(batch[0]))


@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
def test_survives_saving_with_optimiser_and_loss(batch, weighting, tmp_path):
    x, y = batch
    model = Linear(weighting=weighting)
    model.compile(keras.optimizers.Adam(0.05))
    model.fit(x, y, batch_size=20, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    for one, other in zip(model.variables, copy.variables, strict=True):
        np.testing.assert_array_equal(as_numpy(one), as_numpy(other))
    assert len(copy.optimizer.variables) == len(model.optimizer.variables)
    for one, other in zip(model.optimizer.variables, copy.optimizer.variables, strict=True):
        np.testing.assert_array_equal(as_numpy(one), as_numpy(other), err_msg=one.path)
    trained = model.train_on_batch(x, y, return_dict=True)
    continued = copy.train_on_batch(x, y, return_dict=True)
    assert continued == pytest.approx(trained, rel=1e-5)
    # Adam without its moments would have taken another step.
    for one, other in zip(model.trainable_variables, copy.trainable_variables, strict=True):
        np.testing.assert_allclose(as_numpy(one), as_numpy(other), rtol=1e-6, err_msg=one.path)
    assert "jit_compile" not in model.get_compile_config()


def test_weight_decay_leaves_the_log_variances_alone_after_loading_too(tmp_path):
    model = Linear(weighting="uncertainty")
    model.compile(keras.optimizers.AdamW(0.1, weight_decay=0.5))
    model.build({"x": (None, 3)})
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "model.keras")
    for trained in (model, keras.models.load_model(tmp_path / "model.keras")):
        log_variances = trained.task_uncertainty.log_variances
        log_variances.assign([1.0, -1.0, 2.0])
        variables = trained.trainable_variables
        trained.optimizer.apply([keras.ops.zeros(v.shape) for v in variables], variables)
        kernel = as_numpy(trained.towers["click"].kernel)
        np.testing.assert_allclose(kernel, np.full((3, 1), 0.95), rtol=1e-5)
        np.testing.assert_array_equal(as_numpy(log_variances), [1.0, -1.0, 2.0])


def test_uncertainty_refuses_a_loss_of_the_users():
    with pytest.raises(ModelError, match="weighting: uncertainty"):
        Linear(weighting="uncertainty").compile("sgd", loss="binary_crossentropy")


def test_another_weighting_is_refused():
    with pytest.raises(ModelError, match="'dynamic'"):
        Linear(weighting="dynamic")


@pytest.mark.parametrize("weighting", ["fixed", "uncertainty"])
def test_mixed_half_precision_scales_the_loss_and_trains(batch, weighting):
    x, y = batch
    model = Linear(weighting=weighting, dtype="mixed_float16")
    model.compile(keras.optimizers.Adam(0.05))
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    losses = model.fit(x, y, batch_size=20, epochs=5, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
