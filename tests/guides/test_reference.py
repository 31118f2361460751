"""The API reference can be built, and has a page for each public package."""

import os
import re
import subprocess
import sys
from inspect import isclass, isfunction, ismodule
from pathlib import Path
from typing import Any

import infnet_keras
import infnet_keras.spec

ROOT = Path(__file__).parents[2]
PACKAGES: dict[str, Any] = {
    "infnet_keras.html": infnet_keras,
    "infnet_keras/layers.html": infnet_keras.layers,
    "infnet_keras/metrics.html": infnet_keras.metrics,
    "infnet_keras/models.html": infnet_keras.models,
    "infnet_keras/spec.html": infnet_keras.spec,
}


def test_every_public_name_is_in_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "reference" / "build.py", tmp_path / "pages"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
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
    for page, package in PACKAGES.items():
        shown = set(re.findall(r'<section id="(\w+)"', pages[page]))
        shown |= set(re.findall(r'href="infnet_keras/(\w+)\.html"', pages[page]))
        public = {name: getattr(package, name) for name in package.__all__}
        wanted = {n for n, v in public.items() if isclass(v) or isfunction(v) or ismodule(v)}
        assert wanted
        assert wanted <= shown, page
    assert "serving/client.html" in pages
    assert "PydanticUndefined" not in "".join(pages.values())
