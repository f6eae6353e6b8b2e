"""Asana's event streams: one for each project, read in turn.

The cursor holds each project's sync token, and which projects are still to be read in this round. Asana forgets tokens
after 24 hours, sooner under load; that comes back as lost, with a fresh beginning of all streams. No event names a new
attachment: of each task that something happened to, the files are read.
Manual: https://developers.asana.com/reference/events
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from pydantic import BaseModel, ConfigDict, Field

from connectors.asana.calls import API, Calls
from connectors.asana.items import file
from connectors.asana.types import Event, News
from connectors.sdk.errors import Missing
from connectors.sdk.http import Api
from connectors.sdk.types import Change, Changes

GOES, COMES = "deleted", "undeleted"


class _Place(BaseModel):
    """Where we are in all streams."""

    model_config = ConfigDict(extra="forbid")

    sync: dict[str, str] = Field(default_factory=dict)
    left: list[str] = Field(default_factory=list)


def read_feed(api: Api, calls: Calls, projects: Sequence[str], cursor: str | None) -> Changes:
    """Tell what the next project's stream says; without a cursor, begin all streams."""
    if cursor is None:
        return Changes((), _cursor({project: _news(api, project, None).sync for project in projects}, []))
    place = _Place.model_validate_json(cursor)
    sync = {project: place.sync[project] for project in projects if project in place.sync}
    left = [project for project in place.left if project in projects] or list(projects)
    if not left:
        return Changes((), _cursor(sync, []))
    project = left[0]
    # A project that is new to us has no token: what it holds already is told by nothing but a full read.
    news = _news(api, project, sync.get(project))
    if news.data is None:
        return replace(read_feed(api, calls, projects, None), lost=True)
    sync[project] = news.sync
    left = left if news.has_more else left[1:]
    return Changes(_with_files(calls, news.data), _cursor(sync, left), more=bool(left))


def _news(api: Api, project: str, token: str | None) -> News:
    return api.get(f"{API}/events", News, query={"resource": project, "sync": token})


def _cursor(sync: dict[str, str], left: list[str]) -> str:
    return json.dumps({"sync": sync, "left": left}, separators=(",", ":"))


def _with_files(calls: Calls, events: Sequence[Event]) -> tuple[Change, ...]:
    """Return what the events tell, and the files as they are now on each task that is named and not gone."""
    told = {change.ref: change for change in _told(events)}
    for task in dict.fromkeys(task for event in events if (task := _task_of(event)) is not None):
        if task in told and told[task].gone:
            continue
        with suppress(Missing):  # gone meanwhile, as a later event will say
            told.update((one.gid, Change(one.gid, item=file(task, one))) for one in calls.files(task))
    return tuple(told.values())


def _task_of(event: Event) -> str | None:
    """Return the task that an event says something of, unless it only ends something."""
    if event.action == GOES:
        return None
    return next((one.gid for one in (event.resource, event.parent) if one and one.resource_type == "task"), None)


def _told(events: Iterable[Event]) -> tuple[Change, ...]:
    """Return each thing once, as the last event about it says."""
    told: dict[str, Change] = {}
    for event in events:
        change = _change(event)
        if change is not None:
            told.pop(change.ref, None)
            told[change.ref] = change
    return tuple(told.values())


def _change(event: Event) -> Change | None:
    """Read one event: of tasks all count; of links only their end, and a story says that the task should be read."""
    match event.resource.resource_type:
        case "task":
            return Change(event.resource.gid, gone=event.action == GOES)
        case "attachment" if event.action in (GOES, COMES):
            return Change(event.resource.gid, gone=event.action == GOES)
        case "attachment" | "story" if event.parent is not None and event.parent.resource_type == "task":
            return Change(event.parent.gid)
        case _:
            return None
