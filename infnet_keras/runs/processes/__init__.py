"""Processes that make runs side by side: jobs, workers, memory."""
