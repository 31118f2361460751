"""A step may gather the rows of the tables itself and hand them to the model."""

import functools

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import LookupGroup
from infnet_keras.models import MODELS, SharedBottom
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.spec.models import SharedBottomOptions
from infnet_keras.testing import random_inputs
from infnet_keras.testing.draw_weights import draw_weights
from infnet_keras.testing.run_model import run_function, run_model


class WithFirstOrderOptions(SharedBottomOptions):
    """Asks for a group of width 1 beside the usual one."""

    def lookup_groups(self, spec):
        return [LookupGroup(), LookupGroup("first_order", 1, project=False)]


@keras.saving.register_keras_serializable(package="tests")
class WithFirstOrder(SharedBottom):
    """Adds a weight per id to what every tower reads."""

    def represent(self, embedded, training):
        weights = sum(embedded["first_order"].fields.values())
        return super().represent(embedded, training) + ops.expand_dims(weights, 1)


def make(model_class, model_type):
    spec = override_spec(
        load_spec("minimal"),
        {
            "model.type": model_type,
            "model": {"dim": 4, "tower_hidden": [16]},
            "tables": {"item": {"size": 20}, "category": {"size": 9, "dim": 2}},
            "fields.user.size": 20,
            "sequences": {"view": {"length": 3}, "click": {"length": 2}},
        },
    )
    if model_class is WithFirstOrder:
        options = WithFirstOrderOptions(**spec.model.model_dump())
        spec = spec.model_copy(update={"model": options})
    rows = {name: table.rows() for name, table in spec.all_tables.items()}
    model = model_class(spec, rows)
    model.build()
    draw_weights(model)
    return model, random_inputs(spec, rows, 5)


def gathered(model, inputs):
    """By NumPy, from the tables' values, at the ids that the lookups list."""
    rows = {}
    for name, (table, ids) in model.embedded_inputs.lookups(inputs).items():
        table, ids = (ops.convert_to_numpy(each) for each in (table.value, ids))
        rows[name] = np.stack([table[example] for example in ids])
    return rows


FIRST_ORDER = {WithFirstOrder, MODELS["fm"]}
CASES = [*((MODELS[name], name) for name in MODELS), (WithFirstOrder, "shared_bottom")]


@pytest.mark.long("jax")  # which compiles each
@pytest.mark.parametrize(("model_class", "model_type"), CASES)
def test_the_answers_are_the_models_own(model_class, model_type):
    model, inputs = make(model_class, model_type)
    plain = run_model(model, inputs)
    rows = gathered(model, inputs)
    groups = model.spec.model.lookup_groups(model.spec)
    widths = {group.name: [4, 2] if group.width is None else [group.width] for group in groups}
    assert set(rows) == {f"{name}/{width}" for name, of in widths.items() for width in of}
    assert {"embeddings/4", "embeddings/2"} <= set(rows)
    assert ("first_order/1" in rows) == (model_class in FIRST_ORDER)
    call = functools.partial(_call, model)
    for task, values in run_function(call, (inputs, rows)).items():
        expected = ops.convert_to_numpy(plain[task])
        np.testing.assert_allclose(ops.convert_to_numpy(values), expected, rtol=1e-5)
    moved = {name: values + 0.5 for name, values in rows.items()}
    for task, values in run_function(call, (inputs, moved)).items():
        assert (ops.convert_to_numpy(values) != ops.convert_to_numpy(plain[task])).any()


def _call(model, given):
    inputs, rows = given
    return model(inputs, training=False, rows=rows)


@pytest.mark.backend("torch")
@pytest.mark.parametrize(("model_class", "model_type"), CASES)
def test_answers_have_gradients_with_respect_to_the_rows(model_class, model_type):
    """Those of the rows, summed over repeated ids, are the gradient of the table itself."""
    import torch

    model, inputs = make(model_class, model_type)
    torch.stack(list(model(inputs).values())).sum().backward()
    lookups = model.embedded_inputs.lookups(inputs)
    whole = {name: each.table.value.grad.clone() for name, each in lookups.items()}
    rows = {k: torch.tensor(v, requires_grad=True) for k, v in gathered(model, inputs).items()}
    torch.stack(list(model(inputs, rows=rows).values())).sum().backward()
    for name, (_, ids) in lookups.items():
        summed = torch.zeros_like(whole[name])
        width = summed.shape[1]
        ids = torch.as_tensor(np.asarray(ops.convert_to_numpy(ids)), dtype=torch.long).reshape(-1)
        summed.index_add_(0, ids, rows[name].grad.reshape(-1, width))
        torch.testing.assert_close(summed, whole[name], rtol=1e-4, atol=1e-6)
