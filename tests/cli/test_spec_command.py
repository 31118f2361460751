import json
import math
import subprocess
import sys

import pytest

from infnet_keras.cli import main
from infnet_keras.models import MODELS, from_spec

GROUPS = ["lookup", "group", "of", "tables", "width", "rows", "bytes"]


@pytest.mark.parametrize("replacements", [[], ["model.dim=24", "tables.item.dim=8"]])
def test_check_counts_the_parameters_of_the_model(
    capsys: pytest.CaptureFixture[str], replacements: list[str]
) -> None:
    overrides = [part for pair in replacements for part in ("--set", pair)]
    assert main(["spec", "check", "minimal", "--build", *overrides]) == 0
    values = {key: int(value) for key, value in (pair.split("=") for pair in replacements)}
    expected = from_spec("minimal", **values).count_params()
    assert f"parameters in the model: {expected:,}" in capsys.readouterr().out


@pytest.mark.parametrize("model_type", sorted(MODELS))
def test_check_prints_the_lookup_groups_of_the_model(
    capsys: pytest.CaptureFixture[str], model_type: str
) -> None:
    assert main(["spec", "check", "minimal", "--set", f"model.type={model_type}"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["model:", model_type] in lines
    model = from_spec("minimal", **{"model.type": model_type})
    found = {line[0]: line[-1] for line in lines[lines.index(GROUPS) + 1 :] if line}
    for name, tables in model.embedded_inputs.tables.items():
        numbers = sum(math.prod(table.shape) for table in tables.tables.values())
        assert found[name] == f"{4 * numbers:,}"


def test_a_table_that_nothing_reads_counts_for_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    spare = "tables.spare={hash: 5000}"
    assert main(["spec", "check", "minimal", "--build", "--set", spare]) == 0
    expected = from_spec("minimal", **{"tables.spare": {"hash": 5000}}).count_params()
    assert f"parameters in the model: {expected:,}" in capsys.readouterr().out


def test_check_counts_a_table_that_fits_no_memory(capsys: pytest.CaptureFixture[str]) -> None:
    small, huge = 10_000, 10**12
    counts = []
    for size in (small, huge):
        command = ["spec", "check", "minimal", "--build", "--set", f"fields.user.size={size}"]
        assert main(command) == 0
        last = capsys.readouterr().out.strip().splitlines()[-1]
        counts.append(int(last.removeprefix("parameters in the model: ").replace(",", "")))
    assert counts[1] - counts[0] == 16 * (huge - small)


def test_check_without_a_size_knows_no_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spec", "check", "minimal", "--build", "--set", "fields.user.size=null"]) == 0
    printed = capsys.readouterr().out
    assert "no `size` for user" in printed
    assert "parameters in the model" not in printed


CHECK = """
import sys
from infnet_keras.cli import main
code = main(sys.argv[1:])
print(sorted({"keras", "tensorflow", "jax", "torch", "pyarrow"} & sys.modules.keys()))
sys.exit(code)
"""


def checked(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHECK, "spec", "check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_check_starts_no_backend() -> None:
    """That takes most of a minute on a busy machine; the tables and their bytes need none."""
    done = checked("minimal")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "[]"
    assert "parameters in tables: " in done.stdout
    assert "lookup group" in done.stdout
    assert "parameters in the model" not in done.stdout


def test_a_mistake_is_the_same_with_and_without_the_model() -> None:
    wrong = ("minimal", "--set", "model.num_heads=3")
    plain, built = checked(*wrong), checked(*wrong, "--build")
    assert plain.returncode == built.returncode == 2
    assert plain.stderr == built.stderr
    assert "cannot be split between 3 heads" in plain.stderr


def test_schema_is_a_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spec", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert "fields" in schema["definitions"]["FeatureSpec"]["properties"]


def test_a_number_in_exponent_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spec", "check", "minimal", "--set", "training.learning_rate=1e-3"]) == 0
