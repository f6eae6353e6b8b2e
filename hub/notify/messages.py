"""Which events go out, and what may be said of them: ids and times, never a title, a file name or a hash.

A body is made once, when the event is taken up, and sent as the same bytes at every try. It may be read long after the
approval that it tells of was revoked, so it names things and shows nothing of them: whoever may see more asks the hub.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from hub.events.models import Event

SUBJECT: Mapping[str, str] = {
    "asset.approved": "asset_id",
    "asset.version_published": "asset_id",
    "placement.proven": "placement_id",
    "placement.withdrawn": "placement_id",
    "rights.ended": "asset_id",
}
"""The kinds that go out, and what the id that each is about is called."""

SAID: Mapping[str, tuple[str, ...]] = {
    "asset.approved": ("version_id",),
    "asset.version_published": ("version_id", "previous_version_id"),
    "placement.proven": ("asset_id", "target_id", "claim", "level", "version_id"),
    "placement.withdrawn": ("asset_id", "target_id", "claim", "level"),
    "rights.ended": ("term_id", "source", "effect", "until_at"),
}
"""What of an event's body is said. Whatever else it holds stays inside."""

KINDS = frozenset(SUBJECT)


def message_of(event: Event) -> str:
    """Return the body for an event: the same text for the same event, always."""
    body = cast("Mapping[str, Any]", event.body)
    said = {name: body[name] for name in SAID[event.kind] if name in body}
    at = datetime.fromtimestamp(event.at / 1000, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    message = {"type": event.kind, "timestamp": at, "data": {SUBJECT[event.kind]: event.subject, **said}}
    return json.dumps(message, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
