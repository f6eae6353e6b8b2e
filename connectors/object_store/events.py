"""What object stores tell of changes: records of events, posted with a token to an address that a person entered.

MinIO posts `{"EventName", "Key", "Records"}` with `Authorization: Bearer <token>`:
https://github.com/minio/minio/blob/master/internal/event/target/webhook.go
The records are Amazon's, whose keys are encoded as in a query:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
Amazon's own come through EventBridge, which can post to any address and send such a header:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from urllib.parse import unquote_plus

from pydantic import BaseModel, Field, ValidationError

from connectors.sdk.beside import MANIFEST_END
from connectors.sdk.types import Hint
from webhooks import SignatureError

CHANGED = ("ObjectCreated:", "ObjectRemoved:", "LifecycleExpiration:")
"""Kinds after which a look may see something else. Told of reads, the hub would look, and be told of that again."""
BRIDGED = frozenset({"Object Created", "Object Deleted"})


class _Named(BaseModel):
    key: str


class _Entity(BaseModel):
    object: _Named


class _Record(BaseModel):
    kind: str = Field(alias="eventName")
    s3: _Entity


class _Records(BaseModel):
    records: list[_Record] = Field(alias="Records", min_length=1)

    @property
    def kind(self) -> str:
        return self.records[0].kind

    def changed(self) -> Iterator[str]:
        return (unquote_plus(one.s3.object.key) for one in self.records if _plain(one.kind).startswith(CHANGED))


class _Bridged(BaseModel):
    kind: str = Field(alias="detail-type")
    detail: _Entity

    def changed(self) -> Iterator[str]:
        """Yield the key as it stands; and decoded, since the manual does not say which it is."""
        key = self.detail.object.key
        yield from (key, unquote_plus(key)) if self.kind in BRIDGED else ()


class StoreEvents:
    """Verifies and reads what a store posts."""

    def greet(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes] | None:
        """There is no handshake."""
        del method, headers, body

    def verify(self, *, secret: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Compare the token with the secret that the hub showed with the address; nothing is signed.

        Raises:
            SignatureError: it is another one, or there is none.
        """
        del url, body
        sent = {name.lower(): value for name, value in headers.items()}.get("authorization", "")
        scheme, _, token = sent.partition(" ")
        given = token.strip().encode("utf-8", "replace")
        if not secret or scheme.lower() != "bearer" or not hmac.compare_digest(given, secret.encode()):
            raise SignatureError("the delivery does not carry the token that the hub showed with the address")

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read a delivery: a time and a sequence stand in each, so the same bytes are the same event, come again."""
        del headers
        key = f"body:{hashlib.sha256(body).hexdigest()}"
        told = _told(body)
        if told is None:
            return Hint(key, "unknown")
        refs = dict.fromkeys(name.removesuffix(MANIFEST_END) for name in told.changed())
        return Hint(key, _plain(told.kind), tuple(refs))


def _told(body: bytes) -> _Records | _Bridged | None:
    for shape in (_Records, _Bridged):
        try:
            return shape.model_validate_json(body)
        except ValidationError:
            continue
    return None


def _plain(kind: str) -> str:
    """Return a kind as Amazon writes it: others put `s3:` before it."""
    return kind.removeprefix("s3:")
