"""Every example in a docstring runs and gives what it says, on every backend."""

import doctest
import importlib
import pkgutil
import re
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest
from made_once import made_once

import infnet_keras
from infnet_keras.data import PreparedData, generate, prepare
from infnet_keras.spec import load_spec

# Modules, or packages with all that is in them, whose examples are not run, and why.
EXCLUDED = {
    "infnet_keras.training.train": "trains a run: tests/training does what the example does",
    "infnet_keras.features.numpy.row_transform": "its example needs raw logs",
    "infnet_keras.data.generated.generate": "its example writes a log of 100,000 events",
    "infnet_keras.data.preparation.prepare": "its example reads a public data set",
    "infnet_keras.data.prepared.prepared_data": "its example reads a directory `prepared`",
    "infnet_keras.data.prepared.reader": "its example reads a directory `prepared`",
    "infnet_keras.data.examples.columns": "its example is of another spec",
    "infnet_keras.cli": "commands, which tests/cli runs",
    "infnet_keras.export": "an export takes a minute: tests/export runs what the examples do",
    "infnet_keras.devices.row_sharding": "for JAX alone: tests/training/eight_devices.py does it",
    "infnet_keras.scoring.run_scorer": "its example reads a run",
    "infnet_keras.scoring.saved_model_scorer": "its example reads an exported model",
    "infnet_keras.scoring.score_table": "its example reads an exported model",
    "infnet_keras.scoring.score_writer": "its example writes a file",
    "infnet_keras.testing.export_test": "an export takes a minute: tests/export runs it",
}
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SHAPE = re.compile(r"(?:TensorShape|torch\.Size)\(\[([\d, ]*)\]\)")
PUBLIC = (
    "callbacks",
    "data",
    "evaluation",
    "layers",
    "losses",
    "metrics",
    "models",
    "spec",
    "testing",
)


class AnyBackend(doctest.OutputChecker):
    """Shapes are written as tuples, as JAX prints them."""

    def check_output(self, want, got, optionflags):
        def as_tuple(match):
            inner = match.group(1)
            return f"({inner},)" if inner and "," not in inner else f"({inner})"

        return super().check_output(want, SHAPE.sub(as_tuple, got), optionflags)


def excluded(module):
    return any(module == name or module.startswith(f"{name}.") for name in EXCLUDED)


def modules():
    found = pkgutil.walk_packages(infnet_keras.__path__, "infnet_keras.")
    return sorted(module.name for module in found if "__main__" not in module.name)


def examples(name):
    """The doctests of what a module itself defines."""
    module = importlib.import_module(name)
    finder = doctest.DocTestFinder(exclude_empty=True)
    return [test for test in finder.find(module, name) if test.examples]


def with_examples():
    """Modules that say `Example:` anywhere, and are not excluded."""
    names = [name for name in modules() if not excluded(name)]
    sources = {name: Path(find_spec(name).origin).read_text("utf-8") for name in names}
    return [name for name, source in sources.items() if re.search(r"^ *Example:$", source, re.M)]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A small log of the spec `minimal`, prepared once."""

    def make(directory):
        spec = load_spec("minimal")
        made = generate(spec, directory / "raw", users=40, events=1500, seed=3)
        prepare(spec, directory / "raw", directory / "data", made.valid_from, made.test_from)

    return PreparedData.open(made_once(tmp_path_factory, "doctest", make) / "data")


@pytest.fixture(scope="session")
def model(prepared):
    return infnet_keras.from_spec(prepared.spec, data=prepared, **{"model.dim": 8})


@pytest.mark.parametrize("name", with_examples())
def test_examples(name, prepared, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"np": np, "keras": keras, "infnet_keras": infnet_keras, "tmp_path": tmp_path}
    for package in map(importlib.import_module, (f"infnet_keras.{name}" for name in PUBLIC)):
        given |= {public: getattr(package, public) for public in package.__all__}
    given |= {name: getattr(infnet_keras, name) for name in infnet_keras.__all__}
    given |= {"prepared": prepared, "model": model, "spec": prepared.spec}
    runner = doctest.DocTestRunner(AnyBackend(), optionflags=OPTIONS)
    tests = examples(name)
    assert tests, f"{name} says `Example:`, but gives none that runs (>>>)"
    for test in tests:
        test.globs = {**given, **test.globs}
        report = []
        runner.run(test, out=report.append)
        assert not runner.failures, "".join(report)


def test_what_is_excluded_is_there():
    for name in EXCLUDED:
        assert name in modules(), f"{name} is gone: take it off the list"
        assert re.search(r"[a-z]", EXCLUDED[name])


def test_a_wrong_example_fails(tmp_path):
    test = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    runner = doctest.DocTestRunner(AnyBackend(), optionflags=OPTIONS)
    runner.run(test, out=lambda text: None)
    assert runner.failures == 1
