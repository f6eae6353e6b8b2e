"""LinkedIn's webhooks: the challenge, the signature, and which post somebody liked, commented on or shared.

https://learn.microsoft.com/linkedin/shared/api-guide/webhook-validation
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping

from pydantic import BaseModel, Field, ValidationError

from connectors.sdk.types import Hint
from webhooks import SignatureError

KIND = "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"
SIGNATURE = "x-li-signature"
PREFIX = b"hmacsha256="
"""It is signed, and not sent."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_POST = re.compile(r"urn:li:(?:share|ugcPost):\d{1,30}")


class _Notification(BaseModel):
    id: int | str = Field(alias="notificationId")
    post: str = Field(default="", alias="sourcePost")


class _Body(BaseModel):
    type: str = ""
    notifications: list[_Notification] = []


class LinkedInInbound:
    """Verifies and reads what LinkedIn sends."""

    def challenge(self, query: Mapping[str, str], *, secret: str) -> tuple[int, Mapping[str, str], bytes] | None:
        """Sign the word that LinkedIn sends every two hours.

        The same secret signs deliveries: whoever could have any text signed here could forge them, so only what
        LinkedIn sends, a UUID, is signed.
        """
        word = query.get("challengeCode", "")
        if not secret or _UUID.fullmatch(word) is None:
            return None
        told = {"challengeCode": word, "challengeResponse": _hex(secret, word.encode())}
        headers = {"Content-Type": "application/json", "X-Content-Type-Options": "nosniff"}
        return 200, headers, json.dumps(told).encode()

    def greet(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes] | None:
        """Deliveries bring no handshake."""
        del method, headers, body

    def verify(self, *, secret: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Check HMAC-SHA256 over a prefix and the body, in hexadecimal digits; the secret is the app's.

        Raises:
            SignatureError: it does not fit, or is no signature at all.
        """
        del url
        given = {name.lower(): value for name, value in headers.items()}.get(SIGNATURE, "")
        if not secret or not hmac.compare_digest(given.encode("utf-8", "replace"), sign(secret, body).encode()):
            raise SignatureError("the delivery is not signed by LinkedIn")

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read a verified delivery: up to ten notifications, each with a number that a repeat has again."""
        del headers
        unread = Hint(f"body:{hashlib.sha256(body).hexdigest()}", "unknown")
        try:
            told = _Body.model_validate_json(body)
        except ValidationError:
            return unread
        if told.type != KIND or not told.notifications:
            return unread
        refs = dict.fromkeys(one.post for one in told.notifications if _POST.fullmatch(one.post))
        numbers = "+".join(str(one.id) for one in told.notifications)
        return Hint(f"notified:{hashlib.sha256(numbers.encode()).hexdigest()}", told.type, tuple(refs))


def sign(secret: str, body: bytes) -> str:
    """Return the signature that LinkedIn sends."""
    return _hex(secret, PREFIX + body)


def _hex(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
