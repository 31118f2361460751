"""The bare frameworks: the operations that the plain formulas take, and compiled steps."""
