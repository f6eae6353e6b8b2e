"""The made-up Drive's watch channels: ids that work once, an end, and notifications of headers only."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.google_drive.sandbox_answers import Refused
from connectors.sdk.hook_token import hook_token

LONGEST_MS, USUAL_MS = 604_800_000, 3_600_000
LOOPBACK = "http://127.0.0.1:"


@dataclass(slots=True)
class Channel:
    """One channel; it stays known after it ended."""

    id: str
    url: str
    token: str
    drive: str
    ends_ms: int
    open: bool = True


class Channels:
    """All that were ever opened."""

    def __init__(self, send: Callable[[Any], None], make: Callable[..., Any]) -> None:
        self._send = send
        self._make = make
        self._numbers = itertools.count(2)
        self.known: dict[str, Channel] = {}

    @property
    def live(self) -> list[Channel]:
        """Those that still send."""
        now = time.time() * 1000
        return [one for one in self.known.values() if one.open and one.ends_ms > now]

    def open(self, sent: Mapping[str, Any], drive: str) -> dict[str, Any]:
        """Open one, as asked; the first message says `sync`."""
        if not sent["address"].startswith(("https://", LOOPBACK)):
            raise Refused(400, "push.webhookUrlNotHttps", "WebHook callback must be HTTPS: " + sent["address"])
        if sent["id"] in self.known:
            raise Refused(400, "channelIdNotUnique", f"Channel id {sent['id']} not unique")
        now = int(time.time() * 1000)
        asked = str(sent.get("expiration", now + USUAL_MS))
        if not asked.isdecimal() or int(asked) <= now:
            raise Refused(400, "invalid", "Invalid ttl value in channel request.", "expiration")
        made = Channel(sent["id"], sent["address"], sent.get("token", ""), drive, min(int(asked), now + LONGEST_MS))
        self.known[made.id] = made
        self._send(self._message(made, "sync", 1))
        return {
            "kind": "api#channel", "id": made.id, "resourceId": resource(drive), "token": made.token,
            "resourceUri": "https://www.googleapis.com/drive/v3/changes?alt=json", "expiration": str(made.ends_ms),
        }  # fmt: skip

    def stop(self, name: str, resource_id: str) -> None:
        """End one."""
        found = next((one for one in self.live if one.id == name and resource(one.drive) == resource_id), None)
        if found is None:
            raise Refused(404, "notFound", f"Channel '{name}' not found for project '815'")
        found.open = False

    def tell(self, drive: str) -> None:
        """Tell everybody that something in a drive changed."""
        for one in self.live:
            if one.drive == drive:
                self._send(self._message(one, "change", next(self._numbers)))

    def delivery(self, url: str, secret: str, drive: str, state: str) -> Any:
        """Make a notification of a channel that the hub opened."""
        channel = Channel("damhub-0-0", url, hook_token(secret, url), drive, int(time.time() * 1000) + USUAL_MS)
        return self._message(channel, state or "change", next(self._numbers), secret)

    def _message(self, channel: Channel, state: str, number: int, secret: str = "") -> Any:
        ends = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(channel.ends_ms / 1000))
        headers = {
            "X-Goog-Channel-ID": channel.id, "X-Goog-Channel-Token": channel.token,
            "X-Goog-Channel-Expiration": ends,
            "X-Goog-Resource-ID": resource(channel.drive), "X-Goog-Resource-State": state,
            "X-Goog-Resource-URI": "https://www.googleapis.com/drive/v3/changes?alt=json",
            "X-Goog-Message-Number": str(number),
        }  # fmt: skip
        return self._make(channel.url, headers, b"", secret=secret, names=False, tells_whose=False)


def resource(drive: str) -> str:
    """Return the opaque id of what is watched: the same for each channel on it."""
    return f"res-{drive or 'account'}"
