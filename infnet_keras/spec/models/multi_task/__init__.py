"""Options of models of what tasks share."""
