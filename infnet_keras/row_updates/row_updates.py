"""The optimiser of embedding tables: it moves the rows that a step reads."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from infnet_keras.devices.whole_batch import mean_over_devices, own_share, whole_batch
from infnet_keras.layers.embeddings.lookup import Lookup, read_rows
from infnet_keras.row_updates.row_rule import RowRule
from infnet_keras.row_updates.write_rows import add_rows, put_rows, sum_by_place


class RowUpdates(keras.layers.Layer):
    """Owns the slots of embedding tables and moves the rows that a step has read.

    Cost and memory follow the ids of the batch, not the rows of the table. An id that a batch holds
    several times moves once, by the sum of its gradients. To find the places of one id, each table
    keeps an int32 for each row, which says nothing between two steps.

    The weights are part of the model and saved with it; a served model leaves them out.

    Args:
        rule: how rows move.
        scale: learning rate of the tables as a multiple of the optimiser's.
        **kwargs: of `keras.layers.Layer`.

    Example:
        >>> from infnet_keras.row_updates import AdagradRowwise
        >>> table = keras.Variable(np.zeros((5, 1)), trainable=False)
        >>> updates = RowUpdates(AdagradRowwise())
        >>> updates.make_slots({"t": table})
        >>> ids, gradients = keras.ops.array([[3, 1, 3]]), keras.ops.array([[[1.0], [5.0], [2.0]]])
        >>> summed = updates.sum_repeated({"t": Lookup(table, ids)}, {"t": gradients})
        >>> updates.apply(summed, rate=0.1, step=1)
        >>> keras.ops.convert_to_numpy(table.value).astype(float).round(3)[:, 0].tolist()
        [0.0, -0.1, 0.0, -0.1, 0.0]
    """

    def __init__(self, rule: RowRule, scale: float = 1.0, **kwargs: Any) -> None:
        super().__init__(trainable=False, **kwargs)
        self.rule = rule
        self.scale = scale

    def make_slots(self, tables: Mapping[str, Any]) -> None:
        """Make the slots; `build` would take the tables for weights of this layer.

        Args:
            tables: lookup name -> the weight [rows, width] that it reads.
        """
        self.built = True
        self.places: dict[str, Any] = {}
        self.slots: dict[str, dict[str, Any]] = {}
        for name, table in tables.items():
            rows, width = table.shape
            key = name.replace("/", "_")
            self.places[name] = self._weight((rows,), "int32", f"{key}_place")
            self.slots[name] = {
                slot: self._weight((rows, numbers), table.dtype, f"{key}_{slot}")
                for slot, numbers in self.rule.slots(width).items()
            }

    def _weight(self, shape: tuple[int, ...], dtype: str, name: str) -> Any:
        return self.add_weight(shape, "zeros", dtype, name=name, trainable=False, autocast=False)

    @property
    def _every_slot(self) -> list[Any]:
        return [slot for slots in self.slots.values() for slot in slots.values()]

    def save_own_variables(self, store: Any) -> None:
        """Keras' hook: the slots, without the places."""
        for index, slot in enumerate(self._every_slot):
            store[str(index)] = slot

    def load_own_variables(self, store: Any) -> None:
        """Keras' hook: see `save_own_variables`."""
        for index, slot in enumerate(self._every_slot):
            slot.assign(store[str(index)])

    def reset(self) -> None:
        """Forget what the slots hold, as when the tables are drawn anew."""
        for slot in self._every_slot:
            slot.assign(ops.zeros_like(slot.value))

    def sum_repeated(
        self, lookups: Mapping[str, Lookup], gradients: Mapping[str, Any]
    ) -> dict[str, tuple[Lookup, Any, Any]]:
        """The gradient of each row that was read, once.

        Where several processes share a batch, each gives what its share read, and all get the
        same: that of the whole batch, the mean of what they compute of it (see `whole_batch`).

        Args:
            lookups: what the step read.
            gradients: float [batch, positions, width], of the rows as they were gathered.

        Returns:
            For each lookup: the table and ids int32 [n], for the places of the batch; float
            [n, width], at one place of each id the sum of its gradients, 0 at its others; and bool
            [n, 1], True at that place.
        """
        summed = {}
        for name, lookup in lookups.items():
            ids = whole_batch(ops.reshape(lookup.ids, (-1,)))
            flat = ops.reshape(gradients[name], (-1, gradients[name].shape[-1]))
            # Every place writes itself at its id; the one that remains stands for the id.
            places = ops.arange(ops.shape(ids)[0], dtype="int32")
            put_rows(self.places[name], ids, places)
            chosen = read_rows(self.places[name], ids)
            ids, total, first = sum_by_place(ids, chosen, flat, own_share(chosen))
            total = mean_over_devices(total)
            summed[name] = (Lookup(lookup.table, ids), total, first)
        return summed

    def apply(self, summed: Mapping[str, tuple[Lookup, Any, Any]], rate: Any, step: Any) -> None:
        """Move the rows.

        Args:
            summed: what `sum_repeated` gave.
            rate: the optimiser's learning rate.
            step: which step this is, the first being 1.
        """
        for name, ((table, ids), gradients, first) in summed.items():
            slots = self.slots[name]
            held = {slot: read_rows(weight, ids) for slot, weight in slots.items()}
            gradients = ops.cast(gradients, table.dtype)
            change, then = self.rule.changes(
                held, gradients, ops.cast(rate, table.dtype) * self.scale, step
            )
            add_rows(table, ids, ops.where(first, change, 0.0))
            for slot, weight in slots.items():
                # A difference needs what was read: XLA copies what it could read after a write.
                add_rows(weight, ids, ops.where(first, then[slot] - held[slot], 0.0))
