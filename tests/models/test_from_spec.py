import math
import shutil

import keras
import numpy as np
import pytest

from infnet_keras.data.prepared.reader import ImpressionReader
from infnet_keras.errors import DataError, ModelError, SpecError
from infnet_keras.models import MODELS, INFNet
from infnet_keras.models.from_spec import from_spec
from infnet_keras.models.optimizer import schedule_of
from infnet_keras.spec import dump_spec, load_spec, override_spec

SMALL = {"model.dim": 8, "model.blocks": 2}
SIZES = {"tables.item.size": 60, "tables.category.size": 20, "fields.user.size": 50}


def rate_at(model, step):
    model.optimizer.iterations.assign(step)
    return float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))


def steps_per_epoch(prepared, batch_size=100):
    return math.ceil(prepared.count("train") / batch_size)


def test_a_shipped_name_a_file_and_a_spec_give_the_same_model(tmp_path):
    spec = override_spec(load_spec("minimal"), SMALL)
    (tmp_path / "mine.yaml").write_text(dump_spec(spec))
    models = [from_spec("minimal", **SMALL), from_spec(tmp_path / "mine.yaml"), from_spec(spec)]
    for model in models:
        assert isinstance(model, INFNet)
        assert model.built
        assert model.compiled
        assert model.assets is None
        assert model.spec == spec
        assert model.count_params() == models[0].count_params()


def test_without_data_tables_have_their_declared_size():
    model = from_spec("minimal", **SMALL, **SIZES)
    assert model.table_rows["item"] == 60
    assert model.table_rows["tags"] == 1002  # a hash table: padding, one unknown row, the values


def test_a_table_without_a_size_is_named():
    with pytest.raises(SpecError, match=r"table 'item' has no size.*`tables\.item\.size`"):
        from_spec("minimal", **{"tables.item.size": None})
    with pytest.raises(SpecError, match=r"`fields\.user\.size`"):
        from_spec("minimal", **{"fields.user.size": None})


def test_an_unknown_override_is_named():
    with pytest.raises(SpecError, match="dropout"):
        from_spec("minimal", **{"model.dropuot": 0.1})


@pytest.mark.parametrize("as_path", [True, False])
def test_with_data_tables_have_the_fitted_size_and_the_model_its_assets(prepared, as_path):
    data = str(prepared.directory) if as_path else prepared
    model = from_spec("minimal", data=data, **SMALL)
    assert model.table_rows == prepared.assets.table_rows(prepared.spec)
    assert model.assets.digest == prepared.assets.digest


def test_data_of_another_spec_are_refused(prepared):
    with pytest.raises(DataError, match="price"):
        from_spec("minimal", data=prepared, **{"fields.price.quantiles": 5})


