"""Values that are computed from time and history: one class a kind, which says what it reads."""
