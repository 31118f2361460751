"""Exact AUC and gAUC at the end of an epoch, for early stopping and checkpoints."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy.typing as npt

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.errors import DataError
from infnet_keras.evaluation.predict import predict_split
from infnet_keras.evaluation.predict_dataset import predict_dataset
from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.evaluation.task_aucs import task_aucs


class ExactAUC(keras.callbacks.Callback):
    """Predicts a data set when an epoch ends and writes its exact AUC and gAUC into the logs.

    `val_{task}_auc` and `val_{task}_gauc` of each task (of a regression `val_{task}_xauc` and
    `val_{task}_gxauc`), and `val_auc` and `val_gauc`, their means.
    A streaming metric must forget scores and cannot group by user; here the scores and the users of
    the data set are held on the host, 12 bytes and more a row. A figure without a value, such as
    the AUC of a task without positives, is left out.

    Put it before the callbacks that read the logs (`EarlyStopping`, `ModelCheckpoint`), and tell
    those `mode="max"`.

    Args:
        data: prepared data, or others with their methods, of which `split` is read; or batches of
            (inputs, labels), as a `keras.utils.PyDataset`, a list or a `tf.data.Dataset`, which
            can be gone through again and keep their order.
        users: of batches alone: int [rows], the user of each row; or the name of the input that
            holds it.
        tasks: names of the tasks; None takes those of the model's outputs.
        split: of prepared data alone: "train", "valid" or "test".
        batch_size: of prepared data alone: impressions predicted at a time.
        prefix: of the names in the logs.

    Attributes:
        predictions: what was predicted last: labels, scores and users.

    Raises:
        DataError: batches without users, a generator, which is empty after one epoch; when the
            epoch ends: no task has both a positive and a negative label.

    Example:
        >>> watch = ExactAUC(prepared)
        >>> stop = keras.callbacks.EarlyStopping("val_auc", patience=2, mode="max")
        >>> model = infnet_keras.from_spec(prepared.spec, data=prepared, **{"model.dim": 8})
        >>> train = infnet_keras.ImpressionDataset(prepared, "train", batch_size=256)
        >>> history = model.fit(train, epochs=1, callbacks=[watch, stop], verbose=0)
        >>> 0.0 < history.history["val_auc"][0] < 1.0
        True
    """

    def __init__(
        self,
        data: Impressions | Iterable[Any],
        users: npt.ArrayLike | str | None = None,
        tasks: Sequence[str] | None = None,
        split: Split = "valid",
        batch_size: int = 4096,
        prefix: str = "val_",
    ) -> None:
        super().__init__()
        self._impressions = callable(getattr(data, "reader", None))
        if isinstance(data, Iterator):
            raise DataError(
                "ExactAUC goes through its data set after every epoch, and a generator is empty "
                "after the first: give a list, a keras.utils.PyDataset or prepared data"
            )
        if not self._impressions and users is None:
            raise DataError(
                "ExactAUC needs the user of every row for gAUC: give `users`, an array in the data "
                "set's order or the name of the input that holds them"
            )
        self._data: Any = data
        self._users = users
        self._tasks = None if tasks is None else list(tasks)
        self._split: Split = split
        self._batch_size = batch_size
        self._prefix = prefix
        self.predictions: Predictions | None = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Predict, measure, and write into `logs`."""
        measured = self.measure()
        if logs is not None:
            logs |= measured

    def measure(self) -> dict[str, float]:
        """Predict and measure now: name in the logs -> value.

        Raises:
            DataError: no task has both a positive and a negative label.
        """
        sync = getattr(self.model, "jax_state_sync", None)
        if sync is not None:  # under JAX a fit holds the weights, not the model
            sync()
        self.predictions = self._predict()
        measured = task_aucs(self.predictions, self._tasks)
        if measured.mean_auc is None:
            raise DataError(
                "no task has both a positive and a negative label in the data set of ExactAUC, so "
                "there is no AUC; give it more rows"
            )
        found = {f"{task}_auc": value for task, value in measured.auc.items()}
        found |= {f"{task}_gauc": value for task, value in measured.gauc.items()}
        found |= {f"{task}_xauc": value for task, value in measured.xauc.items()}
        found |= {f"{task}_gxauc": value for task, value in measured.gxauc.items()}
        found |= {"auc": measured.mean_auc, "gauc": measured.mean_gauc}
        return {
            f"{self._prefix}{name}": value for name, value in found.items() if value is not None
        }

    def _predict(self) -> Predictions:
        if self._impressions:
            return predict_split(self.model, self._data, self._split, self._batch_size)
        assert self._users is not None
        return predict_dataset(self.model, self._data, self._users, self._tasks)
