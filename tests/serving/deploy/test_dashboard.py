"""Grafana's dashboard: PromQL over metrics and labels that a server really has."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
from deploy_files import DASHBOARD
from deploy_server import Served

PANELS = json.loads(DASHBOARD.read_text())["panels"]
VARIABLES = {"$__rate_interval": "1m", "$model": "qb_video"}
LINE = re.compile(r"^(:[\w:]+)\{(.*)\} \S+$", re.MULTILINE)
EXPRESSIONS = [
    pytest.param(target["expr"], id=f"{panel['title']} {target['refId']}")
    for panel in PANELS
    for target in panel["targets"]
]


def parse(expression: str) -> Any:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression
    return promql_parser.parse(expression)


def selectors(node: Any) -> Iterator[Any]:
    """Every selector of time series in an expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
        return
    if isinstance(node, promql_parser.MatrixSelector):
        yield node.vector_selector
        return
    for name in ("expr", "lhs", "rhs", "param"):
        if getattr(node, name, None) is not None:
            yield from selectors(getattr(node, name))
    for argument in getattr(node, "args", []):
        yield from selectors(argument)


@pytest.fixture(scope="module")
def series(served: Served) -> dict[str, list[dict[str, str]]]:
    """Name of a metric -> labels of each of its series, after requests over REST and gRPC."""
    served.predict("stable")
    served.predict("canary")
    found = defaultdict(list)
    for name, labels in LINE.findall(served.metrics()):
        found[name].append(dict(re.findall(r'(\w+)="([^"]*)"', labels)))
    return found


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions_select_what_the_server_exports(
    expression: str, series: dict[str, list[dict[str, str]]]
) -> None:
    found = list(selectors(parse(expression)))
    assert found
    for selector in found:
        assert selector.name in series, f"{selector.name} is no metric of the server"
        having = series[selector.name]
        for matcher in selector.matchers.matchers:
            assert all(matcher.name in labels for labels in having), matcher.name


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions_group_by_labels_that_the_metrics_have(
    expression: str, series: dict[str, list[dict[str, str]]]
) -> None:
    grouped = {
        label.strip()
        for labels in re.findall(r"by \(([^)]*)\)", expression)
        for label in labels.split(",")
    }
    for selector in selectors(parse(expression)):
        assert all(grouped <= set(labels) for labels in series[selector.name])


def test_the_variable_finds_the_models_name(series: dict[str, list[dict[str, str]]]) -> None:
    (variable,) = [
        v for v in json.loads(DASHBOARD.read_text())["templating"]["list"] if v["name"] == "model"
    ]
    query = re.fullmatch(r"label_values\((\S+), (\w+)\)", variable["query"]["query"])
    assert query
    pattern = variable["regex"].strip("/").replace("\\/", "/")
    found = {re.search(pattern, labels[query[2]])[1] for labels in series[query[1]]}  # type: ignore[index]
    assert found == {"qb_video"}


def test_what_the_dashboard_must_show() -> None:
    expressions = " ".join(target["expr"] for panel in PANELS for target in panel["targets"])
    for quantile in ("0.5", "0.95", "0.99"):
        assert f"histogram_quantile({quantile}, " in expressions
    for metric in (
        ":tensorflow:serving:request_count",
        ":tensorflow:serving:request_latency_bucket",
        ":tensorflow:serving:batching_session:queuing_latency_bucket",
        ":tensorflow:cc:saved_model:load_attempt_count",
    ):
        assert metric in expressions


def test_panels_do_not_overlap_and_fill_the_width() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    rows = {y for _, y in taken}
    assert taken == {(x, y) for x in range(24) for y in rows}
