"""Gradient boosted trees on the spec's own features: the yardstick that is no neural network."""
