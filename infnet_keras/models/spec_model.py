"""What every model that a feature spec describes has in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from keras import ops

from infnet_keras.devices.whole_model import whole_model
from infnet_keras.errors import ModelError
from infnet_keras.layers import Embedded, EmbeddedInputs, InputFeature, TaskTowers
from infnet_keras.layers.embeddings.buckets import by_bucket
from infnet_keras.layers.embeddings.table_vectors import TableVectors
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.models.row_wise.row_wise_model import RowWiseModel
from infnet_keras.row_updates import ROW_RULES, RowUpdates
from infnet_keras.spec import FeatureSpec, spec_from_dict
from infnet_keras.spec.models import ModelOptions
from infnet_keras.spec.numeric import Numeric

if TYPE_CHECKING:
    from infnet_keras.features.assets import Assets

Options = TypeVar("Options", bound=ModelOptions)

FORMAT = 2
"""Of what a `.keras` file holds; files of infnet-keras 0.1 name none."""


class SpecModel(RowWiseModel):
    """A model of a feature spec: inputs, tables, towers, assets, configuration, candidates.

    A model is a subclass with `build_layers` and `represent`. What it may say besides:
    `auxiliary_losses` and `auxiliary_weights`; a faster `score_candidates`; `attends` and
    `token_weights`; `named_axes`, where its weights hold a part for each field, sequence or task.
    Its options say which sets of tables it wants: `lookup_groups`.

    Args:
        spec: the feature spec, or its plain data (as in a saved model's config).
        table_rows: embedding table -> number of rows, padding included.
        **kwargs: of `keras.Model`, such as `name` and `dtype` (a dtype policy).

    Attributes:
        spec: the FeatureSpec.
        embedded_inputs: the layer that owns every embedding table.
        assets: the fitted vocabularies and boundaries that the ids come from, or None; saved inside
            the `.keras` file.

    Call:
        inputs: dict of integer ids: field -> [batch] (multi-valued: [batch, max_values]), sequence
            feature -> [batch, length] (multi-valued: [batch, length, max_values]); a numeric field
            is float [batch], NaN where it is missing. Id 0 is padding; the valid steps of a
            sequence come first, oldest first. No weight depends on `length`, which may be shorter
            than the spec's; sequence features may also be in buckets of a length each, as
            `EmbeddedInputs` takes them. The answers are the same.
        rows: gathered rows of the tables, under the names of `embedded_inputs.lookups(inputs)`;
            None gathers them here.
        Returns dict task -> float32 [batch], the probability of a binary task, a regression's
        number in the label's own unit.

    Raises:
        ModelError: a table has no rows, or an input is missing.
    """

    def __init__(
        self, spec: FeatureSpec | Mapping[str, Any], table_rows: Mapping[str, int], **kwargs: Any
    ) -> None:
        spec = spec if isinstance(spec, FeatureSpec) else spec_from_dict(dict(spec))
        kwargs.setdefault("name", spec.model.type)
        super().__init__(
            task_weights={name: task.loss_weight for name, task in spec.tasks.items()},
            weighting=spec.weighting,
            task_kinds={name: task.kind for name, task in spec.tasks.items()},
            loss_options={name: task.loss_options for name, task in spec.tasks.items()},
            # A weight of 3 counts as three rows: no task gains on another because a sample keeps
            # fewer of its negatives.
            loss_reduction="mean_with_sample_weight" if spec.weighs else "sum_over_batch_size",
            **kwargs,
        )
        self.spec = spec
        self.cuda_graph = spec.training.cuda_graph
        self.table_rows = dict(table_rows)
        self.assets: Assets | None = None
        missing = sorted(set(_tables_read(spec)) - set(table_rows))
        if missing:
            raise ModelError(f"table_rows says nothing of {', '.join(missing)}")
        fitted = [t for t in table_rows if spec.all_tables[t].kind in ("vocabulary", "hash")]
        self.embedded_inputs = EmbeddedInputs(
            input_features(spec),
            self.table_rows,
            spec.dim,
            groups=spec.model.lookup_groups(spec),
            dims={table: spec.table_dim(table) for table in table_rows},
            first_value_ids={table: spec.all_tables[table].first_value_id for table in fitted},
            id_dropout=spec.training.id_dropout,
            l2=spec.training.l2,
            row_wise=spec.training.tables.optimizer != "dense",
            vectors={
                table: TableVectors(vectors.width, vectors.trained, vectors.only)
                for table, vectors in spec.vectors.items()
            },
            dtype=self.dtype_policy,
            name="embedded_inputs",
        )

    @property
    def attends(self) -> bool:
        """Whether the tasks attend to tokens, so that `token_weights` gives something."""
        return False

    @property
    def reads_buckets(self) -> bool:
        """Whether `represent` takes sequences in buckets; else it is called for each bucket."""
        return False

    @abstractmethod
    def build_layers(self) -> int:
        """Create and build the layers between embeddings and towers; the width of a tower's input.

        The spec says all shapes.
        """

    @abstractmethod
    def represent(self, embedded: dict[str, Embedded], training: bool) -> Any:
        """What each tower reads: float [batch, tasks, width].

        Args:
            embedded: lookup group -> embeddings of the inputs.
            training: whether this is a step of training.
        """

    def options(self, of: type[Options]) -> Options:
        """The model's options, which are of this class.

        Raises:
            ModelError: the spec describes another model.
        """
        if not isinstance(self.spec.model, of):
            raise ModelError(
                f"the spec describes a model of type {self.spec.model.type}, not "
                f"{type(self).__name__}: change `model.type`, or call from_spec, which reads it"
            )
        return self.spec.model

    def auxiliary_losses(
        self, embedded: dict[str, Embedded], answers: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Losses besides the tasks', of a training step: name -> scalar, see `MultiTaskModel`.

        A process that trains with others sees its share of the batch here, and a loss is of all of
        it: what a mean reads of the examples goes through `whole_batch`.

        Args:
            embedded: as `represent` takes it.
            answers: what the step says: task -> float [batch].
        """
        return {}

    def token_weights(self, inputs: Mapping[str, Any], block: int = -1) -> Any:
        """Attention of the tasks over the tokens; None where the model has none.

        Args:
            inputs: as `call` takes them.
            block: index of a block of attention, the last one by default.

        Returns:
            float32 [batch, queries, tokens], the tasks' queries first, or None; the tokens are
            those of `spec.model.positions(spec)`.
        """
        return None

    def named_axes(self) -> list[NamedAxis]:
        """The axes of weights that hold a part for each task, field or sequence.

        A warm start finds the parts by name, where a spec has more, fewer or others in another
        order. Tables are not among them: `embedded_inputs` says where their rows are.
        """
        towers = (*self.towers.kernels, *self.towers.biases)
        axes = [NamedAxis(weight, 0, self.tasks) for weight in towers]
        if self.task_uncertainty is not None:
            uncertainty = self.task_uncertainty
            axes.append(NamedAxis(uncertainty.log_variances, 0, uncertainty.tasks))
        return axes

    def build(self, input_shape: Any = None) -> None:
        """Create every weight; the spec says all shapes, so no input is needed."""
        options = self.spec.model
        self.embedded_inputs.build()
        self._build_row_updates()
        width = self.build_layers()
        self.towers = TaskTowers(
            options.tower_hidden,
            options.dropout,
            list(self.task_kinds.values()),
            [task.answer_scale for task in self.spec.tasks.values()],
            dtype=self.dtype_policy,
            name="towers",
        )
        self.towers.build((None, len(self.tasks), width))

    def _build_row_updates(self) -> None:
        training = self.spec.training
        rule = ROW_RULES.get(training.tables.optimizer)
        if rule is not None:
            rate = training.tables.learning_rate or training.learning_rate
            self.row_updates = RowUpdates(
                rule(), rate / training.learning_rate, name="row_updates", dtype=self.dtype_policy
            )
            self.row_updates.make_slots(self.embedded_inputs.weights_read)

    def call(
        self,
        inputs: Mapping[str, Any],
        training: bool | None = None,
        rows: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        embedded = self.embed(inputs, training=training, rows=rows)
        answers = self.answers(self._represent_buckets(embedded, bool(training)))
        if training and self.auxiliary_weights:
            padded = {name: each.padded() for name, each in embedded.items()}
            self.add_auxiliary_losses(self.auxiliary_losses(padded, answers))
        return answers

    def _represent_buckets(self, embedded: dict[str, Embedded], training: bool) -> Any:
        if self.reads_buckets:
            return self.represent(embedded, training)
        groups = [each.in_buckets() for each in embedded.values()]
        return by_bucket(
            lambda *bucket: self.represent(dict(zip(embedded, bucket, strict=True)), training),
            *groups,
        )

    def embed(
        self,
        inputs: Mapping[str, Any],
        names: list[str] | None = None,
        training: bool | None = None,
        rows: Mapping[str, Any] | None = None,
    ) -> dict[str, Embedded]:
        """Embeddings of some inputs, by default of all; other inputs are left alone."""
        found: dict[str, Embedded] = self.embedded_inputs(
            self.inputs_of(inputs, names), rows=rows, training=training
        )
        return found

    def inputs_of(
        self, inputs: Mapping[str, Any], names: list[str] | None = None
    ) -> dict[str, Any]:
        """Some inputs of a batch, by default all that the model has.

        Raises:
            ModelError: one is missing.
        """
        names = self.input_names if names is None else names
        missing = [name for name in names if name not in inputs]
        if missing:
            raise ModelError(f"no input {', '.join(missing)}; given: {', '.join(inputs) or 'none'}")
        return {name: inputs[name] for name in names}

    def embed_candidates(
        self, inputs: Mapping[str, Any]
    ) -> tuple[dict[str, Embedded], dict[str, Embedded]]:
        """Embeddings of what R requests have, and of their candidates' item fields [R * K, dim]."""
        items = self.item_names
        others = [name for name in self.input_names if name not in items]
        flat = {n: ops.reshape(inputs[n], (-1, *inputs[n].shape[2:])) for n in items}
        return self.embed(inputs, others, False), self.embed(flat, items, False)

    def for_every_task(self, shared: Any) -> Any:
        """What all towers read alike: [batch, width] -> [batch, tasks, width]."""
        return ops.repeat(ops.expand_dims(shared, 1), len(self.tasks), axis=1)

    def answers(self, tasks: Any) -> dict[str, Any]:
        """What the towers say of [batch, tasks, width]: task -> [batch]."""
        values = self.towers(tasks)
        return {task: values[:, index] for index, task in enumerate(self.tasks)}

    def score_candidates(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Score K candidates for each of R requests: the same scores as `call` gives row by row.

        Args:
            inputs: dict of integer ids: user and context fields [R], sequence features
                [R, length], item fields [R, K] (multi-valued ones with one more dimension).

        Returns:
            dict task -> answer float32 [R, K], as `call` gives it.

        Raises:
            ModelError: the spec has no item field, or an input is missing.
        """
        requests, candidates = self.candidate_shape(inputs)
        items = self.item_names
        flat = {
            name: ops.reshape(values, (-1, *values.shape[2:]))
            if name in items
            else repeat(values, requests, candidates)
            for name, values in ((n, ops.convert_to_tensor(inputs[n])) for n in self.input_names)
        }
        return {
            task: ops.reshape(values, (requests, candidates))
            for task, values in self(flat, training=False).items()
        }

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs, fields first."""
        return [*self.spec.fields, *(f.name for f in self.spec.sequence_features)]

    @property
    def item_names(self) -> list[str]:
        """Names of the fields that differ from candidate to candidate."""
        return [name for name, field in self.spec.fields.items() if field.side == "item"]

    def candidate_shape(self, inputs: Mapping[str, Any]) -> tuple[Any, Any]:
        """How many requests there are, and candidates of each; builds the model if need be."""
        if not self.built:
            self.build()
        if not self.item_names:
            raise ModelError("no field has `side: item`: there are no candidates to tell apart")
        missing = [name for name in self.input_names if name not in inputs]
        if missing:
            raise ModelError(f"no input {', '.join(missing)}; given: {', '.join(inputs) or 'none'}")
        requests, candidates = ops.shape(inputs[self.item_names[0]])[:2]
        return requests, candidates

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> None:
        """As `keras.Model.save`; of a model on several devices of JAX, what one device would save.

        So the file knows nothing of the devices: any number of them continues from it.
        """
        whole = whole_model(self)
        super(SpecModel, whole).save(filepath, *args, **kwargs)

    def save_assets(self, inner_path: str) -> None:
        """Keras' hook: the assets go into the `.keras` file."""
        if self.assets is not None:
            self.assets.save(Path(inner_path))

    def load_assets(self, inner_path: str) -> None:
        """Keras' hook: the assets come back from the `.keras` file."""
        from infnet_keras.features.assets import Assets

        if (Path(inner_path) / "assets.json").exists():
            self.assets = Assets.load(Path(inner_path))

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> SpecModel:
        """The model of a config, such as a `.keras` file holds.

        Raises:
            ModelError: another version of infnet-keras wrote it.
        """
        written = config.get("format")
        if written != FORMAT:
            writer = "infnet-keras 0.1" if written is None else f"a version with format {written}"
            raise ModelError(
                f"this {cls.__name__} was written by {writer}; this version reads format {FORMAT} "
                "alone, as the weights are others: train again, or load it with the version that "
                "wrote it"
            )
        known = {key: value for key, value in config.items() if key != "format"}
        model: SpecModel = super().from_config(known, custom_objects)
        return model

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "format": FORMAT,
            "spec": self.spec.model_dump(mode="json", exclude_none=True),
            "table_rows": self.table_rows,
        }


def input_features(spec: FeatureSpec) -> list[InputFeature]:
    """The inputs of a spec's model: fields, then sequence features."""
    fields = [
        InputFeature(
            name,
            spec.field_table(name),
            max_values=None if field.multivalue is None else field.max_values,
            pooling=field.pooling,
        )
        if field.numeric is None
        else _number(name, field.numeric)
        for name, field in spec.fields.items()
    ]
    sequences = [
        InputFeature(f.name, f.table, f.length, f.max_values if f.multivalue else None, f.pooling)
        for f in spec.sequence_features
    ]
    return fields + sequences


def _number(name: str, numeric: Numeric) -> InputFeature:
    if numeric.embedding == "linear":
        return InputFeature(name, None)
    return InputFeature(
        name, None, frequencies=numeric.frequencies, frequency_scale=numeric.frequency_scale
    )


def repeat(values: Any, requests: Any, candidates: Any) -> Any:
    """[R, ...] -> [R * K, ...]: each request's row once for each of its candidates."""
    shape = tuple(values.shape[1:])
    values = ops.broadcast_to(ops.expand_dims(values, 1), (requests, candidates, *shape))
    return ops.reshape(values, (-1, *shape))


def _tables_read(spec: FeatureSpec) -> list[str]:
    return [spec.field_table(name) for name in spec.id_fields] + [
        feature.table for feature in spec.sequence_features
    ]
