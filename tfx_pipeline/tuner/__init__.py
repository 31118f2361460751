"""The optional search for better values of the spec."""
