"""A search for settings, by validation alone: a budget of trials, pruned, resumable."""
