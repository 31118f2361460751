"""Which code a step's results are of: what the cache took from other code would be out of date."""

from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_LIBRARIES = (
    "apache-beam",
    "keras",
    "numpy",
    "pyarrow",
    "tensorflow",
    "tensorflow-data-validation",
    "tensorflow-model-analysis",
    "tensorflow-transform",
    "tfx",
    "tfx-bsl",
)
_DATA = (
    "infnet_keras/data",
    "infnet_keras/features",
    "infnet_keras/files",
    "infnet_keras/spec",
    "tfx_pipeline/beam",
    "tfx_pipeline/components/example_gen",
    "tfx_pipeline/components/example_validator",
    "tfx_pipeline/components/schema_gen",
    "tfx_pipeline/schema_description.py",
    "tfx_pipeline/transform",
)
_EVALUATION = (
    "infnet_keras/metrics",
    "tfx_pipeline/components/evaluator",
    "tfx_pipeline/evaluation",
)
_SERVING = ("infnet_keras", "serving", "tfx_pipeline/components/infra_validator")
_TRAINING = (
    "infnet_keras",
    "tfx_pipeline/schema_description.py",
    "tfx_pipeline/trainer",
    "tfx_pipeline/tuner",
)


def data_code() -> str:
    """A digest of what makes, checks and transforms examples."""
    return _digest(_DATA)


def training_code() -> str:
    """A digest of what trains and exports."""
    return _digest(_TRAINING)


def evaluation_code() -> str:
    """A digest of what measures and blesses."""
    return _digest(_EVALUATION)


def serving_code() -> str:
    """A digest of what serves a model before it is pushed."""
    return _digest(_SERVING)


def _digest(places: tuple[str, ...]) -> str:
    """Of the sources in some files and folders, and of the libraries' versions."""
    digest = sha256(repr([(name, version(name)) for name in _LIBRARIES]).encode())
    for path in sorted(path for place in places for path in _sources(_ROOT / place)):
        digest.update(f"{path.relative_to(_ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(place: Path) -> list[Path]:
    return [place] if place.is_file() else [*place.rglob("*.py")]
