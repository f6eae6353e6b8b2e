"""A word that a remote repeats in its webhooks, for those that sign nothing: whoever knows it was told by the hub."""

from __future__ import annotations

import hashlib
import hmac

from webhooks import SignatureError


def hook_token(secret: str, url: str) -> str:
    """Return the word for one callback address: it tells nothing of the secret, and fits no other address."""
    return hmac.new(secret.encode(), f"damhub webhook {url}".encode(), hashlib.sha256).hexdigest()


def check_hook_token(given: str, *, secret: str, url: str) -> None:
    """Compare in constant time.

    Raises:
        SignatureError: it is another word, or there is no secret to compare with.
    """
    due = hook_token(secret, url).encode()
    if not secret or not hmac.compare_digest(given.encode("utf-8", "replace"), due):
        raise SignatureError("the delivery does not repeat what the hub told the remote")
