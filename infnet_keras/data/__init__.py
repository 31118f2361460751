"""From raw logs to batches: preparation, prepared directories, readers, generated logs."""
