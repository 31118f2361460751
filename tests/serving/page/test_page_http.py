"""The page's routes and the data they give."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from page_models import EVIL, example_rows
from page_server import PageServer, serve

OWN = ("/", "/page/page.css", "/page/encode.js", "/page/page.js", "/page/icon.svg")


def version(server: PageServer, model: str, number: str = "1") -> Any:
    reply = server.ask(
        "GET", f"/page/version.json?{urlencode({'model': model, 'version': number})}"
    )
    assert reply.status == 200, reply.body
    return reply.json


def signature(server: PageServer, model: str, name: str) -> Any:
    return next(s for s in version(server, model)["signatures"] if s["name"] == name)


@pytest.mark.parametrize("path", [*OWN, "/page/models.json", "/?a=b"])
def test_everything_is_served_under_a_strict_policy(server: PageServer, path: str) -> None:
    reply = server.ask("GET", path)
    assert reply.status == 200
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_nothing_comes_from_elsewhere(server: PageServer) -> None:
    for path in OWN:
        text = server.ask("GET", path).body.decode().replace("http://www.w3.org/", "")
        assert "http://" not in text
        assert "https://" not in text
    document = server.ask("GET", "/").body.decode()
    assert "<style" not in document
    assert "style=" not in document
    assert document.count("<script") == document.count("<script src=")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("GET", "//"),
        ("GET", "/page"),
        ("GET", "/page/"),
        ("GET", "/page/page.html"),
        ("GET", "/page/../page/page.css"),
        ("GET", "/page/%2e%2e/setup.py"),
        ("GET", "/page/page.py"),
        ("POST", "/page/models.json"),
    ],
)
def test_all_else_is_as_it_was_without_a_page(server: PageServer, method: str, path: str) -> None:
    reply = server.ask(method, path)
    assert reply.status == 404
    assert b"<H1>Not Found</H1>" in reply.body


@pytest.mark.parametrize(
    "path", [*OWN, "/page/models.json", "/page/version.json?model=a&version=1"]
)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8501", "127.0.0.1.evil.example"])
def test_the_page_is_not_shown_under_a_foreign_name(
    server: PageServer, path: str, host: str
) -> None:
    """DNS rebinding: the browser takes what evil.example resolves to for evil.example's own."""
    reply = server.ask("GET", path, host=host)
    assert reply.status == 403
    assert "--allowed_hosts" in reply.json["error"]


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "shop.localhost", "10.1.2.3:8501", "[::1]:8501"]
)
def test_the_page_is_shown_under_names_of_this_machine(server: PageServer, host: str) -> None:
    assert server.ask("GET", "/", host=host).status == 200


def test_more_names_are_configured(models: Path, tmp_path: Path) -> None:
    flags = ("--model_name=evil", f"--model_base_path={models}/evil")
    names = "--allowed_hosts=models.shop,page.shop"
    with serve(tmp_path / "log", ["evil"], *flags, names) as named:
        assert named.ask("GET", "/", host="models.shop:8501").status == 200
        assert named.ask("GET", "/", host="Page.Shop").status == 200
        assert named.ask("GET", "/", host="shop").status == 403
        # Predictions are answered under any name: clients have many for one server.
        body = {"signature_name": EVIL, "inputs": ["a"]}
        reply = named.ask("POST", "/v1/models/evil:predict", body, host="elsewhere:8501")
        assert (reply.status, reply.json) == (200, {"outputs": ["a"]})
        assert named.ask("GET", "/v1/models/evil", host="elsewhere").status == 200


def test_the_page_can_be_turned_off(models: Path, tmp_path: Path) -> None:
    flags = ("--page=false", "--model_name=evil", f"--model_base_path={models}/evil")
    with serve(tmp_path / "log", ["evil"], *flags) as bare:
        for path in (*OWN, "/page/models.json"):
            reply = bare.ask("GET", path)
            # libevent's own page, as upstream's evhttp_server.cc:176 sends it.
            assert (reply.status, reply.headers["content-type"]) == (404, "text/html")
            assert b"<H1>Not Found</H1>" in reply.body
        body = {"signature_name": EVIL, "inputs": ["a"]}
        assert bare.ask("POST", "/v1/models/evil:predict", body).json == {"outputs": ["a"]}


