"""What the tasks of a trained run look at."""

from typing import Any

from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.evaluation import sample_inputs
from infnet_keras.evaluation.attention import average_attention
from infnet_keras.runs.run_files import RunFiles
from infnet_keras.runs.score_run import load_scorer
from infnet_keras.runs.shorter_histories import with_lengths_of

SAMPLE = 4096


def attention_of_run(run: RunFiles, data: PreparedData, sample: int = SAMPLE) -> dict[str, Any]:
    """Average attention of the last block's queries on the test part, as JSON data.

    Args:
        run: a trained run of a model that attends.
        data: prepared data.
        sample: impressions, spread over the part.

    Returns:
        queries, positions ([source, step] each) and weights [queries, positions], as
        `average_attention` gives them.

    Raises:
        ModelError: the model has no attention.
    """
    shorter = with_lengths_of(run.configuration.spec, data)
    found = average_attention(load_scorer(run), sample_inputs(shorter, "test", sample))
    return {
        "queries": found.queries,
        "positions": [list(position) for position in found.positions],
        "weights": found.weights.tolist(),
    }
