"""A candidate and the steps of its user's histories."""
