"""Models of what tasks share."""
