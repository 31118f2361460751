"""What tasks share, and what each has of its own."""
