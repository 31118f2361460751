"""The same spec and model run by TFX: from raw logs to a blessed, pushed SavedModel."""
