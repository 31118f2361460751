"""The strict base of every block of a feature spec."""

from pydantic import BaseModel, ConfigDict


class Block(BaseModel):
    """A block of the YAML: unknown keys are errors, nothing is coerced, values never change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


class SpecProblem(Exception):
    """A block is well-formed but contradicts another one.

    Args:
        path: keys from the top of the spec to the offending value.
        message: what is wrong, what was expected and, where one is close, the nearest valid name.
    """

    def __init__(self, path: tuple[str | int, ...], message: str):
        super().__init__(message)
        self.path = path
        self.message = message
