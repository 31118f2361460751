"""Metrics of a trained model on the test part, and the gates that they must pass."""
