"""Trello's webhooks: the HEAD handshake, the signature, and what a delivery hints at.

Manual: https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.sdk.types import Hint
from connectors.trello.types import Action
from webhooks import SignatureError

CLIENT_IDENTIFIER = "damhub"
"""Sent with every write; Trello sends it back with the deliveries that the write causes."""
SIGNATURE = "x-trello-webhook"
ECHO = "x-trello-client-identifier"
ABOUT_ATTACHMENTS = frozenset({"addAttachmentToCard", "deleteAttachmentFromCard"})


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")
    action: Action


class TrelloInbound:
    """Verifies and reads what Trello sends."""

    def greet(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes] | None:
        """Answer 200 to the HEAD that Trello sends before it registers a webhook; it carries no signature."""
        del headers, body
        return (HTTPStatus.OK, {}, b"") if method == "HEAD" else None

    def verify(self, *, secret: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Check base64(HMAC-SHA1(secret, body + callback address)); the secret is the app's, not the token.

        Raises:
            SignatureError: it does not fit, or is no signature at all.
        """
        given = _lower(headers).get(SIGNATURE, "").encode("utf-8", "replace")
        due = sign(secret, url, body).encode()
        if not secret or not hmac.compare_digest(given, due):
            raise SignatureError("the delivery is not signed by Trello")

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read a verified delivery; an event that is not about attachments, or unknown, names no copies."""
        ours = _lower(headers).get(ECHO) == CLIENT_IDENTIFIER
        try:
            action = _Body.model_validate_json(body).action
        except ValidationError:
            return Hint(f"body:{hashlib.sha256(body).hexdigest()}", "unreadable", ours=False)
        attachment = action.data.attachment.id
        refs = (attachment,) if action.type in ABOUT_ATTACHMENTS and attachment else ()
        extra: dict[str, Any] = {"target": action.data.card.id} if action.data.card.id else {}
        card = action.data.card.id
        about = "Card" in action.type or action.type == "updateCustomFieldItem"
        # With a card all its links go, and Trello does not say which these were.
        anything = action.type == "deleteCard"
        return Hint(
            action.id,
            action.type or "unknown",
            refs,
            ours,
            anything=anything,
            extra=extra,
            cards=(card,) if about and card else (),
        )


def sign(secret: str, url: str, body: bytes) -> str:
    """Return the signature that Trello sends: SHA-1 is its choice, and HMAC keeps it sound."""
    return base64.b64encode(hmac.new(secret.encode(), body + url.encode(), hashlib.sha1).digest()).decode()


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
