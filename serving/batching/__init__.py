"""Runs of concurrent requests gathered into batches: queues, shared threads, the session."""
