"""Impressions a second: what reading gives and what training takes, in length buckets and without.

    python benchmarks/input_speed.py data --spec qb_video
    python benchmarks/input_speed.py --memory data_of_1_million data_of_8_million

Reading is an epoch of shuffled batches by a new reader, with the decoding of its files, on one
thread; handed over, it comes through Keras' own iterator of the backend, as `fit` takes it, with
the thread that reads ahead. Training is some steps of `fit`, after those that compile. They take
turns. Memory is the peak of a process that reads two epochs and trains nothing, less that of one
which has only opened the data.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def read(data: Any, batch_size: int, buckets: bool) -> float:
    """Impressions a second of a reader alone."""
    reader = data.reader("train", batch_size, True, 0, buckets)
    start = time.perf_counter()
    rows = sum(len(batch.users) for batch in reader.batches())
    return rows / (time.perf_counter() - start)


def hand_over(data: Any, batch_size: int, buckets: bool) -> float:
    """Impressions a second as Keras hands them to a step."""
    import keras
    from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

    from infnet_keras.data.prepared.dataset import ImpressionDataset

    dataset = ImpressionDataset(
        data, "train", batch_size, True, fill_last_batch=True, bucket_by_length=buckets
    )
    adapter = PyDatasetAdapter(dataset)
    iterators = {
        "tensorflow": "get_tf_dataset",
        "jax": "get_jax_iterator",
        "torch": "get_torch_dataloader",
    }
    iterator = getattr(adapter, iterators[keras.backend.backend()])()
    adapter.on_epoch_begin()
    start = time.perf_counter()
    steps = sum(1 for _ in iterator)
    seconds = time.perf_counter() - start
    adapter.on_epoch_end()
    return steps * batch_size / seconds


class Training:
    """Steps of `fit`, as `infnet train` takes them.

    Args:
        data: prepared data.
        spec: the spec.
        buckets: whether batches are in buckets.
    """

    def __init__(self, data: Any, spec: Any, buckets: bool) -> None:
        import keras

        from infnet_keras.data.prepared.dataset import ImpressionDataset
        from infnet_keras.models import from_spec

        keras.utils.set_random_seed(0)
        self._batch_size = spec.training.batch_size
        self._model = from_spec(spec, data)
        self.dataset = ImpressionDataset(
            data,
            "train",
            self._batch_size,
            True,
            fill_last_batch=True,
            bucket_by_length=buckets,
        )

    def speed(self, steps: int) -> tuple[float, float]:
        """Impressions a second, and CPU milliseconds a step, the first step left out."""
        import keras

        ends: list[tuple[float, float]] = []

        class Note(keras.callbacks.Callback):  # type: ignore[misc]
            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                ends.append((time.perf_counter(), time.process_time()))

        self._model.fit(
            self.dataset, steps_per_epoch=steps + 1, shuffle=False, verbose=0, callbacks=[Note()]
        )
        wall, processor = (ends[-1][clock] - ends[0][clock] for clock in (0, 1))
        return steps * self._batch_size / wall, processor / steps * 1e3


def shares(dataset: Any, spec: Any) -> tuple[float, float]:
    """Of the steps that full padding has: how many are padded to in buckets, how many are valid."""
    import numpy as np

    buckets, reader = dataset.reader.buckets, dataset.reader
    full = sum(f.length for f in spec.sequence_features)
    rows = np.array(buckets.rows)
    padded = sum(rows @ steps for steps in buckets.steps.values()) / (rows.sum() * full)
    valid, seen = 0, 0
    for index in range(min(10, len(reader))):
        inputs = reader.batch(index).inputs
        ids = [inputs[feature.name] for feature in spec.sequence_features]
        valid += sum(np.count_nonzero(e if e.ndim == 2 else e[..., 0]) for e in ids)
        seen += len(ids[0])
    return float(padded), valid / (seen * full)


def compare(options: argparse.Namespace) -> None:
    """Print reading against training."""
    import keras
    import pyarrow as pa

    from infnet_keras import PreparedData
    from infnet_keras.spec import load_spec

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    data, spec = PreparedData.open(options.data[0]), load_spec(options.spec)
    size = spec.training.batch_size
    backend = keras.backend.backend()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"keras {keras.__version__}, {backend} {version(backend)}, numpy {version('numpy')}, "
        f"pyarrow {version('pyarrow')}, {spec.name}, batches of {size}"
    )
    training = {buckets: Training(data, spec, buckets) for buckets in (False, True)}
    padded, valid = shares(training[True].dataset, spec)
    print(f"of all steps {valid:.3f} are valid; buckets pad to {padded:.3f} of them")
    for buckets, each in training.items():
        start = time.perf_counter()
        each.speed(2)
        seconds = time.perf_counter() - start
        print(f"{_words(buckets)}: {seconds:.1f} s for the first steps, compiled")
    speeds: dict[tuple[str, bool], list[float]] = {}
    processor: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(options.rounds):
        for buckets in (False, True):
            trained, milliseconds = training[buckets].speed(options.steps)
            found = {
                "reading alone": read(data, size, buckets),
                "handed over by Keras": hand_over(data, size, buckets),
                "training": trained,
            }
            for what, speed in found.items():
                speeds.setdefault((what, buckets), []).append(speed)
            processor[buckets].append(milliseconds)
    print("| impressions a second | median | spread | to training |")
    print("|---|---|---|---|")
    for (what, buckets), values in speeds.items():
        print(
            f"| {what}, {_words(buckets)} | {statistics.median(values):,.0f} | "
            f"{min(values):,.0f} .. {max(values):,.0f} | "
            f"{_ratio(values, speeds['training', buckets]):.1f} |"
        )
    print("| a step, CPU ms | median | spread |")
    print("|---|---|---|")
    for buckets, values in processor.items():
        print(
            f"| {_words(buckets)} | {statistics.median(values):,.0f} | "
            f"{min(values):,.0f} .. {max(values):,.0f} |"
        )
    gain = _ratio(speeds["training", True], speeds["training", False])
    saved = _ratio(processor[False], processor[True])
    print(f"buckets: {gain:.2f} times the impressions a second, CPU time / {saved:.2f}")


def _words(buckets: bool) -> str:
    return "in buckets" if buckets else "whole"


def _ratio(values: list[float], others: list[float]) -> float:
    """The median of what each round gives."""
    return statistics.median(one / other for one, other in zip(values, others, strict=True))


def peak(directory: str, epochs: int, buckets: bool) -> None:
    """Print the peak of this process once it has read so many epochs, in bytes."""
    from infnet_keras.data.prepared.prepared_data import PreparedData

    data = PreparedData.open(directory)
    reader = data.reader("train", 1024, True, 0, buckets and epochs > 0)
    for epoch in range(epochs):
        for _ in reader.batches(epoch):
            pass
    unit = 1 if platform.system() == "Darwin" else 1024  # bytes of one ru_maxrss
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def measure_memory(options: argparse.Namespace) -> None:
    """Print what reading adds to a process, for data of several sizes."""
    print("| data | events | shards | plain, MB | in buckets, MB |")
    print("|---|---|---|---|---|")
    for directory in options.data:
        from infnet_keras.data.prepared.manifest import Manifest

        manifest = Manifest.load(Path(directory))
        peaks = []
        for buckets in ([], ["--buckets"]):
            opened, grown = (
                int(
                    subprocess.run(
                        [sys.executable, __file__, directory, "--peak", epochs, *buckets],
                        check=True,
                        text=True,
                        stdout=subprocess.PIPE,
                    ).stdout
                )
                for epochs in ("0", "2")
            )
            peaks.append((grown - opened) / 1e6)
        events = sum(shard.rows for shard in manifest.shards)
        print(
            f"| {Path(directory).name} | {events:,} | {len(manifest.shards)} | "
            f"{peaks[0]:,.0f} | {peaks[1]:,.0f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="+", help="directories of prepared data")
    parser.add_argument("--spec", default="qb_video")
    parser.add_argument("--steps", type=int, default=20, help="of training, in a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--memory", action="store_true", help="measure memory instead")
    parser.add_argument("--peak", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--buckets", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak is not None:
        peak(options.data[0], options.peak, options.buckets)
    elif options.memory:
        measure_memory(options)
    else:
        compare(options)


if __name__ == "__main__":
    main()
