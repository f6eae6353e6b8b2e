"""Asana's webhooks: the handshake that brings the secret, the signature, and what a delivery hints at.

Manual: https://developers.asana.com/docs/webhooks-guide
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from http import HTTPStatus

from pydantic import Field, ValidationError

from connectors.asana.types import Event, Shape
from connectors.sdk.types import Hint
from webhooks import SignatureError

HANDSHAKE = "x-hook-secret"
SIGNATURE = "x-hook-signature"
ABOUT_LINKS = frozenset({"added", "changed", "deleted", "undeleted"})


class _Body(Shape):
    events: list[Event] = Field(default_factory=list[Event])


class AsanaInbound:
    """Verifies and reads what Asana sends."""

    def offered(self, headers: Mapping[str, str]) -> str | None:
        """Return the secret that a handshake hands over."""
        return _lower(headers).get(HANDSHAKE)

    def greet(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes] | None:
        """Repeat the secret; the hub has decided before whether it may come at all."""
        del body
        secret = self.offered(headers)
        return (HTTPStatus.OK, {"X-Hook-Secret": secret}, b"") if method == "POST" and secret is not None else None

    def verify(self, *, secret: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Check hex(HMAC-SHA256(secret, raw body)).

        Raises:
            SignatureError: it does not fit, or is no signature at all.
        """
        del url
        given = _lower(headers).get(SIGNATURE, "").encode("utf-8", "replace")
        if not secret or not hmac.compare_digest(given, sign(secret, body).encode()):
            raise SignatureError("the delivery is not signed by Asana")

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read a verified delivery. It has no id, so its bytes name it; nor does it say which app caused it."""
        del headers
        key = f"body:{hashlib.sha256(body).hexdigest()}"
        try:
            events = _Body.model_validate_json(body).events
        except ValidationError:
            return Hint(key, "unreadable")
        about = [event for event in events if event.resource.resource_type == "attachment"]
        refs = dict.fromkeys(event.resource.gid for event in about if event.action in ABOUT_LINKS)
        kinds = dict.fromkeys(f"{event.resource.resource_type}.{event.action}" for event in events)
        things = [one for event in events for one in (event.resource, event.parent) if one is not None]
        cards = dict.fromkeys(one.gid for one in things if one.resource_type == "task")
        return Hint(key, ",".join(kinds) or "heartbeat", tuple(refs), cards=tuple(cards))


def sign(secret: str, body: bytes) -> str:
    """Return the signature that Asana sends."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
