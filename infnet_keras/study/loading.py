"""From the YAML of a study to a checked one, with its spec."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from infnet_keras.errors import SpecError
from infnet_keras.spec import FeatureSpec, load_spec
from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.document import Node, dotted, read_yaml
from infnet_keras.spec.nearest import nearest
from infnet_keras.spec.problems import first_problem
from infnet_keras.study.study_file import StudyFile


class Study(NamedTuple):
    """A study file and the spec that it names, before any of the study's values."""

    file: StudyFile
    spec: FeatureSpec


def load_study(path: str | Path, changes: Mapping[str, Any] | None = None) -> Study:
    """Load a study from YAML.

    Args:
        path: a YAML file, or the bare name of a shipped study such as "demo".
        changes: top-level keys to replace; mappings merge.

    Raises:
        SpecError: names file, line and key, what was wrong, what was expected and the nearest valid
            name.

    Example:
        >>> load_study("demo").spec.name
        'qb_video'
    """
    file = _study_file(path)
    document = read_yaml(file, "a study")
    if changes:
        document = document.merged_with(Node.of(dict(changes)))
    try:
        study = StudyFile.model_validate(document.plain())
    except ValidationError as error:
        problem = first_problem(error, document, StudyFile)
    except SpecProblem as found:
        problem = found
    else:
        beside = file.parent / study.spec
        spec = load_spec(beside if beside.is_file() else study.spec)
        try:
            study.check(spec)
        except SpecProblem as found:
            problem = found
        else:
            return Study(study, spec)
    place = document.place_of(problem.path)
    raise SpecError(f"{place}{dotted(problem.path)}: {problem.message}")


def shipped_studies() -> list[str]:
    """Bare names of the studies that come with the package."""
    directory = resources.files("feature_specs") / "studies"
    return sorted(f.name[: -len(".yaml")] for f in directory.iterdir() if f.name.endswith(".yaml"))


def _study_file(path: str | Path) -> Path:
    if Path(path).is_file():
        return Path(path)
    name = str(path)
    if name in shipped_studies():
        return Path(str(resources.files("feature_specs") / "studies" / f"{name}.yaml"))
    raise SpecError(
        f"there is no file {path}, and no shipped study {name!r}; "
        f"{nearest(name, shipped_studies())}"
    )
