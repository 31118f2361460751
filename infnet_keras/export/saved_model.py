"""Exports a model of any backend as a SavedModel that TF Serving loads."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from infnet_keras.errors import ExportError
from infnet_keras.export.child_process import run_module
from infnet_keras.export.drawn_examples import drawn_examples
from infnet_keras.export.requirements import require_tensorflow
from infnet_keras.export.sample_requests import Columns
from infnet_keras.export.transform_source import TransformSource
from infnet_keras.export.version_directory import write_version
from infnet_keras.features import Assets, RowTransform, read_raw
from infnet_keras.features.raw_examples_file import load_raw_examples
from infnet_keras.progress import Progress

if TYPE_CHECKING:
    from infnet_keras.models import SpecModel

# Keras is imported in the functions: `predict` and the parity check do without a backend.


def export_saved_model(
    model: SpecModel,
    directory: str | Path,
    *,
    version: int | None = None,
    examples: Mapping[str, Any] | None = None,
    keep_examples: bool = True,
    progress: Progress | None = None,
) -> Path:
    """Export a model as version DIR/<integer> of what TF Serving serves.

    The version holds `saved_model.pb` and the weights in float32 (nothing of the optimiser), the
    signatures `serving_default` (serialised tf.Examples), `predict` (named columns) and `rank`
    (requests with many candidates), all of which take raw values; as assets the vocabularies,
    `spec.yaml`, `assets.json` and `served_names.json`; warm-up requests in `assets.extra`.

    Before it gets its name a fresh process loads it and compares every signature with the model on
    the example rows, which warm-up requests are made of, too. Without rows of the log they are
    drawn from vocabularies, boundaries and lengths. A model on JAX or torch is exported by a child
    process under TensorFlow.

    Args:
        model: a model whose `assets` are known: built from prepared data, or loaded from a run.
        directory: the model directory; made if it does not exist.
        version: the version's number; the next free one by default.
        examples: raw rows for parity check and warm-up, as `predict` takes them, such as
            `data.raw_examples`; drawn ones by default. What serving fixes may be left out.
        keep_examples: whether warm-up requests and `example_request.json`, which hold such rows,
            go along.
        progress: says which of the steps is done; None for silence.

    Returns:
        The path of the version.

    Raises:
        ExportError: the model has no assets, the exported model disagrees with it by more than
            1e-5, the version exists, the disk is full, or TensorFlow is not installed. Nothing is
            left.
        DataError: the examples are not what the spec's raw inputs say.

    Example:
        >>> export_saved_model(model, "models/qb_video")
        PosixPath('models/qb_video/1')
    """
    write = _checked_writer(model, examples, None, keep_examples, progress)
    return write_version(Path(directory), version, write)


def write_checked_saved_model(
    model: SpecModel,
    directory: str | Path,
    source: TransformSource,
    examples: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> None:
    """Fill one empty directory with what a version of `export_saved_model` holds.

    The ids are computed by another transform than the one made of the model's assets. As it is
    checked against the assets' own ids on the example rows, the two cannot differ unnoticed.

    Args:
        model: a model whose `assets` are known.
        directory: empty; made if it does not exist. After an error what was written is there still.
        source: the transform.
        examples: raw rows for parity check and warm-up; drawn ones by default.
        progress: as `export_saved_model` takes it.

    Raises:
        ExportError: as `export_saved_model` raises it.
    """
    write = _checked_writer(model, examples, source, True, progress)
    Path(directory).mkdir(parents=True, exist_ok=True)
    write(Path(directory))


def _checked_writer(
    model: SpecModel,
    examples: Mapping[str, Any] | None,
    source: TransformSource | None,
    keep_examples: bool,
    progress: Progress | None,
) -> Callable[[Path], None]:
    """What writes the SavedModel into a directory and holds it to the model."""
    require_tensorflow("tensorflow_serving")
    import keras

    from infnet_keras.export.compute_reference import compute_reference
    from infnet_keras.export.serving_copy import serving_copy

    assets = _assets_of(model)
    transform = RowTransform(model.spec, assets)
    raw = _example_rows(transform, examples, assets)
    progress = progress or Progress()
    with progress.phase("export, 1 of 3: running the model on example rows"):
        copy = serving_copy(model)
        exact = model if model.dtype_policy.name == "float32" else copy
        reference = compute_reference(exact, transform, raw)

    def write(path: Path) -> None:
        with TemporaryDirectory() as scratch:
            file = Path(scratch, "reference.json")
            reference.save(file)
            with progress.phase("export, 2 of 3: writing a SavedModel") as phase:
                at = partial(setattr, phase, "note")
                if keras.backend.backend() == "tensorflow":
                    from infnet_keras.export.write_saved_model import write_saved_model

                    write_saved_model(copy, reference, path, source, at)
                else:
                    saved = Path(scratch, "model.keras")
                    copy.save(saved)
                    run_module("infnet_keras.export", saved, file, path, *(source or ()), at=at)
            with progress.phase("export, 3 of 3: comparing it with the model") as phase:
                at = partial(setattr, phase, "note")
                run_module("infnet_keras.export.parity", path, file, at=at)
        if not keep_examples:
            shutil.rmtree(path / "assets.extra")

    return write


def export_run(
    run: str | Path,
    directory: str | Path,
    *,
    version: int | None = None,
    keep_examples: bool = True,
    progress: Progress | None = None,
) -> Path:
    """Export the best model of a run directory, with the run's example rows if they are there.

    See `export_saved_model`.

    Raises:
        DataError: the run's example rows cannot be used.
        ExportError: the run has no model yet, or as `export_saved_model` raises it.
    """
    import keras

    import infnet_keras.models  # noqa: F401  (registers what a .keras file holds)

    path = Path(run, "model.keras")
    if not path.is_file():
        raise ExportError(f"{run} holds no model.keras: give the directory of a run that trained")
    progress = progress or Progress()
    try:
        with progress.phase(f"loading {path}"):
            model = keras.models.load_model(path, compile=False)
    except (ValueError, TypeError, OSError) as error:
        raise ExportError(f"{path} cannot be loaded: {error}") from error
    return export_saved_model(
        model,
        directory,
        version=version,
        examples=load_raw_examples(Path(run)),
        keep_examples=keep_examples,
        progress=progress,
    )


def _assets_of(model: SpecModel) -> Assets:
    assets: Assets | None = model.assets
    if assets is None:
        raise ExportError(
            "the model has no vocabularies, so raw values have no ids: build it from prepared "
            "data (from_spec(spec, data=...)) or load it from a run"
        )
    for table, rows in assets.table_rows(model.spec).items():
        if rows > model.table_rows[table]:
            raise ExportError(
                f"table {table!r} of the model has {model.table_rows[table]} rows, its vocabulary "
                f"needs {rows}: the assets are of another model"
            )
    return assets


def _example_rows(
    transform: RowTransform, examples: Mapping[str, Any] | None, assets: Assets
) -> Columns:
    if examples is None:
        examples = drawn_examples(transform.spec, assets)
    rows = len(next(iter(examples.values()), ()))
    fixed = {name: value.repeat(rows) for name, value in transform.fixed.items()}
    raw = read_raw(transform.inputs, {**fixed, **examples})
    if len(raw[transform.inputs[0].name]) == 0:
        raise ExportError("the example rows are empty: at least one is needed to check the export")
    return raw
