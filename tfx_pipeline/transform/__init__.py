"""tf.Transform: the spec's row transform, fitted by Beam and kept as a TensorFlow graph."""
