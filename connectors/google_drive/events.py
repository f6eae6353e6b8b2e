"""Watch channels: their names, and the notifications that come through them.

A notification has headers only and says that something changed, not what: the change log is the truth.
https://developers.google.com/workspace/drive/api/guides/push
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from connectors.sdk.answer import Answer
from connectors.sdk.hook_token import check_hook_token
from connectors.sdk.types import Hint
from webhooks import SignatureError

DAY_S = 86_400
LIFE_S = 7 * DAY_S
MOST_A_DAY = 8
"""A channel's id works once, even when the channel was stopped; so one address has so many ids for each day."""
LONGEST_BODY = 1024


def channel_name(drive: str, url: str, at_s: int) -> str:
    """Return what the ids of the channels begin with that send a drive's news to an address, if made that day."""
    return hashlib.sha256(f"{drive} {url} {at_s // DAY_S}".encode()).hexdigest()[:40]


def channel_id(name: str, number: int) -> str:
    """Return the id of one of a day's channels."""
    return f"damhub-{name}-{number}"


def time_of(answer: Answer) -> int:
    """Return the other side's own time in seconds: a channel's end is measured by its clock, not by ours."""
    try:
        return int(parsedate_to_datetime(answer.headers.get("date", "")).timestamp())
    except (ValueError, TypeError, OverflowError):
        raise answer.call.senseless("no usable Date header", status=answer.status) from None


class GoogleDriveInbound:
    """Verifies and reads notifications."""

    def greet(
        self, method: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes] | None:
        """There is no handshake: the first message of a channel is a notification of the state `sync`."""
        del method, headers, body

    def verify(self, *, secret: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Compare the channel's token with the one that the hub gave it.

        Raises:
            SignatureError: it is another one, or there is a body that is none of Drive's.
        """
        check_hook_token(_lower(headers).get("x-goog-channel-token", ""), secret=secret, url=url)
        if body and not _bare(body):
            raise SignatureError("Drive's notifications carry nothing in their bodies")

    def read(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read a verified notification; it names no copies, whatever its state."""
        del body
        sent = _lower(headers)
        channel, number = sent.get("x-goog-channel-id", ""), sent.get("x-goog-message-number", "")
        key = f"{channel}:{number}" if channel and number else f"none:{_digest(sent)}"
        return Hint(key, sent.get("x-goog-resource-state", "") or "unknown")


def _bare(body: bytes) -> bool:
    """Tell whether a body only names its kind, as older notifications of changes did."""
    try:
        return (
            len(body) <= LONGEST_BODY and body == body.strip() and json.loads(body).get("kind", "").startswith("drive#")
        )
    except (ValueError, AttributeError, RecursionError):
        return False


def _digest(headers: Mapping[str, str]) -> str:
    return hashlib.sha256(repr(sorted(headers.items())).encode("utf-8", "replace")).hexdigest()


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
