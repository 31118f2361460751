"""A user's events in order, and what each impression may see of them."""
