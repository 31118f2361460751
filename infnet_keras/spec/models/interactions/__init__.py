"""Options of models of products of embeddings."""
