"""Models whose tables are trained row by row, against the dense optimiser and plain checks."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.errors import ModelError, SpecError
from infnet_keras.export.serving_copy import serving_copy
from infnet_keras.models import MODELS, from_spec
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.testing import random_inputs

SIZES = {"tables": {"item": {"size": 20}, "category": {"size": 9, "dim": 2}}}
SMALL = {
    **SIZES,
    "fields.user.size": 20,
    "sequences": {"view": {"length": 3}, "click": {"length": 2}},
}


def make(tables, **more):
    keras.utils.set_random_seed(1)
    spec = override_spec(load_spec("minimal"), {"model.type": more.pop("type", "infnet")})
    changes = {"model": {"dim": 4, "tower_hidden": [8]}, **SMALL, "training.tables": tables}
    return from_spec(override_spec(spec, {**changes, **more}))


def batch(model, seed=0, rows=16):
    random = np.random.default_rng(seed)
    inputs = random_inputs(model.spec, model.table_rows, rows, seed=seed)
    labels = {t: random.integers(0, 2, rows).astype("float32") for t in model.tasks}
    labels[model.tasks[0]][:3] = np.nan
    return inputs, labels


def tables_of(model):
    weights = model.embedded_inputs.weights_read
    return {name: ops.convert_to_numpy(weight.value).copy() for name, weight in weights.items()}


CLIPPED = {"training.clip_norm": 0.05, "weighting": "uncertainty"}
SCHEDULED = {"training.l2": 0.1, "training.schedule": {"decay": "cosine", "warmup_steps": 1}}
# A model compiles for long, but on torch: there all of them are trained, elsewhere one with all
# options at once.
CASES = (
    [*((name, {}) for name in MODELS), ("infnet", CLIPPED), ("infnet", SCHEDULED)]
    if keras.backend.backend() == "torch"
    else [("stem", {**CLIPPED, **SCHEDULED})]
)
COMPILES = pytest.mark.long("tensorflow", "jax")


@pytest.mark.parametrize(("model_type", "more"), CASES)
def test_where_every_step_reads_the_same_rows_lazy_adam_is_adam(model_type, more):
    dense = make({}, type=model_type, **more)
    lazy = make({"optimizer": "adam_lazy"}, type=model_type, **more)
    inputs, labels = batch(dense)
    losses = [
        model.fit(inputs, labels, 16, epochs=4, shuffle=False, verbose=0).history["loss"]
        for model in (dense, lazy)
    ]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)
    assert losses[0][0] != losses[0][-1]
    expected = {w.path.split("/", 1)[1]: w for w in dense.trainable_weights}
    found = {w.path.split("/", 1)[1]: w for w in lazy.weights}
    for path, weight in expected.items():
        np.testing.assert_allclose(
            ops.convert_to_numpy(found[path].value),
            ops.convert_to_numpy(weight.value),
            atol=2e-4,
            err_msg=path,
        )
    in_tables = {id(weight) for weight in lazy.embedded_inputs.weights_read.values()}
    assert not in_tables & {id(weight) for weight in lazy.trainable_weights}


@pytest.mark.parametrize(
    ("optimizer", "precision"),
    [
        pytest.param("adagrad_rowwise", "float32", marks=COMPILES),
        ("adam_lazy", "mixed_bfloat16"),
        pytest.param("adagrad_rowwise", "mixed_float16", marks=COMPILES),
    ],
)
def test_rows_that_are_read_move_and_no_others(optimizer, precision):
    tables = {"optimizer": optimizer, "learning_rate": 0.02}
    model = make(tables, **{"training.precision": precision})
    inputs, labels = batch(model, rows=4)
    if precision == "mixed_float16":
        model.optimizer.build(model.trainable_variables)
        model.optimizer.dynamic_scale.assign(64.0)  # no gradient leaves half precision's range
    before = tables_of(model)
    model.train_on_batch(inputs, labels)
    read = {
        name: np.unique(ops.convert_to_numpy(lookup.ids))
        for name, lookup in model.embedded_inputs.lookups(inputs).items()
    }
    for name, after in tables_of(model).items():
        moved = np.flatnonzero((after != before[name]).any(axis=1))
        assert set(moved) <= set(read[name])
        assert len(moved) > len(read[name]) // 2
        # The first step of either rule is at most as long as the rate in root mean square.
        size = np.sqrt(np.mean((after - before[name])[moved] ** 2, axis=1))
        assert size.max() == pytest.approx(0.02, rel=0.1)


@pytest.mark.long("tensorflow", "jax")
def test_a_step_with_an_infinity_moves_nothing_and_lowers_the_scale():
    model = make({"optimizer": "adagrad_rowwise"}, **{"training.precision": "mixed_float16"})
    inputs, labels = batch(model)
    model.train_on_batch(inputs, labels)
    before, scale = tables_of(model), 1e30
    model.optimizer.dynamic_scale.assign(scale)
    dense = [ops.convert_to_numpy(w.value).copy() for w in model.trainable_weights]
    model.train_on_batch(inputs, labels)
    for name, table in tables_of(model).items():
        assert (table == before[name]).all()
    for weight, earlier in zip(model.trainable_weights, dense, strict=True):
        assert (ops.convert_to_numpy(weight.value) == earlier).all()
    assert float(model.optimizer.dynamic_scale.numpy()) == pytest.approx(scale / 2)


@pytest.mark.parametrize(
    "optimizer", [pytest.param("adagrad_rowwise", marks=COMPILES), "adam_lazy"]
)
def test_saved_and_loaded_it_goes_on_as_if_nothing_had_been(optimizer, tmp_path):
    model = make({"optimizer": optimizer})
    model.fit(*batch(model, 0), verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    for each in (model, loaded):
        each.fit(*batch(model, 1), shuffle=False, verbose=0)
    for name, table in tables_of(loaded).items():
        np.testing.assert_allclose(table, tables_of(model)[name], atol=1e-6)


@pytest.mark.parametrize("argument", [{"clipnorm": 1.0}, {"clipvalue": 1.0}, {"use_ema": True}])
def test_what_has_no_meaning_for_rows_is_refused(argument):
    model = make({"optimizer": "adagrad_rowwise"})
    with pytest.raises(ModelError, match=f"take no `{next(iter(argument))}`"):
        model.compile(keras.optimizers.Adam(**argument))
    make({}).compile(keras.optimizers.Adam(**argument))


def test_a_rate_of_dense_tables_is_refused():
    with pytest.raises(SpecError, match="`learning_rate` of tables needs"):
        make({"learning_rate": 0.1})


@pytest.mark.long("jax")
def test_what_is_served_has_neither_slots_nor_another_answer():
    tables = {"optimizer": "adam_lazy", "learning_rate": 0.01}
    model = make(tables, weighting="uncertainty")
    inputs, labels = batch(model)
    model.fit(inputs, labels, verbose=0)
    served = serving_copy(model)
    assert served.row_updates is None
    tables = served.embedded_inputs.weights_read.values()
    slots = sum(len(each) + 1 for each in model.row_updates.slots.values())
    assert len(served.weights) == len(model.weights) - slots - 1
    assert all(table.trainable for table in tables)
    expected = model.predict(inputs, verbose=0)
    for task, found in served.predict(inputs, verbose=0).items():
        np.testing.assert_allclose(found, expected[task], atol=1e-6)
