"""INFNet: categorical, sequence and task tokens that interact through proxies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from infnet_keras.layers import (
    AggregateBroadcastBlock,
    CategoricalTokens,
    Embedded,
    SequenceTokens,
    TaskTokens,
)
from infnet_keras.layers.embeddings.buckets import is_bucketed
from infnet_keras.layers.infnet.one_gradient import gradient_slots
from infnet_keras.models.block_options import infnet_block
from infnet_keras.models.mean_of_gated import mean_of_gated
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.models.spec_model import SpecModel, repeat
from infnet_keras.models.token_attention import aligned_weights
from infnet_keras.spec.models import INFNetOptions
from infnet_keras.spec.token_positions import token_sequences


@keras.saving.register_keras_serializable(package="infnet_keras")
class INFNet(SpecModel):
    """Multi-task recommender: three kinds of tokens interact through a few proxies of each kind.

    Args, attributes, inputs and errors are those of `SpecModel`; the options those of
    `INFNetOptions`.

    Call:
        return_blocks: whether what the blocks did is wanted too.
        Returns dict task -> probability float32 [batch]. With `return_blocks`, that and a list
        with a dict for each block: "tasks" T_i and "categorical_proxies" C~ as they leave it,
        float [batch, rows, dim], and "attention", dict "categorical" | "sequence" -> dict query
        set -> weights float32 [batch, num_heads, rows of the query set, tokens].

    Example:
        >>> model = INFNet(load_spec("minimal"), from_spec("minimal").table_rows)
        >>> model.compile("adam")

    Reference:
        arXiv 2508.11565. What the formulas leave open, and the ablations of its table 3, are
        options; `variant: paper` is the formulas as they are printed, `variant: v2` has the blocks
        of the paper's version 2, see `AggregateBroadcastBlock`. `entry_norm`,
        `output_gate`, `attention: silu` and `towers_read: tasks_and_proxies` are ours, and are
        exact in the backbone that never projects a token.
    """

    def build_layers(self) -> int:
        spec, options, dim = self.spec, self.options(INFNetOptions), self.spec.dim
        gates = options.without != "gates"
        self.rewrites = options.variant == "v2"
        self.one_gradient = options.attention == "softmax" and not self.rewrites
        self.reads_proxies = options.towers_read == "tasks_and_proxies"
        self.token_inputs = token_sequences(spec, options.tokens == "fused")
        sequences = [(None, each.length, dim) for each in self.token_inputs]
        # Without gates no proxy reaches a task: those that nothing reads are not made.
        self.categorical_tokens = CategoricalTokens(
            options.categorical_proxies if gates or self.reads_proxies else 0,
            options.categorical_hidden,
            options.entry_norm == "layer",
            dtype=self.dtype_policy,
            name="categorical_tokens",
        )
        self.categorical_tokens.build([(None, dim)] * len(spec.fields))
        self.sequence_tokens = None
        if sequences:
            self.sequence_tokens = SequenceTokens(
                options.sequence_proxies if gates else 0,
                options.sequence_hidden,
                options.sequence_position,
                options.entry_norm == "layer",
                dtype=self.dtype_policy,
                name="sequence_tokens",
            )
            self.sequence_tokens.build(sequences)
        self.task_tokens = TaskTokens(
            len(spec.tasks),
            options.shared_task_tokens if gates else 0,
            dim,
            options.task_scale,
            options.without == "task_tokens",
            dtype=self.dtype_policy,
            name="task_tokens",
        )
        self.task_tokens.build((None,))
        shapes: dict[str, Any] = {
            "categorical": (None, len(spec.fields), dim),
            "categorical_proxies": (None, options.categorical_proxies, dim),
            "shared_tasks": (None, options.shared_task_tokens, dim),
            "tasks": (None, len(spec.tasks), dim),
        }
        if sequences:
            shapes["sequence"] = (None, sum(each.length for each in self.token_inputs), dim)
            shapes["sequence_proxies"] = (None, options.sequence_proxies or len(sequences), dim)
        self.blocks = []
        for index in range(options.blocks):
            block = self.make_block(index)
            block.build(shapes)
            self.blocks.append(block)
        return dim

    def make_block(self, index: int) -> Any:
        """The block at an index, as the options describe it."""
        options = self.options(INFNetOptions)
        return infnet_block(options, index, dtype=self.dtype_policy, name=f"block_{index}")

    def named_axes(self) -> list[NamedAxis]:
        axes = super().named_axes()
        if not self.task_tokens.one_vector:
            axes.append(NamedAxis(self.task_tokens.tasks, 0, self.tasks))
        if self.categorical_tokens.num_proxies:
            kernel = self.categorical_tokens.perceptron.dense_layers[0].kernel
            axes.append(NamedAxis(kernel, 0, list(self.spec.fields)))
        for block in self.blocks:
            for kind, attention in block.attentions.items():
                axes += [
                    NamedAxis(kernels, 0, block.queries[kind]) for kernels in attention.weights
                ]
            if isinstance(block, AggregateBroadcastBlock):
                fusions = block.fusions.values()
                axes += [NamedAxis(fusion.kernel, 0, block.views) for fusion in fusions]
        if self.sequence_tokens is not None:
            axes += self._axes_of_sequences(self.sequence_tokens)
        return axes

    def _axes_of_sequences(self, tokens: SequenceTokens) -> list[NamedAxis]:
        sources = [each.source for each in self.token_inputs]
        axes = []
        if tokens.position:
            steps = [str(step) for step in range(tokens.positions.shape[0])]
            axes.append(NamedAxis(tokens.positions, 0, steps))
        if tokens.num_proxies:
            axes.append(NamedAxis(tokens.mixing, 1, sources))
        elif tokens.num_proxies is None:  # a proxy of each sequence, and the gates read them all
            gates = [block.gates["sequence"] for block in self.blocks if "sequence" in block.gates]
            kernels = [gate.perceptron.dense_layers[0].kernel for gate in gates]
            axes += [NamedAxis(kernel, 0, sources) for kernel in kernels]
        return axes

    def call(
        self,
        inputs: Mapping[str, Any],
        training: bool | None = None,
        rows: Mapping[str, Any] | None = None,
        return_blocks: bool = False,
    ) -> Any:
        if not return_blocks:
            return super().call(inputs, training=training, rows=rows)
        seen: list[dict[str, Any]] = []
        embedded = self.embed(inputs, training=training, rows=rows)["embeddings"]
        return self.answers(self.flow(self._state(embedded), seen=seen)), seen

    def represent(self, embedded: dict[str, Embedded], training: bool) -> Any:
        state = self._state(embedded["embeddings"])
        return self.flow(state, slots=self.slots_of(state) if training else None)

    def score_candidates(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """As `SpecModel.score_candidates`; a request's history is embedded and read once."""
        requests, candidates = self.candidate_shape(inputs)
        of_request, of_candidate = (e["embeddings"] for e in self.embed_candidates(inputs))
        fields = {n: repeat(v, requests, candidates) for n, v in of_request.fields.items()}
        state = self._categorical_state({**fields, **of_candidate.fields})
        if self.sequence_tokens is not None:
            state |= self._sequence_state(of_request)
            if "sequence_proxies" in state:
                name = "sequence_proxies"
                state[name] = repeat(state[name], requests, candidates)
        outputs = self.answers(self.flow(state, shared=(requests, candidates)))
        return {task: ops.reshape(v, (requests, candidates)) for task, v in outputs.items()}

    @property
    def attends(self) -> bool:
        return self.options(INFNetOptions).without != "attention"

    def token_weights(self, inputs: Mapping[str, Any], block: int = -1) -> Any:
        if not self.attends:
            return None
        _, blocks = self(inputs, training=False, return_blocks=True)
        return aligned_weights(blocks[block]["attention"], inputs, self.token_inputs)

    def _state(self, embedded: Embedded) -> dict[str, Any]:
        state = self._categorical_state(embedded.fields)
        if self.sequence_tokens is not None:
            state |= self._sequence_state(embedded)
        return state

    def _categorical_state(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        tokens, proxies = self.categorical_tokens([fields[name] for name in self.spec.fields])
        tasks, shared = self.task_tokens(tokens)
        state = {"categorical": tokens, "categorical_proxies": proxies}
        state |= {"shared_tasks": shared, "tasks": tasks}
        return {name: value for name, value in state.items() if value is not None}

    def _sequence_state(self, embedded: Embedded) -> dict[str, Any]:
        assert self.sequence_tokens is not None
        found = [
            self.sequence_tokens(
                [sum(bucket.sequences[name] for name in each.inputs) for each in self.token_inputs],
                [bucket.masks[each.inputs[0]] for each in self.token_inputs],
            )
            for bucket in embedded.in_buckets()
        ]
        tokens, mask, proxies = found[0] if len(found) == 1 else zip(*found, strict=True)
        if len(found) > 1:
            proxies = None if proxies[0] is None else ops.concatenate(proxies, axis=0)
        state = {"sequence": tokens, "sequence_mask": mask, "sequence_proxies": proxies}
        return {name: value for name, value in state.items() if value is not None}

    @property
    def reads_buckets(self) -> bool:
        return True

    def slots_of(self, state: Mapping[str, Any]) -> list[dict[str, Any]]:
        """For each block, where the gradients of C and S go: each is formed once for all blocks."""
        slots: list[dict[str, Any]] = [{} for _ in self.blocks]
        for kind in ("categorical", "sequence") if self.one_gradient else ():
            reading = [i for i, b in enumerate(self.blocks) if b.rows_of_queries.get(kind)]
            rows = [self.blocks[index].rows_of_queries[kind] for index in reading]
            if not rows:
                continue
            tokens = state[kind]
            mask: Any = state["sequence_mask"] if kind == "sequence" else None
            if is_bucketed(tokens):
                of_buckets = map(gradient_slots, tokens, mask, [rows] * len(tokens))
                made: list[Any] = [list(of_block) for of_block in zip(*of_buckets, strict=True)]
            else:
                made = gradient_slots(tokens, mask, rows)
            for index, slot in zip(reading, made, strict=True):
                slots[index][kind] = slot
        return slots

    def flow(
        self,
        state: dict[str, Any],
        shared: tuple[Any, Any] | None = None,
        seen: list[dict[str, Any]] | None = None,
        slots: list[dict[str, Any]] | None = None,
    ) -> Any:
        """What the towers read, once every block has run; `seen` takes what each block did.

        With `shared` (R, K) the sequence tokens are of R requests, all else of R * K candidates.
        """
        first_proxies: Any = state.get("categorical_proxies")
        for index, block in enumerate(self.blocks):
            if seen is None:
                # Once rewritten, the history is of each candidate.
                arguments: dict[str, Any] = {"shared_history": shared is not None}
                if self.rewrites:
                    arguments["shared_history"] &= index == 0
                elif slots:
                    arguments["slots"] = slots[index]
                state = block(state, **arguments)
            else:
                state, attention = block(state, return_attention=True)
                seen.append({**{n: state[n] for n in _SEEN if n in state}, "attention": attention})
        tasks = state["tasks"]
        if not self.attends:
            tasks = tasks + ops.cast(mean_of_gated(state, shared), self.compute_dtype)
        if self.reads_proxies:
            # A sum, as `ops.mean` falls to float32 on JAX.
            total = ops.sum(first_proxies, axis=1, keepdims=True)
            tasks = tasks + total / first_proxies.shape[1]
        return tasks


_SEEN = ("tasks", "categorical_proxies")
