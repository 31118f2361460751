"""Labels that are no plain 0 and 1."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from small_logs import CLICKED, ROWS, Content, Prepare, columns_of_log, csv_text, spec_of_log


def with_task(spec: Content, **task: Any) -> Content:
    spec["tasks"]["other"] = task
    return spec


def test_minus_one_is_no_label_and_a_mask_comes_first(prepare: Prepare) -> None:
    """Case 10: -1 is declared missing, or stands where the mask does not let a row count."""
    bought = [(n % 2 if CLICKED[n] else -1) for n in range(ROWS)]
    expected = [None if value < 0 else float(value) for value in bought]
    declared = prepare(with_task(spec_of_log(), label="bought", missing=-1), bought=bought)
    assert declared.labels("other") == expected
    masked = prepare(with_task(spec_of_log(), label="bought", mask="clicked == 1"), bought=bought)
    assert masked.labels("other") == expected
    refused = prepare(with_task(spec_of_log(), label="bought"), bought=bought)
    assert refused.code == 2
    assert "label 'bought' holds -1" in refused.said
    assert "say `missing: -1`" in refused.said


def test_a_label_from_a_threshold(prepare: Prepare) -> None:
    """Case 11: a share of a video that was watched, of which 1 and more is a positive."""
    ratios = [0.0, 0.5, 1.0, 1.25, 0.999]
    found = prepare(with_task(spec_of_log(), label="watched >= 1"), watched=ratios)
    assert found.labels("other") == columns_of_log(watched=[0, 0, 1, 1, 0])["watched"]
    refused = prepare(with_task(spec_of_log(), label="watched"), watched=ratios)
    assert refused.code == 2
    assert "label 'watched' holds 0.5" in refused.said
    assert "as in `label: watched >= 0.5`" in refused.said


def test_what_is_said_of_a_wrong_label_can_be_copied(prepare: Prepare) -> None:
    """Cases 09 and 11: also of a column whose name stands in backticks."""
    columns = columns_of_log()
    columns["stars:float"] = [float(n % 5) for n in range(ROWS)]
    files = {"log.csv": csv_text(columns)}
    refused = prepare(with_task(spec_of_log(), label="stars:float"), files)
    assert refused.code == 2
    advice = refused.said.split("as in `")[1].split("` (row")[0]
    assert advice == 'label: "`stars:float` == 2.0"'
    found = prepare(with_task(spec_of_log(), **yaml.safe_load(advice)), files)
    assert found.labels("other") == [float(n % 5 == 2) for n in range(ROWS)]


def test_a_label_from_an_event_type(prepare: Prepare) -> None:
    """Case 12: one kind of the events of a log is the label."""
    kinds = ["pv", "buy", "cart", "fav", "buy"]
    found = prepare(with_task(spec_of_log(), label='kind == "buy"'), kind=kinds)
    assert found.labels("other") == columns_of_log(kind=[0, 1, 0, 0, 1])["kind"]
    refused = prepare(with_task(spec_of_log(), label="kind"), kind=kinds)
    assert refused.code == 2
    assert "`label: kind == 'pv'`" in refused.said


TRUTHS = [bool(clicked) for clicked in CLICKED]


@pytest.mark.parametrize("spelling", [str, str.upper, str.lower], ids=["True", "TRUE", "true"])
@pytest.mark.parametrize("declared", [None, "int64", "float32", "string"])
def test_true_and_false_in_text(prepare: Prepare, spelling: Any, declared: str | None) -> None:
    """Case 13: whatever type the column is declared to have."""
    spec = spec_of_log(**({} if declared is None else {"types": {"clicked": declared}}))
    spec["sequences"]["click"]["when"] = "clicked == true"
    found = prepare(spec, clicked=[spelling(str(truth)) for truth in TRUTHS])
    assert found.labels() == CLICKED


@pytest.mark.parametrize(
    "values",
    [
        pa.array(TRUTHS),
        pa.array([str(clicked) for clicked in CLICKED]),
        pa.array(CLICKED, pa.uint8()),
        pa.array(np.array(CLICKED, np.float32)),
    ],
    ids=["bool", "text", "uint8", "float"],
)
@pytest.mark.parametrize("declared", [None, "int64", "float32", "string"])
def test_labels_of_parquet(prepare: Prepare, values: pa.Array, declared: str | None) -> None:
    """Case 13: booleans, texts '0' and '1' and numbers of a file that stores types."""
    source = {} if declared is None else {"types": {"clicked": declared}}
    spec = spec_of_log("log.parquet", **source)
    spec["sequences"]["click"]["when"] = "clicked == true"
    found = prepare(spec, {"log.parquet": {**columns_of_log(), "clicked": values}})
    assert found.labels() == CLICKED


def test_a_condition_reads_what_a_declared_boolean_became(prepare: Prepare) -> None:
    """Case 13: declared int64, true is 1 in histories too; text that is neither is refused."""
    spec = spec_of_log(types={"clicked": "int64"})
    files = {"log.csv": csv_text(columns_of_log(clicked=TRUTHS))}
    assert prepare(spec, files).column("click__item")[ROWS - 1]
    refused = prepare(spec, clicked=["True", "no"])
    assert refused.code == 2
    assert "holds 'no', which is not int64, in row 2" in refused.said
