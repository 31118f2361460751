"""A run on several devices: what each process does of it."""
