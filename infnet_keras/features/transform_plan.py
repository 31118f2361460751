"""What every engine does to raw values, computed once from the spec."""

from dataclasses import dataclass
from typing import Literal

from infnet_keras.spec.derived.derivation import Derivation
from infnet_keras.spec.feature_spec import FeatureSpec


@dataclass(frozen=True)
class Step:
    """How one model input comes about.

    Args:
        name: the model input.
        column: where its raw values stand: the raw column, or the field itself if it is derived.
        table: the table whose rows they become.
        separator: what stands between the values of one cell; None where a cell is one value.
        max_values: how many of them count; 1 without a separator.
        is_number: whether they become a number, float32, NaN where missing, and no id.
        reads: every raw input that it needs.
    """

    name: str
    column: str
    table: str
    separator: str | None
    max_values: int
    is_number: bool
    reads: tuple[str, ...]

    @property
    def dtype(self) -> Literal["int32", "float32"]:
        """The type of its ids, or of its number."""
        return "float32" if self.is_number else "int32"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its ids, or of its number, in one row."""
        return () if self.separator is None else (self.max_values,)


@dataclass(frozen=True)
class FieldStep(Step):
    """A field: `derivation` says how its value is computed; None where it is read."""

    derivation: Derivation | None

    @property
    def is_sent(self) -> bool:
        """Whether requests hold its derived number under its name."""
        return self.derivation is not None and self.derivation.is_sent


@dataclass(frozen=True)
class SequenceStep(Step):
    """An attribute of a behaviour: the latest `length` steps of a history.

    Args:
        sequence: the behaviour.
        length: how many steps the model reads.
        length_input: the raw input that says how many steps there are; the one that holds their
            values has the name of the model input.
    """

    sequence: str
    length: int
    length_input: str

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.length, *super().shape)


@dataclass(frozen=True)
class TransformPlan:
    """Every step from raw inputs to model inputs.

    Prepare, Beam, tf.Transform, the exporter and the served graph read it; the folders
    `features.numpy` and `features.tensorflow` hold the kernels that carry it out.

    Args:
        spec: what it was computed from.
        fields: a step a field.
        sequences: a step an attribute of a behaviour.

    Example:
        >>> from infnet_keras.spec import load_spec
        >>> plan = TransformPlan.of(load_spec("minimal"))
        >>> step = plan.sequences[0]
        >>> step.name, step.column, step.table, step.shape
        ('view__item', 'item', 'item', (20,))
    """

    spec: FeatureSpec
    fields: tuple[FieldStep, ...]
    sequences: tuple[SequenceStep, ...]

    @classmethod
    def of(cls, spec: FeatureSpec) -> "TransformPlan":
        """The plan of a spec."""
        return cls(spec, tuple(_fields(spec)), tuple(_sequences(spec)))

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in the order of the model inputs."""
        return (*self.fields, *self.sequences)

    def sequence(self, sequence: str, column: str) -> SequenceStep:
        """The step of one attribute of a behaviour."""
        return next(s for s in self.sequences if (s.sequence, s.column) == (sequence, column))


def _fields(spec: FeatureSpec) -> list[FieldStep]:
    steps = []
    for name, field in spec.fields.items():
        derivation = field.derivation
        reads = [name] if field.is_sent else list(spec.field_reads(name))
        if derivation is not None and not field.is_sent:
            for sequence in derivation.sequences:
                inputs = spec.sequence_inputs[sequence]
                reads += [*inputs.attributes.values(), inputs.length]
            if derivation.reads_time and spec.time.column is not None:
                reads.append(spec.time.column)
        steps.append(
            FieldStep(
                name=name,
                column=spec.values_column(name),
                table=spec.field_table(name),
                separator=field.multivalue,
                max_values=1 if field.multivalue is None else field.max_values,
                is_number=name in spec.numbers,
                reads=tuple(dict.fromkeys(reads)),
                derivation=derivation,
            )
        )
    return steps


def _sequences(spec: FeatureSpec) -> list[SequenceStep]:
    steps = []
    for feature in spec.sequence_features:
        inputs = spec.sequence_inputs[feature.sequence]
        steps.append(
            SequenceStep(
                name=feature.name,
                column=feature.column,
                table=feature.table,
                separator=feature.multivalue,
                max_values=1 if feature.multivalue is None else feature.max_values,
                is_number=False,
                reads=(*inputs.attributes.values(), inputs.length),
                sequence=feature.sequence,
                length=feature.length,
                length_input=inputs.length,
            )
        )
    return steps
