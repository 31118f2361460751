"""What the server counts and times, and the page on which Prometheus reads it."""
