"""The one error of the wire."""

from __future__ import annotations


class SignatureError(Exception):
    """A message cannot be shown to come, unchanged and lately, from who knows the secret; or cannot be signed."""
