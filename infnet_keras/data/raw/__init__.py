"""Files to typed columns: where raw files lie, their blocks, the type of each column, lookups."""