def test_the_model_learns_from_prepared_data(prepared):
    keras.utils.set_random_seed(1)
    model = from_spec("minimal", data=prepared, **SMALL, **{"training.learning_rate": 0.03})
    batch = next(ImpressionReader(prepared, "train", 64, shuffle=True).batches())
    losses = [
        float(model.train_on_batch(batch.inputs, batch.labels, return_dict=True)["loss"])
        for _ in range(6)
    ]
    assert np.isfinite(losses).all()
    # Keras reports the mean of the steps so far.
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("warmup", [0, 4])
def test_cosine_decay_ends_with_the_run(prepared, warmup):
    options = {
        "training.schedule": {"decay": "cosine", "warmup_steps": warmup, "final": 0.2},
        "training.learning_rate": 0.1,
        "training.batch_size": 100,
        "training.epochs": 3,
    }
    model = from_spec("minimal", data=prepared, **SMALL, **options)
    total = 3 * steps_per_epoch(prepared)
    for step in (warmup, (warmup + total) // 2, total, total + 50):
        progress = min(1.0, (step - warmup) / (total - warmup))
        expected = 0.1 * (0.2 + 0.8 * (1 + math.cos(math.pi * progress)) / 2)
        assert rate_at(model, step) == pytest.approx(expected, rel=1e-4)
    if warmup:
        assert rate_at(model, 2) == pytest.approx(0.05, rel=1e-5)


def test_no_schedule_keeps_a_model_from_being_built(prepared):
    """What a run takes is known when `fit` starts: tests/models/test_schedule.py."""
    model = from_spec("minimal", **SMALL, **{"training.schedule": {"decay": "cosine"}})
    assert schedule_of(model.optimizer).total_steps is None
    schedule = {"decay": "cosine", "warmup_steps": 10_000}
    model = from_spec("minimal", data=prepared, **SMALL, **{"training.schedule": schedule})
    assert schedule_of(model.optimizer).total_steps is None
    schedule = {"decay": "cosine", "steps": 9, "final": 0.5}
    model = from_spec("minimal", **SMALL, **{"training.schedule": schedule})
    assert rate_at(model, 9) == pytest.approx(0.5e-3, rel=1e-5)


def test_a_schedule_survives_saving(prepared, tmp_path):
    schedule = {"decay": "cosine", "warmup_steps": 3}
    model = from_spec("minimal", data=prepared, **SMALL, **{"training.schedule": schedule})
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    for step in (1, 3, 5):
        assert rate_at(copy, step) == rate_at(model, step)
    assert copy.assets.digest == prepared.assets.digest


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_precision_is_the_models_and_not_the_processs(precision):
    model = from_spec("minimal", **SMALL, **SIZES, **{"training.precision": precision})
    assert model.dtype_policy.name == precision
    assert keras.config.dtype_policy().name == "float32"
    assert {keras.backend.standardize_dtype(v.dtype) for v in model.trainable_variables} == {
        "float32"
    }
    scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (precision == "mixed_float16")


def test_without_a_precision_the_global_policy_holds():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = from_spec("minimal", **SMALL, **SIZES)
        named = from_spec("minimal", **SMALL, **SIZES, **{"training.precision": "float32"})
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.dtype_policy.name == "mixed_bfloat16"
    layers = [layer for layer in model._flatten_layers() if layer is not model]
    assert len(layers) > 20
    assert {layer.dtype_policy.name for layer in layers} == {"mixed_bfloat16"}
    assert named.dtype_policy.name == "float32"
    assert from_spec("minimal", **SMALL, **SIZES).dtype_policy.name == "float32"


@pytest.mark.parametrize("model_type", MODELS)
def test_summary_names_the_layers_and_counts_their_weights(model_type):
    model = from_spec("minimal", **{"model.dim": 8, "model.type": model_type}, **SIZES)
    lines = []
    model.summary(print_fn=lines.append, line_length=120)
    printed = "\n".join(lines)
    for layer in model.layers:
        assert layer.name in printed
    assert {"embedded_inputs", "towers"} <= {layer.name for layer in model.layers}
    assert f"{model.count_params():,}" in printed


@pytest.mark.parametrize("model_type", MODELS)
def test_a_picture_names_the_model(model_type, tmp_path):
    pytest.importorskip("pydot")
    model = from_spec("minimal", **{"model.dim": 8, "model.type": model_type}, **SIZES)
    dot = keras.utils.model_to_dot(model, expand_nested=True, show_layer_names=True)
    assert type(model).__name__ in dot.to_string()
    if shutil.which("dot"):
        keras.utils.plot_model(model, tmp_path / "model.png")
        assert (tmp_path / "model.png").stat().st_size > 0


@pytest.mark.backend("tensorflow", "torch")
def test_double_precision():
    model = from_spec("minimal", **SMALL, **SIZES, **{"training.precision": "float64"})
    assert {keras.backend.standardize_dtype(v.dtype) for v in model.trainable_variables} == {
        "float64"
    }


@pytest.mark.backend("jax")
def test_double_precision_is_refused_where_jax_would_truncate_it():
    import jax

    options = {"training.precision": "float64"}
    if jax.config.jax_enable_x64:
        assert from_spec("minimal", **SMALL, **SIZES, **options).compute_dtype == "float64"
    else:
        with pytest.raises(ModelError, match="JAX_ENABLE_X64"):
            from_spec("minimal", **SMALL, **SIZES, **options)


def test_the_seed_is_the_callers():
    def kernel():
        model = from_spec("minimal", **SMALL, **SIZES, **{"training.seed": 7})
        return keras.ops.convert_to_numpy(next(v for v in model.variables if "kernel" in v.path))

    keras.utils.set_random_seed(1)
    first = kernel()
    keras.utils.set_random_seed(1)
    np.testing.assert_array_equal(first, kernel())
    keras.utils.set_random_seed(2)
    assert not np.array_equal(first, kernel())
