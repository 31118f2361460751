"""Models of products of embeddings."""
