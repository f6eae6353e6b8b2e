"""What people see of our links beside the links themselves, where the settings ask for it.

A custom text field names all assets that are linked to a task: it is made from the links that stand there, so writing
it again is harmless and puts right what an earlier failure left. A comment tells of a link that was taken away.
"""

from __future__ import annotations

from typing import Any

from connectors.asana.calls import API, Calls
from connectors.asana.types import Attachment, Settings
from connectors.sdk.http import Api
from connectors.sdk.marker import marker_in
from connectors.sdk.types import Target

LONGEST_TEXT = 1024
TAKEN_AWAY = "The link “{name}” was taken away: it may not be used here any more."


class Notes:
    """Writes them."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._field = settings.asset_field
        self._comments = settings.comments

    def links(self, calls: Calls, target: Target) -> list[Attachment]:
        """Return our links on a task; none where nobody wants to know."""
        if not (self._field or self._comments):
            return []
        return [one for one in calls.attachments(target.ref) if one.is_link and marker_in(one.view_url or "")]

    def before_link(self, calls: Calls, target: Target, name: str) -> None:
        """Name a link that is about to be made, after those that stand there."""
        if self._field:
            self._name([*(link.name or "" for link in self.links(calls, target)), name], target)

    def after_withdrawal(self, target: Target, ref: str, links: list[Attachment]) -> None:
        """Name what is left, and say what went, unless its replacement stands there."""
        left = [link for link in links if link.gid != ref]
        if self._field:
            self._name([link.name or "" for link in left], target)
        gone = next((link for link in links if link.gid == ref), None)
        if self._comments and gone is not None and _marker(gone) not in map(_marker, left):
            text = TAKEN_AWAY.format(name=gone.name or "")
            self._api.post(f"{API}/tasks/{target.ref}/stories", dict[str, Any], json={"data": {"text": text}})

    def _name(self, names: list[str], target: Target) -> None:
        text = ", ".join(dict.fromkeys(names))
        short = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
        change = {"custom_fields": {self._field: short or None}}
        self._api.put(f"{API}/tasks/{target.ref}", dict[str, Any], json={"data": change})


def _marker(link: Attachment) -> str | None:
    return marker_in(link.view_url or "")
