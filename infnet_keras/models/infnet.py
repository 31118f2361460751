"""INFNet: the model that a feature spec describes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers import (
    CategoricalTokens,
    EmbeddingTables,
    INFNetBlock,
    SequenceTokens,
    TaskTokens,
    TaskTowers,
    ValuePooling,
)
from infnet_keras.models.multi_task_model import MultiTaskModel
from infnet_keras.spec import FeatureSpec, spec_from_dict

if TYPE_CHECKING:
    from infnet_keras.features.assets import Assets


@keras.saving.register_keras_serializable(package="infnet_keras")
class INFNet(MultiTaskModel):
    """Multi-task recommender: categorical, sequence and task tokens interact through proxies.

    Args:
        spec: the feature spec, or its plain data (as in a saved model's config).
        table_rows: embedding table -> number of rows, padding included.
        **kwargs: of `keras.Model`, such as `name` and `dtype` (a dtype policy).

    Attributes:
        spec: the FeatureSpec.
        assets: the fitted vocabularies and boundaries that the ids come from, or None; saved inside
            the `.keras` file.

    Call:
        inputs: dict of integer ids: field -> [batch] (multi-valued: [batch, max_values]), sequence
            feature -> [batch, length] (multi-valued: [batch, length, max_values]). Id 0 is
            padding; the valid steps of a sequence come first, oldest first.
        return_attention: whether the attention weights are wanted too.
        Returns dict task -> probability float32 [batch]. With `return_attention`, that and dict
        block name -> dict "categorical" | "sequence" -> dict query set -> weights float32 [batch,
        num_heads, rows of the query set, tokens].

    Raises:
        ModelError: a table has no rows, or an input is missing.

    Example:
        >>> model = INFNet(load_spec("minimal.yaml"), {"user_id": 100, "item": 50})
        >>> model.compile("adam")
        >>> model.fit(inputs, labels)

    Reference:
        arXiv 2508.11565.
    """

    def __init__(
        self,
        spec: FeatureSpec | Mapping[str, Any],
        table_rows: Mapping[str, int],
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("name", "infnet")
        spec = spec if isinstance(spec, FeatureSpec) else spec_from_dict(dict(spec))
        super().__init__(
            task_weights={name: task.weight for name, task in spec.tasks.items()},
            weighting=spec.weighting,
            **kwargs,
        )
        self.spec = spec
        self.table_rows = dict(table_rows)
        self.assets: Assets | None = None
        options, policy = spec.model, self.dtype_policy
        self._sequence_features = {f.name: f for f in spec.sequence_features}
        lookups = {name: spec.field_table(name) for name in spec.fields}
        lookups |= {name: feature.table for name, feature in self._sequence_features.items()}
        missing = sorted(set(lookups.values()) - set(table_rows))
        if missing:
            raise ModelError(f"table_rows says nothing of {', '.join(missing)}")
        fitted = [t for t in table_rows if spec.all_tables[t].kind in ("vocabulary", "hash")]
        self.tables = EmbeddingTables(
            rows=self.table_rows,
            dim=spec.dim,
            lookups=lookups,
            dims={table: spec.table_dim(table) for table in table_rows},
            first_value_ids={table: spec.all_tables[table].first_value_id for table in fitted},
            id_dropout=spec.training.id_dropout,
            l2=spec.training.l2,
            dtype=policy,
            name="tables",
        )
        poolings = {n: f.pooling for n, f in spec.fields.items() if f.multivalue is not None}
        poolings |= {
            name: feature.pooling
            for name, feature in self._sequence_features.items()
            if feature.multivalue is not None
        }
        self._pooling = {
            name: ValuePooling(pooling, dtype=policy, name=f"{name}_pooling")
            for name, pooling in poolings.items()
        }
        self.categorical_tokens = CategoricalTokens(
            options.categorical_proxies,
            options.categorical_hidden,
            dtype=policy,
            name="categorical_tokens",
        )
        self.sequence_tokens = None
        if self._sequence_features:
            self.sequence_tokens = SequenceTokens(
                options.sequence_proxies,
                options.sequence_hidden,
                options.sequence_position,
                dtype=policy,
                name="sequence_tokens",
            )
        self.task_tokens = TaskTokens(
            len(spec.tasks), options.shared_task_tokens, spec.dim, dtype=policy, name="task_tokens"
        )
        self.blocks = [
            INFNetBlock(
                **_roles(options.gate_source, options.blocks - 1 - index),
                gate_source=options.gate_source,
                residual=options.residual,
                proxy_norm=options.proxy_norm,
                num_heads=options.num_heads,
                gate_hidden=options.gate_hidden,
                dropout=options.dropout,
                dtype=policy,
                name=f"block_{index}",
            )
            for index in range(options.blocks)
        ]
        self.towers = TaskTowers(options.tower_hidden, options.dropout, dtype=policy, name="towers")

    def build(self, input_shape: Any = None) -> None:
        """Create every weight; the spec says all shapes, so no input is needed."""
        options, dim = self.spec.model, self.spec.dim
        self.tables.build()
        for name, pooling in self._pooling.items():
            pooling.build((None, dim) if name in self.spec.fields else (None, None, dim))
        self.categorical_tokens.build([(None, dim)] * len(self.spec.fields))
        self.task_tokens.build((None,))
        shapes: dict[str, Any] = {
            "categorical": (None, len(self.spec.fields), dim),
            "categorical_proxies": (None, options.categorical_proxies, dim),
            "shared_tasks": (None, options.shared_task_tokens, dim),
            "tasks": (None, len(self.spec.tasks), dim),
        }
        if self.sequence_tokens is not None:
            lengths = [self._sequence_features[names[0]].length for names in self._token_features]
            self.sequence_tokens.build([(None, length, dim) for length in lengths])
            proxies = options.sequence_proxies or len(lengths)
            shapes["sequence"] = (None, sum(lengths), dim)
            shapes["sequence_proxies"] = (None, proxies, dim)
        for block in self.blocks:
            block.build(shapes)
        self.towers.build(shapes["tasks"])

    def call(
        self,
        inputs: Mapping[str, Any],
        training: bool | None = None,
        return_attention: bool = False,
    ) -> Any:
        names = [*self.spec.fields, *self._sequence_features]
        embedded, masks = self._embed(inputs, names, training)
        state = self._categorical_state([embedded[name] for name in self.spec.fields])
        if self.sequence_tokens is not None:
            state |= self._sequence_state(embedded, masks)
        return self._predict(state, return_attention=return_attention)

    def score_candidates(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Score K candidates for each of R requests; a request's history is embedded once.

        The same scores as `call` gives for every (request, candidate) row, as the history's tokens
        do not depend on the candidate.

        Args:
            inputs: dict of integer ids: user and context fields [R], sequence features
                [R, length], item fields [R, K] (multi-valued ones with one more dimension).

        Returns:
            dict task -> probability float32 [R, K].

        Raises:
            ModelError: the spec has no item field, or an input is missing.
        """
        if not self.built:
            self.build()
        fields = self.spec.fields
        items = [name for name, field in fields.items() if field.side == "item"]
        if not items:
            raise ModelError("no field has `side: item`: there are no candidates to tell apart")
        others = [name for name in fields if name not in items]
        embedded, masks = self._embed(inputs, [*others, *self._sequence_features], False)
        requests, candidates = ops.shape(inputs[items[0]])[:2]
        rows = {name: ops.reshape(inputs[name], (-1, *inputs[name].shape[2:])) for name in items}
        of_candidates, _ = self._embed(rows, items, False)

        def repeat(values: Any) -> Any:
            """[R, ...] -> [R * K, ...]"""
            shape = tuple(values.shape[1:])
            values = ops.broadcast_to(ops.expand_dims(values, 1), (requests, candidates, *shape))
            return ops.reshape(values, (-1, *shape))

        state = self._categorical_state(
            [
                of_candidates[name] if name in of_candidates else repeat(embedded[name])
                for name in fields
            ]
        )
        if self.sequence_tokens is not None:
            state |= self._sequence_state(embedded, masks)
            state["sequence_proxies"] = repeat(state["sequence_proxies"])
        outputs = self._predict(state, shared_history=True)
        return {
            task: ops.reshape(values, (requests, candidates)) for task, values in outputs.items()
        }

    @property
    def _token_features(self) -> list[list[str]]:
        """Names of the sequence features that make one token a step, sequence by sequence."""
        if self.spec.tokens == "per_attribute":
            return [[name] for name in self._sequence_features]
        fused: dict[str, list[str]] = {}
        for name, feature in self._sequence_features.items():
            fused.setdefault(feature.sequence, []).append(name)
        return list(fused.values())

    def _embed(
        self, inputs: Mapping[str, Any], names: Iterable[str], training: bool | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Embeddings of the named inputs, [..., dim] after pooling, and masks of the sequences."""
        missing = [name for name in names if name not in inputs]
        if missing:
            raise ModelError(f"no input {', '.join(missing)}; given: {', '.join(inputs) or 'none'}")
        ids = {name: ops.convert_to_tensor(inputs[name], "int32") for name in names}
        embedded = self.tables(ids, training=training)
        for name, pooling in self._pooling.items():
            if name in embedded:
                embedded[name] = pooling(embedded[name], ops.not_equal(ids[name], 0))
        masks = {
            name: ops.not_equal(tensor if len(tensor.shape) == 2 else tensor[..., 0], 0)
            for name, tensor in ids.items()
            if name in self._sequence_features
        }
        return embedded, masks

    def _categorical_state(self, embeddings: list[Any]) -> dict[str, Any]:
        tokens, proxies = self.categorical_tokens(embeddings)
        tasks, shared = self.task_tokens(tokens)
        return {
            "categorical": tokens,
            "categorical_proxies": proxies,
            "shared_tasks": shared,
            "tasks": tasks,
        }

    def _sequence_state(
        self, embedded: Mapping[str, Any], masks: Mapping[str, Any]
    ) -> dict[str, Any]:
        assert self.sequence_tokens is not None
        tokens, mask, proxies = self.sequence_tokens(
            [sum(embedded[name] for name in names) for names in self._token_features],
            [masks[names[0]] for names in self._token_features],
        )
        return {"sequence": tokens, "sequence_mask": mask, "sequence_proxies": proxies}

    def _predict(
        self, state: dict[str, Any], shared_history: bool = False, return_attention: bool = False
    ) -> Any:
        attention = {}
        for block in self.blocks:
            if return_attention:
                state, attention[block.name] = block(state, return_attention=True)
            else:
                state = block(state, shared_history=shared_history)
        probabilities = self.towers(state["tasks"])
        outputs = {task: probabilities[:, index] for index, task in enumerate(self.tasks)}
        return (outputs, attention) if return_attention else outputs

    def save_assets(self, inner_path: str) -> None:
        """Keras' hook: the assets go into the `.keras` file."""
        if self.assets is not None:
            self.assets.save(Path(inner_path))

    def load_assets(self, inner_path: str) -> None:
        """Keras' hook: the assets come back from the `.keras` file."""
        from infnet_keras.features.assets import Assets

        if (Path(inner_path) / "assets.json").exists():
            self.assets = Assets.load(Path(inner_path))

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "spec": self.spec.model_dump(mode="json", exclude_none=True),
            "table_rows": self.table_rows,
        }


def _roles(gate_source: str, blocks_after: int) -> dict[str, bool]:
    """What a block computes, given how many follow: only what reaches the towers."""
    if gate_source == "output":
        return {
            "update_proxies": blocks_after > 0,
            "update_shared": True,
            "gate_tokens": blocks_after > 0,
        }
    # The last block gates by what the one before it received: the new C~ and S~ of that one and
    # the last one's T~ would be read by nobody.
    return {
        "update_proxies": blocks_after > 1,
        "update_shared": blocks_after > 0,
        "gate_tokens": blocks_after > 0,
    }
