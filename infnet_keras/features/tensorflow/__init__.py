"""The transform in TensorFlow operations, inside a SavedModel and tf.Transform."""
