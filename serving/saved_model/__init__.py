"""A loaded SavedModel version: its signatures, its session, and tensors in and out of it."""
