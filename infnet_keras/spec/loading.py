"""From YAML to a checked spec, and back."""

from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from infnet_keras.errors import SpecError
from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.document import Node, Place, dotted, parse_yaml, read_yaml, write_yaml
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.models import ModelOptions
from infnet_keras.spec.models.any_model import type_of
from infnet_keras.spec.nearest import nearest
from infnet_keras.spec.problems import first_problem


def load_spec(path: str | Path) -> FeatureSpec:
    """Load a feature spec from YAML, with the specs that it `extends`.

    `extends: base.yaml` (a .yaml or .yml file, relative to this one, or the bare name of a shipped
    spec) starts from another spec: mappings merge, lists and scalars are replaced, a key set to
    null is removed.
    Another `model: type` than the base's keeps of its `model` what all models have.

    Args:
        path: a YAML file, or the bare name of a shipped spec such as "kuairand_pure".

    Raises:
        SpecError: names file, line and key, what was wrong, what was expected and the nearest
            valid name.

    Example:
        >>> load_spec("minimal").name
        'minimal'
    """
    return checked_spec(_read(_spec_file(path, Path()), ()))


def spec_from_dict(content: dict[str, Any]) -> FeatureSpec:
    """Check a feature spec given as plain data, such as parsed JSON.

    Raises:
        SpecError: names the key, what was wrong, what was expected and the nearest valid name.
    """
    if not isinstance(content, dict):
        raise SpecError(f"a feature spec is a dict; found {type(content).__name__}")
    return checked_spec(Node.of(content))


def parse_spec(text: str) -> FeatureSpec:
    """Check a feature spec given as YAML text, such as `dump_spec` writes; it extends no other.

    Raises:
        SpecError: names line and key, what was wrong, what was expected and the nearest valid name.
    """
    return checked_spec(parse_yaml(text, "spec"))


def dump_spec(spec: FeatureSpec) -> str:
    """The spec as YAML that loads back equal: resolved, without what is left at its default."""
    return write_yaml(spec.model_dump(mode="json", exclude_defaults=True))


def checked_spec(document: Node) -> FeatureSpec:
    """Check a document.

    Raises:
        SpecError: with the place of the offending value.
    """
    try:
        return FeatureSpec.model_validate(document.plain())
    except ValidationError as error:
        problem = first_problem(error, document)
    except SpecProblem as found:
        problem = found
    place = document.place_of(problem.path)
    raise SpecError(f"{place}{dotted(problem.path)}: {problem.message}")


def refined(base: Node, refinement: Node) -> Node:
    """A document refined by another, as `Node.merged_with`; another `model: type` takes over only
    what the options of all models have in common.
    """
    model, change = base.find(("model",)), refinement.find(("model",))
    if model is not None and change is not None and isinstance(change.value, dict):
        plain, changed = model.plain(), change.plain()
        if "type" in changed and type_of(changed) != type_of(plain):
            kept = {k: node for k, node in model.value.items() if k in ModelOptions.model_fields}
            base = Node({**base.value, "model": Node(kept, model.place)}, base.place)
    return base.merged_with(refinement)


def shipped_specs() -> list[str]:
    """Bare names of the specs that come with the package."""
    directory = resources.files("feature_specs")
    return sorted(f.name[: -len(".yaml")] for f in directory.iterdir() if f.name.endswith(".yaml"))


def _spec_file(path: str | Path, directory: Path, place: Place | None = None) -> Path:
    file = directory / path
    if file.is_file():
        return file
    name = str(path)
    if name in shipped_specs():
        return Path(str(resources.files("feature_specs") / f"{name}.yaml"))
    where = f"{place}extends: " if place is not None else ""
    hint = nearest(name, shipped_specs())
    raise SpecError(f"{where}there is no file {file}, and no shipped spec {name!r}; {hint}")


def _read(file: Path, readers: tuple[Path, ...]) -> Node:
    """A document with everything it extends, `readers` being the files that led to it."""
    document = read_yaml(file)
    known = {*FeatureSpec.model_fields, "extends"} & document.value.keys()
    if document.value and not known:  # whose keys are nobody's to read in an error
        raise SpecError(f"{file}: is no feature spec: it has none of a spec's keys")
    extends = document.value.pop("extends", None)
    if extends is None:
        return document
    if not isinstance(extends.value, str):
        raise SpecError(f"{extends.place}extends: expected the path of one spec")
    if Path(extends.value).suffix not in ("", ".yaml", ".yml"):
        raise SpecError(f"{extends.place}extends: a spec is a .yaml or .yml file")
    base = _spec_file(extends.value, file.parent, extends.place)
    readers = (*readers, file.resolve())
    if base.resolve() in readers:
        chain = " -> ".join(reader.name for reader in (*readers, base))
        raise SpecError(f"{extends.place}extends: the specs extend each other in a circle: {chain}")
    return refined(_read(base, readers), document)
