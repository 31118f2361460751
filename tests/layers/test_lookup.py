"""What a step reads of tables, and what the optimiser is told of it."""

import keras
import numpy as np
from keras import ops

from infnet_keras.layers import EmbeddingTables


class Rows(keras.Model):
    """The one number of each id's row."""

    def __init__(self):
        super().__init__()
        self.tables = EmbeddingTables({"t": 5}, 1, {"x": "t"}, initializer="zeros")
        self.tables.build()

    def call(self, inputs):
        return self.tables(inputs)["x"]


def test_an_id_that_is_read_twice_moves_by_the_sum_of_its_gradients():
    """Adam's first step is as long as the rate, whatever the gradient: no sqrt(2) as much."""
    model = Rows()
    model.compile(keras.optimizers.Adam(0.1), loss=lambda y, found: ops.sum(y * found))
    gradients = np.array([[1.0], [3.0], [-4.0]], "float32")
    model.fit({"x": np.array([2, 2, 3])}, gradients, batch_size=3, verbose=0)
    (table,) = model.tables.tables.values()
    expected = [0.0, 0.0, -0.1, 0.1, 0.0]
    np.testing.assert_allclose(ops.convert_to_numpy(table.value)[:, 0], expected, atol=1e-5)
