"""Raw files to tables: where they lie, what they are, their blocks and names."""
