"""The page in headless Chromium: forms filled, sent, and their answers read."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from page_driver import choose, send, table, wait_for, wait_until_filled
from page_models import EVIL, example_rows
from page_server import PageServer

Open = Callable[..., Any]
TASKS = ["click", "like", "share"]


def predicted(server: PageServer, row: dict[str, Any]) -> dict[str, float]:
    body = {"signature_name": "predict", "inputs": {name: [v] for name, v in row.items()}}
    outputs = server.ask("POST", "/v1/models/ranking:predict", body).json["outputs"]
    return {task: values[0] for task, values in outputs.items()}


def first_row() -> dict[str, Any]:
    return {name: column[0] for name, column in example_rows().items()}


def test_what_is_served_is_listed(open_page: Open) -> None:
    rows = table(open_page(), "section:has(#models)")
    assert ["ranking", "1", "AVAILABLE", ""] in rows
    assert [row[1:] for row in rows if "AVAILABLE" in row and row[3]] == [
        ["2", "AVAILABLE", "canary"],
        ["1", "AVAILABLE", "stable"],
    ]
    failed = next(row for row in rows if row[1] == "3")
    assert failed[2].startswith("END")
    assert "saved_model.pb" in failed[2] or "parse" in failed[2]


def test_the_example_is_sent_and_each_task_answers(open_page: Open, server: PageServer) -> None:
    page = open_page()
    choose(page, "ranking", "predict")
    assert page.get_by_label("user_id").input_value() == "ann"
    send(page)
    expected = predicted(server, first_row())
    rows = table(page, "#answer")
    assert [row[0] for row in rows] == TASKS
    for row in rows:
        assert float(row[1]) == pytest.approx(expected[row[0]], rel=1e-3)
    widths = page.locator("#answer .bar rect").evaluate_all(
        "all => all.map(r => Number(r.getAttribute('width')))"
    )
    assert widths == pytest.approx([expected[task] for task in TASKS], rel=1e-6)


def test_what_is_typed_is_sent(open_page: Open, server: PageServer) -> None:
    page = open_page()
    choose(page, "ranking", "predict")
    page.get_by_label("user_id").fill(EVIL)
    page.get_by_label("video_id int64").first.fill(str(2**63 - 1))
    views = page.get_by_role("group", name=re.compile("^view"))
    views.get_by_label("video_id").fill(f"7, {2**53 + 1}")
    assert "6 events" not in views.locator("legend").inner_text()
    views.get_by_label("tag").fill('["pop", "a, \\"b\\""]')
    assert "2 events" in views.locator("legend").inner_text()
    send(page)
    row = {
        **first_row(),
        "user_id": EVIL,
        "video_id": 2**63 - 1,
        "view__video_id": [7, 2**53 + 1],
        "view__tag": ["pop", 'a, "b"'],
        "view__length": 2,
    }
    expected = predicted(server, row)
    found = {row[0]: float(row[1]) for row in table(page, "#answer")}
    assert found == pytest.approx(expected, rel=1e-3)
    body = page.locator("#request-body").text_content()
    assert f'"video_id": [{2**63 - 1}]' in body
    assert f"[[7, {2**53 + 1}]]" in body


@pytest.mark.parametrize(
    ("label", "value", "message"),
    [
        ("tab", "1.5", "a whole number"),
        ("tab", "", "a whole number"),
        ("tab", "1]", "a whole number"),
        ("view", "[1, ", "a list"),
        ("view", "[1, 2]", "These are 6 events, the first list has 2"),
    ],
)
def test_what_cannot_be_sent_is_said_at_its_place(
    open_page: Open, label: str, value: str, message: str
) -> None:
    page = open_page()
    choose(page, "ranking", "predict")
    control = page.get_by_label(label).first
    if label == "view":
        control = page.get_by_role("group", name=re.compile("^view")).get_by_label("video_id")
    control.fill(value)
    page.get_by_role("button", name="Send").click()
    wait_for(page, "() => document.querySelector('#status').className === 'problem'")
    assert message in " ".join(page.locator(".wrong").all_inner_texts())
    assert page.evaluate("document.activeElement.matches('[aria-describedby], textarea')")
    assert page.locator("#result").is_hidden()
    page.get_by_role("button", name="Back to the example").click()
    send(page)


def test_a_ranking_is_sorted_by_task_and_by_a_mix(open_page: Open, server: PageServer) -> None:
    page = open_page()
    choose(page, "ranking", "rank")
    send(page)
    rows = example_rows()
    expected = []
    for index in range(4):
        items = {name: rows[name][index] for name in ("video_id", "tag")}
        expected.append({**items, **predicted(server, {**first_row(), **items})})

    def check(score: Callable[[dict[str, Any]], float], first_score: int) -> None:
        found = table(page, "#ranking")
        assert len(found) == 10
        scores = [float(row[first_score]) for row in found]
        assert scores == sorted(scores, reverse=True)
        best = max(expected, key=score)
        assert found[0][1] == str(best["video_id"])
        assert scores[0] == pytest.approx(score(best), rel=1e-3)

    for place, task in enumerate(TASKS):
        page.get_by_label("Sort by").select_option(task)
        check(lambda row, task=task: row[task], 3 + place)
    page.get_by_label("Sort by").select_option("weighted mix")
    weights = {"click": 0.25, "like": -2.0, "share": 3.0}
    mix = page.get_by_role("group", name="Weights of the mix")
    for task, weight in weights.items():
        mix.get_by_label(task).fill(str(weight))
    check(lambda row: sum(weights[task] * row[task] for task in TASKS), 3)
    assert page.locator("#ranking th[aria-sort=descending]").inner_text().startswith("mix")


def test_candidates_come_and_go(open_page: Open) -> None:
    page = open_page()
    choose(page, "ranking", "rank")
    for number in range(10, 2, -1):
        page.get_by_role("button", name=f"Remove candidate {number}").click()
    page.get_by_role("button", name="Add a candidate").click()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").endswith(
        "of candidate 3"
    )
    page.get_by_label("video_id of candidate 3").fill("7")
    page.get_by_label("tag of candidate 3").fill(EVIL)
    send(page)
    found = table(page, "#ranking")
    assert len(found) == 3
    assert ["7", EVIL] in [row[1:3] for row in found]


def test_attention_is_the_model_s_own_with_real_names(open_page: Open, server: PageServer) -> None:
    page = open_page()
    choose(page, "ranking", "rank")
    send(page)
    page.locator("#history-weights").wait_for()
    page.get_by_role("button", name="Attention of candidate 2,").click()
    page.get_by_text("Candidate 2: ").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
        "Attention of candidate 2"
    )
    row = {**first_row(), "video_id": 7, "tag": "rock"}
    body = {"signature_name": "attention", "inputs": {name: [v] for name, v in row.items()}}
    weights = server.ask("POST", "/v1/models/ranking:predict", body).json["outputs"]
    found = table(page, "#field-weights")
    assert [name for name, *_ in found] == ["user_id ann", "video_id 7", "tag rock", "tab 0"]
    for index, (_, *cells) in enumerate(found):
        expected = [round(weights[task][0][index], 3) for task in TASKS]
        assert [float(cell) for cell in cells] == pytest.approx(expected, abs=1.1e-3)
    figure = page.locator("#history-weights figure").nth(1)
    assert figure.locator("figcaption").inner_text() == "like"
    names = figure.locator(".strips > span").all_inner_texts()
    assert names[:3] == ["view.video_id", "view.tag", "click.video_id"]
    # The latest of the user's six views is the missing value; the click before the last is 10.
    titles = figure.locator("rect title").all_text_contents()
    like = weights["like"][0]
    assert titles[3] == f"view.video_id, latest event (missing): {like[7]:.4f}"
    assert titles[8] == f"click.video_id, event \u22122 (10): {like[13]:.4f}"
    assert len(titles) == 4 + 4 + 2
    heaviest = figure.locator("li").first.inner_text()
    assert heaviest.endswith(f"{max(like[4:]):.4f}")


def test_a_model_without_the_signature_says_so(open_page: Open) -> None:
    page = open_page()
    choose(page, "older", "predict")
    send(page)
    page.get_by_text("Version 1 of older has no signature `attention`").wait_for()
    assert page.locator("#history-weights").count() == 0


def test_the_models_of_others_have_forms_too(open_page: Open) -> None:
    page = open_page()
    choose(page, "plain", "echo")
    page.get_by_label("big").fill("-9007199254740993")
    page.get_by_label("text").fill('{"b64": "YWJj"}')
    page.get_by_label("yes").fill("true, false")
    send(page)
    assert dict(map(tuple, table(page, "#answer"))) == {
        "big_out": "-9007199254740993",
        "text_out": "abc",
        "yes_out": "[true,false]",
    }
    page.get_by_label("Signature", exact=True).select_option("matrix")
    page.get_by_label("grid").fill("[[1, 2], [3, 0.5]]")
    page.get_by_label("scale").fill("2")
    send(page)
    assert table(page, "#answer") == [["scaled", "[[2,4],[6,1]]"], ["sum", "13"]]
    page.get_by_label("Signature", exact=True).select_option("serving_default")
    page.locator("#inputs input").fill("NaN")
    send(page)
    assert table(page, "#answer") == [["y", "NaN"]]


def test_versions_and_labels_are_asked_for_by_name(open_page: Open) -> None:
    page = open_page()
    choose(page, "plain", "serving_default")
    for choice, factor in {"latest (2)": 3, "stable (1)": 2, "canary (2)": 3, "1": 2}.items():
        page.get_by_label("Version", exact=True).select_option(label=choice)
        wait_until_filled(page)
        page.get_by_label("Signature", exact=True).select_option("serving_default")
        page.locator("#inputs input").fill("5")
        send(page)
        assert table(page, "#answer") == [["y", str(5 * factor)]]


def test_names_and_values_that_are_markup_are_text(open_page: Open) -> None:
    page = open_page()
    choose(page, EVIL, EVIL)
    page.locator("#inputs input").fill(EVIL)
    send(page)
    assert table(page, "#answer") == [[EVIL, EVIL]]
    assert page.locator("img").count() == 0


def test_an_error_of_the_server_is_shown(open_page: Open) -> None:
    page = open_page()
    choose(page, "ranking", "predict")
    views = page.get_by_role("group", name=re.compile("^view"))
    views.get_by_label("video_id").fill("[7]")
    views.get_by_label("tag").fill('["\\ud800"]')
    page.get_by_role("button", name="Send").click()
    wait_for(page, "() => document.querySelector('#status').className === 'problem'")
    error = page.locator("#status").text_content()
    assert error.startswith("JSON Parse error: The surrogate pair in string is invalid.")
    assert page.locator("#result").is_hidden()
    # The browser itself logs every status of 400.
    assert len(open_page.complaints) == 1
    assert "400" in open_page.complaints.pop()
