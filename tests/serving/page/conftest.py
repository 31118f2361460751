"""One server of several models for all tests of the page, and a browser to look at it with."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from page_models import (
    EVIL,
    write_evil_model,
    write_padded,
    write_plain_model,
    write_ranking_model,
    write_without_attention,
)
from page_server import PageServer, serve

MODELS = ("ranking", "older", "padded", "plain", "odd", EVIL)
_CONFIG = """
model_config_list {{
  config {{ name: "ranking" base_path: "{root}/ranking" model_platform: "tensorflow" }}
  config {{ name: "older" base_path: "{root}/older" model_platform: "tensorflow" }}
  config {{ name: "padded" base_path: "{root}/padded" model_platform: "tensorflow" }}
  config {{
    name: "plain" base_path: "{root}/plain" model_platform: "tensorflow"
    model_version_policy {{ all {{}} }}
    version_labels {{ key: "stable" value: 1 }}
    version_labels {{ key: "canary" value: 2 }}
  }}
  config {{ name: "odd" base_path: "{odd}" model_platform: "tensorflow" }}
  config {{ name: {evil} base_path: "{root}/evil" model_platform: "tensorflow" }}
}}
"""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory, exported_any_names: Path) -> Path:
    """The models' directory."""
    root = tmp_path_factory.mktemp("page_models")
    write_ranking_model(root / "ranking" / "1")
    write_without_attention(root / "ranking" / "1", root / "older" / "1")
    write_padded(root / "ranking" / "1", root / "padded" / "1")
    write_plain_model(root / "plain" / "1", factor=2.0)
    write_plain_model(root / "plain" / "2", factor=3.0)
    (root / "plain" / "3").mkdir()
    (root / "plain" / "3" / "saved_model.pb").write_bytes(b"\x0aThis is no SavedModel.")
    write_evil_model(root / "evil" / "1")
    config = _CONFIG.format(root=root, odd=exported_any_names, evil=json.dumps(EVIL))
    (root / "models.config").write_text(config)
    return root


@pytest.fixture(scope="session")
def server(models: Path) -> Iterator[PageServer]:
    """The embedded server of all models, the page on by default."""
    flags = (
        f"--model_config_file={models}/models.config",
        "--allow_version_labels_for_unavailable_models",
        "--max_num_load_retries=0",
    )
    with serve(models / "log", MODELS, *flags) as running:
        yield running


@pytest.fixture
def open_page(browser: Any, server: PageServer) -> Iterator[Callable[..., Any]]:
    """Opens the page at a size; whatever the browser complains of fails the test at its end."""
    contexts, complaints = [], []

    def open_page(width: int = 1280, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        page.goto(server.url)
        page.wait_for_selector("#form #inputs > *", state="attached")
        return page

    open_page.complaints = complaints  # type: ignore[attr-defined]
    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
