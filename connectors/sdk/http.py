"""The authenticated, guarded client that a connector speaks through."""
