"""A cosine schedule learns the number of its steps from `fit`."""

import math

import keras
import numpy as np
import pytest

from infnet_keras.errors import ModelError
from infnet_keras.models import from_spec
from infnet_keras.models.decaying_rate import DecayingRate
from infnet_keras.models.optimizer import schedule_of
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.testing import random_inputs

PEAK, FINAL = 0.1, 0.2
ROWS, BATCH = 40, 10  # 4 steps an epoch
SPEC = override_spec(
    load_spec("minimal"),
    {
        "model": {"type": "shared_bottom", "dim": 4, "tower_hidden": [3], "bottom_hidden": [4]},
        "tables": {"item": {"size": 20}, "category": {"size": 9}},
        "fields.user.size": 20,
        "sequences": {"view": {"length": 3}, "click": {"length": 2}},
        "training": {"learning_rate": PEAK, "schedule": {"decay": "cosine", "final": FINAL}},
    },
)


def make(**schedule):
    overrides = {f"training.schedule.{key}": value for key, value in schedule.items()}
    return from_spec(SPEC, **overrides)


def data(rows=ROWS):
    inputs = random_inputs(SPEC, {n: t.rows() for n, t in SPEC.all_tables.items()}, rows)
    draws = np.random.default_rng(1)
    return inputs, {task: (draws.random(rows) < 0.5).astype("float32") for task in SPEC.tasks}


class Batches(keras.utils.PyDataset):
    """The same rows, batch by batch."""

    def __len__(self):
        return ROWS // BATCH

    def __getitem__(self, index):
        part = slice(index * BATCH, (index + 1) * BATCH)
        return tuple({name: values[part] for name, values in each.items()} for each in data())


def endless():
    while True:
        yield from (Batches()[index] for index in range(len(Batches())))


def cosine(step, total, warmup=0, peak=PEAK, final=FINAL):
    if step < warmup:
        return peak * step / warmup
    progress = min(1.0, (step - warmup) / (total - warmup))
    return peak * (final + (1 - final) * (1 + math.cos(math.pi * progress)) / 2)


class Rates(keras.callbacks.Callback):
    """The rate that each step used."""

    def __init__(self):
        super().__init__()
        self.found = []

    def on_train_batch_begin(self, batch, logs=None):
        self.found.append(rate(self.model))


def rate(model):
    return float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))


def fit(model, *args, **kwargs):
    rates = Rates()
    model.fit(*args, verbose=0, callbacks=[rates], **kwargs)
    return rates.found


@pytest.mark.parametrize("source", ["arrays", "dataset", "steps_per_epoch"])
def test_learns_from_what_fit_knows(source):
    model = make()
    if source == "arrays":
        found = fit(model, *data(), batch_size=BATCH, epochs=2)
    elif source == "dataset":
        found = fit(model, Batches(), epochs=2)
    else:
        found = fit(model, endless(), steps_per_epoch=4, epochs=2)
    # JAX hands the steps that it did to the optimiser when an epoch ends, and no sooner.
    assert len(found) == 8
    if keras.backend.backend() != "jax":
        assert found == pytest.approx([cosine(step, 8) for step in range(8)], rel=1e-5)
    assert rate(model) == pytest.approx(PEAK * FINAL, rel=1e-5)


@pytest.mark.backend("torch")
def test_the_last_batch_of_an_epoch_may_be_smaller():
    found = fit(make(), *data(33), batch_size=BATCH, epochs=1)
    assert found == pytest.approx([cosine(step, 4) for step in range(4)], rel=1e-5)


