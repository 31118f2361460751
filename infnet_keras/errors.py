"""Errors that a user can act on: one sentence on what was wrong, where, and what to do."""


class InfnetError(Exception):
    """Base of every error that is the input's fault; the command line prints it bare."""


class SpecError(InfnetError):
    """A feature spec says something that it cannot mean."""


class DataError(InfnetError):
    """Raw logs or prepared data cannot be used as they are."""


class ModelError(InfnetError):
    """A model, run directory or training set-up does not fit what was asked of it."""


class ExportError(InfnetError):
    """A SavedModel cannot be written, or does not agree with the model it came from."""
