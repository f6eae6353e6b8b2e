"""Uploaded files as an import sees them: projects and tasks are folders; of links only those of hubs are told.

Nothing tells which tasks hold files: each is asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import IO

from connectors.asana.calls import Calls
from connectors.asana.types import Attachment, Named, Task
from connectors.sdk.errors import BadAnswer, Rejected, Unreachable
from connectors.sdk.http import Api
from connectors.sdk.marker import marker_in
from connectors.sdk.types import Fetched, Item, ItemKind

BYTES_FIELDS = "resource_subtype,size,download_url"


def of_project(calls: Calls, project: Named) -> list[Item]:
    """Return a project as a folder, and the files among its key resources."""
    folder = Item(project.gid, ItemKind.FOLDER, project.name or project.gid)
    return [folder, *_held(calls, project.gid)]


def of_task(calls: Calls, task: Task, parents: tuple[str, ...], listed: Collection[str]) -> list[Item]:
    """Return a task as a folder with what it and its subtasks hold; nothing where that is nothing.

    A subtask that stands in one of the projects that are listed is met there, and not here.
    """
    inside = _held(calls, task.gid)
    for subtask in calls.subtasks(task):
        if not any(home.gid in listed for home in subtask.projects):
            inside += of_task(calls, subtask, (task.gid,), listed)
    folder = Item(task.gid, ItemKind.FOLDER, task.name or task.gid, parents, url=task.permalink_url)
    return [folder, *inside] if inside else []


def _held(calls: Calls, parent: str) -> list[Item]:
    """Return the files that Asana keeps for a task or project, and the links that hubs attached to it."""
    found: list[Item] = []
    for attachment in calls.held(parent):
        if attachment.is_file:
            found.append(file(parent, attachment))
        elif attachment.is_link and (marker := marker_in(attachment.view_url or "")):
            found.append(link(parent, attachment, marker))
    return found


def link(task: str, attachment: Attachment, marker: str) -> Item:
    """Return a link that a hub attached."""
    return Item(
        ref=attachment.gid,
        kind=ItemKind.LINK,
        name=attachment.name or attachment.gid,
        parents=(task,),
        modified_at=_milliseconds(attachment.created_at),
        url=attachment.permanent_url,
        marker=marker,
        place=task,
    )


def file(parent: str, attachment: Attachment) -> Item:
    """Return an uploaded file. Its bytes never change: other bytes are another attachment."""
    return Item(
        ref=attachment.gid,
        kind=ItemKind.FILE,
        name=attachment.name or attachment.gid,
        parents=(parent,),
        size=attachment.size,
        modified_at=_milliseconds(attachment.created_at),
        revision=attachment.gid,
        url=attachment.permanent_url,
    )


def fetch(api: Api, calls: Calls, ref: str, into: IO[bytes]) -> Fetched:
    """Read a file's bytes where Asana's storage hands them out: at an address that is asked for anew each time.

    Whoever has the address may read it, and it lies elsewhere: our credentials do not go there.

    Raises:
        Rejected: it is a link, or lies at another service.
        Unreachable: the storage does not hand it out, or in part; the next try gets a fresh address.
    """
    known = calls.attachment(ref, BYTES_FIELDS)
    if not known.is_file:
        raise Rejected("This is a link, or a file that lies at another service: Asana holds no bytes of it.")
    if not known.download_url:
        raise BadAnswer("Asana names no address at which this file could be read. Fetch it by hand.", detail=ref)
    found = api.look_public(known.download_url, into)
    if not found.whole:
        why = f"{ref}: {found.status} of the storage"
        raise Unreachable("Asana's storage does not hand the file out now. The hub reads it again.", detail=why)
    if known.size not in (None, found.size):
        raise Unreachable("A file came in part. The hub reads it again.", detail=f"{ref}: {found.size} bytes")
    return Fetched(found.size, found.media_type, known.gid)


def _milliseconds(moment: datetime | None) -> int | None:
    return round(moment.timestamp() * 1000) if moment else None