class StopAfterOneEpoch(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch == 0


@pytest.mark.long("tensorflow", "jax")
@pytest.mark.parametrize("epochs", [4, 7])
def test_the_rate_is_the_one_that_weights_move_by(epochs):
    """What the compiled step uses, not only what the optimiser says: SGD on the last biases."""
    model = make(warmup_steps=2)
    model.compile(keras.optimizers.SGD(schedule_of(model.optimizer)))
    inputs, _ = data(BATCH)
    labels = {task: np.ones(BATCH, "float32") for task in SPEC.tasks}
    bias = model.towers.biases[-1]
    # One step an epoch: the first fit ends at the lowest rate, the second begins with its own.
    model.fit(inputs, labels, batch_size=BATCH, epochs=5, verbose=0)
    for step in (0, 1):
        before = np.array(keras.ops.convert_to_numpy(bias.value))
        answers = model.predict_on_batch(inputs)
        if step == 0:
            stop = StopAfterOneEpoch()
            model.fit(inputs, labels, BATCH, epochs=epochs, callbacks=stop, verbose=0)
        else:
            model.train_on_batch(inputs, labels)
        moved = keras.ops.convert_to_numpy(bias.value) - before
        used = cosine(step, epochs, warmup=2)
        expected = [[used * (1 - np.asarray(answers[task])).mean()] for task in SPEC.tasks]
        np.testing.assert_allclose(moved, expected, rtol=1e-3, atol=1e-7)


def test_data_without_a_length_are_refused_unless_the_steps_are_told():
    with pytest.raises(ModelError, match=r"the data have no length; set training\.schedule\.steps"):
        make().fit((batch for batch in [Batches()[0]] * 4), verbose=0)
    model = make(steps=6)
    model.fit((batch for batch in [Batches()[0]] * 3), verbose=0)
    # Keras counts one step more on TensorFlow, where a generator ends inside a step.
    done = int(keras.ops.convert_to_numpy(model.optimizer.iterations))
    assert done in (3, 4)
    assert rate(model) == pytest.approx(cosine(done, 6), rel=1e-5)


def test_told_steps_stay_whatever_fit_takes():
    model = make(steps=100)
    fit(model, *data(), batch_size=BATCH, epochs=2)
    assert rate(model) == pytest.approx(cosine(8, 100), rel=1e-5)


def test_every_fit_starts_anew_and_initial_epoch_goes_on():
    model = make()
    fit(model, *data(), batch_size=BATCH, epochs=1)
    assert rate(model) == pytest.approx(PEAK * FINAL, rel=1e-5)
    fit(model, *data(), batch_size=BATCH, epochs=3)
    schedule = schedule_of(model.optimizer)
    assert (schedule.first_step, schedule.total_steps) == (4, 12)
    assert rate(model) == pytest.approx(PEAK * FINAL, rel=1e-5)

    resumed = make()
    inputs, labels = data()
    resumed.fit(inputs, labels, batch_size=BATCH, epochs=1, verbose=0)
    resumed.optimizer.iterations.assign(4)
    fit(resumed, inputs, labels, batch_size=BATCH, initial_epoch=1, epochs=3)
    schedule = schedule_of(resumed.optimizer)
    assert (schedule.first_step, schedule.total_steps) == (0, 12)
    assert rate(resumed) == pytest.approx(PEAK * FINAL, rel=1e-5)


def test_a_run_goes_on_after_a_file_as_if_it_had_not_ended(tmp_path):
    model = make()
    model.fit(*data(), batch_size=BATCH, epochs=3, callbacks=StopAfterOneEpoch(), verbose=0)
    assert rate(model) == pytest.approx(cosine(4, 12), rel=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert rate(loaded) == pytest.approx(cosine(4, 12), rel=1e-5)
    loaded.fit(*data(), batch_size=BATCH, initial_epoch=1, epochs=3, verbose=0)
    schedule = schedule_of(loaded.optimizer)
    assert (schedule.first_step, schedule.total_steps) == (0, 12)
    assert rate(loaded) == pytest.approx(PEAK * FINAL, rel=1e-5)


def test_a_warm_up_longer_than_the_run_is_refused_at_fit():
    model = make(warmup_steps=8)
    with pytest.raises(ModelError, match="warmup_steps is 8, the whole run takes 8 steps"):
        model.fit(*data(), batch_size=BATCH, epochs=2, verbose=0)
    model.fit(*data(), batch_size=BATCH, epochs=3, verbose=0)
    assert rate(model) == pytest.approx(PEAK * FINAL, rel=1e-5)


def test_under_a_scaled_loss_too():
    model = from_spec(SPEC, **{"training.precision": "mixed_float16"})
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    model.fit(*data(), batch_size=BATCH, epochs=2, verbose=0)
    assert schedule_of(model.optimizer).total_steps == 8


@pytest.mark.backend("torch")
@pytest.mark.parametrize("form", ["none", "one", "list", "tuple", "callback_list"])
def test_callbacks_of_every_form_still_run(form):
    model, rates = make(), Rates()
    given = {
        "none": None,
        "one": rates,
        "list": [rates],
        "tuple": (rates,),
        "callback_list": keras.callbacks.CallbackList(
            [rates], add_history=True, model=model, epochs=2, steps=4
        ),
    }[form]
    history = model.fit(*data(), batch_size=BATCH, epochs=2, callbacks=given, verbose=0)
    assert len(history.history["loss"]) == 2
    assert rate(model) == pytest.approx(PEAK * FINAL, rel=1e-5)
    if form != "none":
        assert rates.found[-1] == pytest.approx(cosine(7, 8), rel=1e-5)
    if form == "list":
        assert given == [rates]  # the caller's own list stays as it was
    if form == "callback_list":
        assert [type(each) for each in given.callbacks] == [Rates, keras.callbacks.History]


def test_a_rate_is_refused_while_the_steps_are_unknown():
    with pytest.raises(ModelError, match="does not know yet how many steps a run takes"):
        DecayingRate(PEAK, cosine=True)(0)


def test_a_constant_rate_learns_nothing():
    model = from_spec(SPEC, **{"training.schedule": None})
    assert schedule_of(model.optimizer) is None
    model.fit((batch for batch in [Batches()[0]] * 2), verbose=0)
    assert rate(model) == pytest.approx(PEAK)
