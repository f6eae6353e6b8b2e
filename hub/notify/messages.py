"""What is said of an event: ids, times and closed words, never a title, a file name or a hash.

A body is made once, when the event is taken up, and sent as the same bytes at every try. It may be read long after the
approval that it tells of was revoked, so it names things and shows nothing of them: whoever may see more asks the hub.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from hub.events.models import Event
from hub.notify.kinds import KINDS, TEST, EventType


def said_of(event: Event) -> dict[str, Any]:
    """Return the message for an event of one of the `KINDS`: the same for the same event, always."""
    kind = KINDS[event.kind]
    body = cast("Mapping[str, Any]", event.body)
    said = {name: body[name] for name in kind.fields if name in body}
    return _message(kind, event.at, {kind.subject: event.subject, **said})


def message_of(event: Event) -> str:
    """Return the bytes that go out for an event, as text."""
    return written(said_of(event))


def trial_message(endpoint_id: str, at: int) -> str:
    """Return the bytes of a message that only tests whether messages arrive."""
    return written(_message(TEST, at, {TEST.subject: endpoint_id}))


def written(message: Mapping[str, Any]) -> str:
    """Write a message as it is signed: one line, names in order."""
    return json.dumps(message, sort_keys=True, ensure_ascii=True, separators=(",", ":"))


def about(event: Event) -> str:
    """Return the id of what is told in order: the asset's where an event is about one, or else the subject's."""
    if KINDS[event.kind].subject == "asset_id":
        return event.subject
    return str(cast("Mapping[str, Any]", event.body).get("asset_id") or event.subject)


def _message(kind: EventType, at: int, data: dict[str, Any]) -> dict[str, Any]:
    when = datetime.fromtimestamp(at / 1000, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"type": kind.name, "version": kind.version, "timestamp": when, "data": data}
