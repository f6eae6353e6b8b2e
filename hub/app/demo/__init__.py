"""The demo: a hub of its own, sandboxes to speak to, and the life of a picture, proven copy by copy."""
