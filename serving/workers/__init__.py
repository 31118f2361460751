"""Several worker processes that serve on one port and speak with one voice."""
