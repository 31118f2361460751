"""Every key of a spec, told from the docstrings of its blocks."""

from infnet_keras.spec.reference.options_page import options_page

__all__ = ["options_page"]
