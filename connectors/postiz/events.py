"""Postiz's webhooks: something was published, and mostly not what. A person enters the address in Postiz.

They carry no signature, no event, no id, and come once: the body of a real one is `[]` (gitroomhq/postiz-app#1861), and
only the button "Send test" shows posts in it. So they only make the hub look; the list of posts is the truth.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from connectors.sdk.types import Hint
from webhooks import SignatureError

WORD = "secret"
"""The address that a person enters in Postiz ends in `?secret=` and the secret that the hub showed with it."""


class _Published(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: str


_BODY = TypeAdapter(list[_Published])


class PostizInbound:
    """Verifies and reads what Postiz sends."""

    def greet(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes] | None:
        """There is no handshake."""
        del method, headers, body

    def verify(self, *, secret: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Compare the word in the address with the secret: nothing else tells Postiz from anybody.

        Raises:
            SignatureError: it is another one, or there is none.
        """
        del headers, body
        try:
            given = parse_qs(urlsplit(url).query).get(WORD, [""])
        except ValueError:
            given = [""]
        # A secret holds no blanks: where one stands, somebody entered it as it is, and "+" was read as a blank.
        word = given[0].replace(" ", "+").encode("utf-8", "replace")
        if not secret or len(given) != 1 or not hmac.compare_digest(word, secret.encode()):
            raise SignatureError("the address does not hold the secret that the hub showed with it")

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read a delivery: an empty list says that something was published, and nothing more."""
        del headers
        key = f"body:{hashlib.sha256(body).hexdigest()}"
        try:
            refs = tuple(post.id for post in _BODY.validate_json(body))
        except ValidationError:
            return Hint(key, "unknown")
        return Hint(key, "published", refs, anything=not refs)
