"""Models in which candidates look at their user's histories."""
