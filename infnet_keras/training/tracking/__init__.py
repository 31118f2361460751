"""The curves of a run, for TensorBoard."""
