"""The REST API: URLs, JSON in and out, the ASGI application."""
