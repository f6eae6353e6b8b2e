"""The one way in which a webhook can be refused."""

from __future__ import annotations


class SignatureError(Exception):
    """A delivery that is not signed as it must be, whatever is wrong with it. Says nothing of the secret."""
