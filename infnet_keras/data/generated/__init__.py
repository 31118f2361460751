"""Logs made up for a spec."""
