"""What the grammar says of tasks whose label is a number."""

import pytest

from infnet_keras.errors import SpecError
from infnet_keras.spec import dump_spec, load_spec, parse_spec
from infnet_keras.spec.summary import summarize
from infnet_keras.spec.tasks import Task

REGRESSION = "  watch: {label: seconds, kind: regression, scale: 60, loss: squared}\n"


def test_a_regression_says_scale_and_loss(text, write):
    spec = load_spec(write(text.replace("model:", REGRESSION + "model:")))
    watch = spec.tasks["watch"]
    assert (watch.answer_scale, watch.is_binary) == (60.0, False)
    assert watch.loss_options == {"error": "squared", "scale": 60.0}
    assert spec.binary_tasks == ["click", "buy"]
    assert parse_spec(dump_spec(spec)) == spec
    assert "regression, squared of label / 60" in summarize(spec)


def test_without_them_it_is_huber_of_the_label_itself():
    task = Task(label="seconds", kind="regression")
    assert task.loss_options == {"error": "huber", "scale": 1.0}
    assert Task(label="clicked").loss_options == {}


def test_a_spec_of_binary_tasks_is_shown_as_before(text, write):
    summary = summarize(load_spec(write(text)))
    assert "task   label    weight  measured on" in summary


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("{label: clicked, scale: 60}", "`scale` belongs to `kind: regression`"),
        ("{label: clicked, loss: huber}", "`loss` belongs to `kind: regression`"),
        ("{label: seconds >= 4, kind: regression}", "seconds >= 4 is a condition, 0 or 1"),
        ("{label: {found_in: items}, kind: regression}", "a label `found_in` another log is 0"),
        ("{label: seconds, kind: regression, scale: 0}", "tasks.watch.scale"),
        ("{label: seconds, kind: regression, scale: -1}", "tasks.watch.scale"),
        ("{label: seconds, kind: regression, loss: mae}", "tasks.watch.loss"),
        ("{label: seconds, kind: ordinal}", "tasks.watch.kind"),
        ("{label: at, kind: regression}", "'at' is the time column: it cannot be a label"),
    ],
)
def test_what_is_refused(text, write, task, said):
    with pytest.raises(SpecError) as caught:
        load_spec(write(text.replace("model:", f"  watch: {task}\nmodel:")))
    assert said in str(caught.value)


def test_a_sample_needs_a_binary_task(text, write):
    only = text[: text.index("tasks:")] + "tasks:\n" + REGRESSION + "sample: {negatives: 0.1}\n"
    with pytest.raises(SpecError, match="every task is a regression: drop `sample`"):
        load_spec(write(only))
    load_spec(write(text.replace("model:", REGRESSION + "sample: {negatives: 0.1}\nmodel:")))


def test_aitm_compares_probabilities_alone(text, write):
    aitm = text.replace("model: {dim: 16, num_heads: 2,", REGRESSION + "model: {type: aitm, ")
    with pytest.raises(SpecError, match=r"AITM's calibrator compares probabilities, and task 'wat"):
        load_spec(write(aitm))
    load_spec(write(aitm.replace("type: aitm, ", "type: aitm, calibrator_weight: 0, ")))


@pytest.mark.parametrize(
    ("evaluation", "said"),
    [
        ("{gates: {watch: {auc: {at_least: 0.6}}}}", "task 'watch' is of kind regression, which"),
        ("{gates: {watch: {log_loss: {at_most: 1}}}}", "has no log_loss: bound one of xauc, gxauc"),
        ("{gates: {click: {mae: {at_most: 9}}}}", "task 'click' is of kind binary, which has no m"),
        ("{gates: {click: {xauc: {at_least: 0.6}}}}", "bound one of auc, gauc, calibration, log_"),
    ],
)
def test_a_gate_is_on_a_metric_of_its_task(text, write, evaluation, said):
    spec = text.replace("model:", REGRESSION + f"evaluation: {evaluation}\nmodel:")
    with pytest.raises(SpecError) as caught:
        load_spec(write(spec))
    assert said in str(caught.value)


def test_gates_of_both_kinds(text, write):
    gates = "{click: {auc: {at_least: 0.6}}, watch: {mae: {at_most: 30}, xauc: {at_least: 0.6}}}"
    change = "{auc: 0.01, xauc: 0.02}"
    block = f"evaluation: {{gates: {gates}, change: {change}}}\n"
    spec = load_spec(write(text.replace("model:", REGRESSION + block + "model:")))
    assert list(spec.evaluation.gates["watch"].given) == ["xauc", "mae"]
    with pytest.raises(SpecError, match="every task is of kind binary, which has no xauc"):
        load_spec(write(text.replace("model:", "evaluation: {change: {xauc: 0.1}}\nmodel:")))
