"""The wire: signing, verifying, schedule, deduplication; pure, knows no asset."""

from webhooks.errors import SignatureError

__all__ = ["SignatureError"]
