"""The authenticated, guarded client that a connector speaks through."""

from __future__ import annotations


class Api:
    """An authenticated client for one remote."""
