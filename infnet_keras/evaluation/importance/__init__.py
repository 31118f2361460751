"""Which inputs a model's ranking rests on."""
