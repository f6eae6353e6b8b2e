"""Connectors: one folder per outside system, each complete in itself."""