def test_models_with_versions_states_and_labels(server: PageServer) -> None:
    found = {m["name"]: m for m in server.ask("GET", "/page/models.json").json["models"]}
    assert list(found) == ["ranking", "older", "padded", "plain", "odd", EVIL]
    plain = found["plain"]
    assert plain["labels"] == {"stable": "1", "canary": "2"}
    states = [(v["version"], v["state"]) for v in plain["versions"]]
    assert states == [("3", "END"), ("2", "AVAILABLE"), ("1", "AVAILABLE")]
    assert plain["versions"][0]["error"]
    assert plain["versions"][1]["error"] is None
    assert found["ranking"]["labels"] == {}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("model=ranking&version=9", 404),
        ("model=../ranking&version=1", 404),
        ("model=absent&version=1", 404),
        ("version=1", 400),
        ("model=ranking", 400),
        ("model=ranking&version=-1", 400),
        ("model=ranking&version=%D9%A1", 400),
        ("model=ranking&version=9223372036854775808", 400),
        ("model=ranking&version=" + "1" * 500, 400),
        ("model=%ff%00&version=1", 404),
    ],
)
def test_a_version_that_is_not_served(server: PageServer, query: str, status: int) -> None:
    reply = server.ask("GET", f"/page/version.json?{query}")
    assert reply.status == status
    assert set(reply.json) == {"error"}


def test_the_signatures_of_a_model_of_ours(server: PageServer) -> None:
    found = version(server, "ranking")
    names = [s["name"] for s in found["signatures"]]
    assert names == ["predict", "rank", "attention", "serving_default"]
    assert found["tasks"] == ["click", "like", "share"]
    fields = [["user_id", None], ["video_id", None], ["tag", None], ["tab", None]]
    views = [[f"view.{c}", step] for c in ("video_id", "tag") for step in (-4, -3, -2, -1)]
    clicks = [["click.video_id", step] for step in (-3, -2, -1)]
    assert found["positions"] == [*fields, *views, *clicks]
    assert found["histories"] == {
        "view.video_id": ["view__video_id"],
        "view.tag": ["view__tag"],
        "click.video_id": ["click__video_id"],
        "view": ["view__video_id", "view__tag"],
        "click": ["click__video_id"],
    }
    rank = found["signatures"][1]
    assert rank["behaviours"] == [
        {
            "name": "view",
            "length": "view__length",
            "lists": [["view__video_id", "video_id"], ["view__tag", "tag"]],
        },
        {"name": "click", "length": "click__length", "lists": [["click__video_id", "video_id"]]},
    ]
    assert sorted(rank["candidates"]) == ["tag", "video_id"]
    shapes = {i["name"]: i["shape"] for i in rank["inputs"]}
    assert (shapes["video_id"], shapes["user_id"]) == ([-1, -1], [-1])
    assert [o["name"] for o in rank["outputs"]] == ["click", "like", "share"]


def test_examples_keep_every_digit_and_every_text(server: PageServer) -> None:
    predict = signature(server, "ranking", "predict")
    assert predict["recorded"]
    assert predict["batched"]
    example = {name: json.loads(text) for name, text in predict["example"].items()}
    assert example == {name: column[0] for name, column in example_rows().items()}
    rank = signature(server, "ranking", "rank")["example"]
    assert json.loads(rank["video_id"]) == (example_rows()["video_id"] * 3)[:10]
    # The request file alone, without warm-up records, gives the example of its signature.
    assert signature(server, "older", "predict")["example"] == predict["example"]


@pytest.mark.parametrize("name", ["predict", "rank", "serving_default", "attention"])
def test_an_example_is_answered(server: PageServer, name: str) -> None:
    found = signature(server, "ranking", name)
    inputs = {key: [json.loads(text)] for key, text in found["example"].items()}
    if name == "rank":
        inputs["candidate_count"] = [10]
    body = {"signature_name": name, "inputs": inputs}
    reply = server.ask("POST", "/v1/models/ranking:predict", body)
    assert reply.status == 200, reply.body
    outputs = reply.json["outputs"]
    assert list(outputs) == sorted(outputs)
    assert set(outputs) == {"click", "like", "share"}


def test_models_of_others_get_values_of_the_right_type_and_shape(server: PageServer) -> None:
    found = version(server, "plain")
    assert (found["tasks"], found["positions"]) == ([], None)
    by_name = {s["name"]: s for s in found["signatures"]}
    assert not any(s["recorded"] or s["candidates"] for s in found["signatures"])
    assert by_name["serving_default"]["example"] == {"x": "0"}
    assert by_name["echo"]["example"] == {"big": "0", "text": '""', "yes": "[false, false]"}
    matrix = by_name["matrix"]
    assert (matrix["batched"], matrix["example"]) == (False, {"grid": "[[0], [0]]", "scale": "0"})


def test_without_the_signature_there_are_no_positions(server: PageServer) -> None:
    found = version(server, "older")
    assert found["positions"] is None
    assert found["tasks"] == ["click", "like", "share"]


def test_names_that_are_markup_are_data(server: PageServer) -> None:
    found = signature(server, EVIL, EVIL)
    assert [i["name"] for i in found["inputs"]] == [EVIL]
    path = f"/page/version.json?model={quote(EVIL)}&version=1"
    assert server.ask("GET", path).headers["content-type"] == "application/json"
