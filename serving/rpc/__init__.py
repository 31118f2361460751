"""The gRPC API: prediction, model and health services."""
