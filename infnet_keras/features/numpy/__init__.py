"""The transform in Arrow and NumPy, for local work."""
