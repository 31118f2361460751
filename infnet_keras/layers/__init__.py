"""Keras layers of the models: plain arguments, any backend, explicit masks."""

from infnet_keras.layers.embeddings.embedded import Embedded
from infnet_keras.layers.embeddings.embedded_inputs import EmbeddedInputs
from infnet_keras.layers.embeddings.embedding_tables import EmbeddingTables
from infnet_keras.layers.embeddings.input_feature import InputFeature
from infnet_keras.layers.embeddings.lookup import Lookup, gather
from infnet_keras.layers.embeddings.number_embedding import NumberEmbedding
from infnet_keras.layers.embeddings.value_pooling import ValuePooling
from infnet_keras.layers.histories.gated_recurrence import GatedRecurrence
from infnet_keras.layers.histories.hstu_layer import HSTULayer
from infnet_keras.layers.histories.interest_evolution import InterestEvolution
from infnet_keras.layers.histories.interleaved_histories import InterleavedHistories
from infnet_keras.layers.histories.projected_sum import ProjectedSum
from infnet_keras.layers.histories.target_attention import TargetAttention
from infnet_keras.layers.infnet.aggregate_broadcast_block import AggregateBroadcastBlock
from infnet_keras.layers.infnet.broadcast_gated_unit import BroadcastGatedUnit
from infnet_keras.layers.infnet.categorical_tokens import CategoricalTokens
from infnet_keras.layers.infnet.infnet_block import INFNetBlock
from infnet_keras.layers.infnet.proxy_cross_attention import ProxyCrossAttention
from infnet_keras.layers.infnet.proxy_gated_unit import ProxyGatedUnit
from infnet_keras.layers.infnet.sequence_tokens import SequenceTokens
from infnet_keras.layers.infnet.task_tokens import TaskTokens
from infnet_keras.layers.interactions.factorization_machine import FactorizationMachine
from infnet_keras.layers.interactions.gated_cross import GatedCross
from infnet_keras.layers.interactions.low_rank_cross import LowRankCross
from infnet_keras.layers.interactions.wukong_layer import WuKongLayer
from infnet_keras.layers.multi_task.customized_gate_control import CustomizedGateControl
from infnet_keras.layers.multi_task.experts import Experts
from infnet_keras.layers.multi_task.information_transfer import InformationTransfer
from infnet_keras.layers.multi_task.softmax_gates import SoftmaxGates
from infnet_keras.layers.multilayer_perceptron import MultilayerPerceptron
from infnet_keras.layers.task_towers import TaskTowers
from infnet_keras.layers.token_normalization import TokenNormalization
from infnet_keras.spec.lookup_group import LookupGroup

__all__ = [
    "AggregateBroadcastBlock",
    "BroadcastGatedUnit",
    "CategoricalTokens",
    "CustomizedGateControl",
    "Embedded",
    "EmbeddedInputs",
    "EmbeddingTables",
    "Experts",
    "FactorizationMachine",
    "GatedCross",
    "GatedRecurrence",
    "HSTULayer",
    "INFNetBlock",
    "InformationTransfer",
    "InputFeature",
    "InterestEvolution",
    "InterleavedHistories",
    "Lookup",
    "LookupGroup",
    "LowRankCross",
    "MultilayerPerceptron",
    "NumberEmbedding",
    "ProjectedSum",
    "ProxyCrossAttention",
    "ProxyGatedUnit",
    "SequenceTokens",
    "SoftmaxGates",
    "TargetAttention",
    "TaskTokens",
    "TaskTowers",
    "TokenNormalization",
    "ValuePooling",
    "WuKongLayer",
    "gather",
]
