"""The API reference can be built, and has a page for each public package."""

import os
import re
import subprocess
import sys
from pathlib import Path

import infnet_keras.layers

ROOT = Path(__file__).parents[2]


def test_every_public_name_is_in_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "reference" / "build.py", tmp_path / "pages"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    pages = {
        str(path.relative_to(tmp_path / "pages")): path.read_text("utf-8")
        for path in (tmp_path / "pages").rglob("*.html")
    }
    names = {
        "infnet_keras.html": infnet_keras.__all__,
        "infnet_keras/layers.html": infnet_keras.layers.__all__,
        "infnet_keras/metrics.html": infnet_keras.metrics.__all__,
        "infnet_keras/models.html": infnet_keras.models.__all__,
    }
    for page, public in names.items():
        shown = set(re.findall(r'<section id="(\w+)">', pages[page]))
        linked = set(re.findall(r'href="infnet_keras/(\w+)\.html"', pages[page]))
        assert set(public) <= shown | linked, page
    assert "serving/client.html" in pages
    assert "PydanticUndefined" not in "".join(pages.values())
