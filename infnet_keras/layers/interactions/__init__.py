"""Products of embeddings."""
