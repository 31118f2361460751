"""Requests for a model as people write them: JSON or arrays in, what a signature takes out.

`infnet predict` with a directory or an address, the clients of `serving` and the examples beside an
export encode and refuse alike, here. Imports NumPy alone.
"""
