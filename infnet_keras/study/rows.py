"""The runs of a study: each row, ablation and point of a sweep, seed by seed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from infnet_keras.boosting.options import LightGBMOptions
from infnet_keras.errors import SpecError
from infnet_keras.runs.configuration import Configuration
from infnet_keras.spec import FeatureSpec, override_spec
from infnet_keras.spec.document import Node, dotted
from infnet_keras.spec.problems import first_problem
from infnet_keras.study.loading import Study
from infnet_keras.study.study_file import ABLATIONS, LIGHTGBM

_TREES = f"{LIGHTGBM}."
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Variant:
    """Settings that the study trains with every seed.

    Attributes:
        row: the row of the study that they are of, or start from.
        values: dotted key -> value, on top of the row's.
        curve: the title of the sweep, or of the ablation, that this is a point of.
        label: how the point is called.
    """

    row: str
    values: dict[str, Any] = field(default_factory=dict)
    curve: str = ""
    label: str = ""

    @property
    def name(self) -> str:
        """How progress calls it."""
        return " ".join(part for part in (self.row, self.curve, self.label) if part)


class Rows:
    """Resolves the rows of a study.

    Args:
        study: the study.
        data: digest of the prepared data.
    """

    def __init__(self, study: Study, data: str) -> None:
        self.study = study
        self._data = data
        self._resolved: dict[str, Configuration] = {}

    def configuration(self, row: str, seed: int, values: Values) -> Configuration:
        """The run of a row with a seed.

        Args:
            row: the row's name.
            seed: of the training.
            values: dotted key -> value on top of the row's, such as what a search found.

        Raises:
            SpecError: a value does not fit the spec; the message names the row.
        """
        key = json.dumps([row, seed, dict(values)], sort_keys=True)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(row, seed, values)
        return self._resolved[key]

    def _resolve(self, row: str, seed: int, values: Values) -> Configuration:
        file, spec = self.study
        kind = file.type_of(row)
        given = {**file.set, **file.models[row].set, **values, "training.seed": seed}
        trees = {k.removeprefix(_TREES): v for k, v in given.items() if k.startswith(_TREES)}
        given = {key: value for key, value in given.items() if not key.startswith(_TREES)}
        options = None
        try:
            if kind == LIGHTGBM:
                options = _trees(trees)
            else:
                given = {"model.type": kind, **given}
                if trees:
                    raise SpecError(f"{_TREES}{next(iter(trees))} is of rows of type {LIGHTGBM}")
            resolved = override_spec(spec, given)
            # Said or left to `defaults`, it is the same width: and the same run.
            resolved = override_spec(resolved, {"model.dim": resolved.dim})
        except SpecError as error:
            raise SpecError(f"row {row!r} of study {file.name!r}: {error}") from error
        return Configuration(resolved, self._data, file.backend, options)

    def ablations(self) -> list[Variant]:
        """Table 3: the row as it is, then without each part."""
        row = self.study.file.ablations
        if row is None:
            return []
        without = [Variant(row, {"model.without": p}, "without", p) for p in ABLATIONS]
        return [Variant(row, {}, "without", "full"), *without]

    def sweeps(self) -> dict[str, list[Variant]]:
        """Figure 4: by title, the points of each curve."""
        found = {}
        for title, sweep in self.study.file.sweeps.items():
            row = sweep.of or self.study.file.reference_row
            if sweep.key is not None:
                points = [Variant(row, {sweep.key: v}, title, _spelt(v)) for v in sweep.values]
            else:
                lengths = {n: s.length for n, s in self._spec_of(row).sequences.items() if s.length}
                points = [
                    Variant(
                        row,
                        {f"sequences.{n}.length": min(most, v) for n, v in lengths.items()},
                        title,
                        str(most),
                    )
                    for most in sweep.history
                ]
            found[title] = points
        return found

    def variants(self, rows: list[str]) -> list[Variant]:
        """Everything that is trained of some rows: first the rows, then what starts from them."""
        points = [point for curve in self.sweeps().values() for point in curve]
        others = [v for v in [*self.ablations(), *points] if v.row in rows]
        return [*(Variant(row) for row in rows), *others]

    def _spec_of(self, row: str) -> FeatureSpec:
        return self.configuration(row, self.study.file.seeds[0], {}).spec


def _trees(values: Values) -> LightGBMOptions:
    try:
        return LightGBMOptions.model_validate(dict(values))
    except ValidationError as error:
        problem = first_problem(error, Node.of(dict(values)), LightGBMOptions)
        raise SpecError(f"{_TREES}{dotted(problem.path)}: {problem.message}") from error


def _spelt(value: Any) -> str:
    if value is None:
        return "default"
    return str(value).lower() if isinstance(value, bool) else str(value)
