"""What the log looks up in memory, by keys."""
