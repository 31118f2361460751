"""Serving: the embedded server, clients, load tests and deployment artefacts."""
