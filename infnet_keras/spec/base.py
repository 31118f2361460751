"""The strict base of every block of a feature spec."""

from pydantic import BaseModel, ConfigDict


class Block(BaseModel):
    """A block of the YAML: unknown keys are errors, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
