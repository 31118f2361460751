"""A fit of many, observed."""

from pathlib import Path

import pytest
from tiny_log import SPEC, write_log

from infnet_keras.data import PreparedData, prepare
from infnet_keras.runs.configuration import Configuration
from infnet_keras.runs.fit_run import fit_run
from infnet_keras.runs.run_files import RunFiles
from infnet_keras.spec import spec_from_dict

pytestmark = pytest.mark.backend("torch")


class Killed(Exception):
    """As a kill, after the second evaluation."""


def test_a_fit_that_continues_is_observed_from_its_first_evaluation(tmp_path: Path) -> None:
    spec = spec_from_dict(SPEC)
    write_log(tmp_path / "raw", 600)
    prepare(spec, tmp_path / "raw", tmp_path / "data", valid_from=0.8, test_from=0.9)
    data = PreparedData.open(tmp_path / "data")
    configuration = Configuration(spec, data.digest, "torch")
    whole, parts = (RunFiles.of(tmp_path / name, configuration) for name in ("whole", "parts"))
    for run in (whole, parts):
        run.begin()

    seen: list[tuple[int, float]] = []
    found = fit_run(whole, data, lambda *evaluation: seen.append(evaluation))
    assert [number for number, _ in seen] == [1, 2, 3]
    assert found["observed"] == [mean_auc for _, mean_auc in seen]
    assert found["mean_auc"] == max(found["observed"])

    def dies(number: int, mean_auc: float) -> None:
        if number == 3:
            raise Killed

    with pytest.raises(Killed):
        fit_run(parts, data, dies)
    again: list[tuple[int, float]] = []
    assert (
        fit_run(parts, data, lambda *evaluation: again.append(evaluation))["mean_auc"]
        == (found["mean_auc"])
    )
    assert again == seen
    assert parts.validation == {**found, **_measured(parts)}


def _measured(run: RunFiles) -> dict[str, object]:
    validation = run.validation
    assert validation is not None
    return {name: validation[name] for name in ("seconds", "peak_bytes")}
