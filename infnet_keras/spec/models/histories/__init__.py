"""Options of models in which candidates look at their user's histories."""
