"""The passes from raw logs to a prepared directory."""
