"""A study: many models on the same data, one budget, and the paper's tables and figures of them."""
