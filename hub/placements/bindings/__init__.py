"""Bindings: cards like these show assets like those, by themselves."""
