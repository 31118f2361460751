"""What was measured, on the terminal and in files."""
