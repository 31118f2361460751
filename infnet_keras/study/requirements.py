"""What a study needs beside the package: said before it begins, and not after hours of runs."""

from importlib.util import find_spec

from infnet_keras.errors import InfnetError
from infnet_keras.study.run_study import StudyRuns
from infnet_keras.study.study_file import LIGHTGBM


def check_installed(runs: StudyRuns) -> None:
    """Make sure that everything is there that some run or the report imports.

    Args:
        runs: of the study.

    Raises:
        InfnetError: something is not installed, or a row cannot be trained on the spec's data;
            the message says what to do.
    """
    file = runs.study.file
    trees = [name for name in runs.names if file.type_of(name) == LIGHTGBM]
    models = [name for name in runs.names if name not in trees]
    if trees and runs.study.spec.weighs:
        raise InfnetError(
            f"the row {trees[0]!r} takes neither `sample` nor columns of weights, which the spec "
            "has: `--only` leaves the row out"
        )
    needed = {"matplotlib": ("study", "the report's figures")}
    if any(runs.searches[name].description is not None for name in runs.names):
        needed["optuna"] = ("study", "a search (`--trials 0` does without)")
    if trees:
        needed["lightgbm"] = ("lightgbm", f"the row {trees[0]!r} (`--only` leaves it out)")
    if models:
        needed[file.backend] = (file.backend, f"the row {models[0]!r} (or give --backend)")
    for package, (extra, purpose) in needed.items():
        if find_spec(package) is None:
            raise InfnetError(
                f"{package} is not installed, and {purpose} needs it: "
                f"pip install 'infnet-keras[{extra}]'"
            )
