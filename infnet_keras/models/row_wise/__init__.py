"""Training steps that move single rows of the tables, on each backend."""
