"""Asana: links to our delivery address on tasks.

An attachment has no update in Asana's contract: a changed name is a new attachment and the old one withdrawn.
Manual: https://developers.asana.com/reference/attachments
"""

from __future__ import annotations

from contextlib import suppress
from typing import IO

from connectors.asana import items
from connectors.asana.calls import API, Calls
from connectors.asana.cards import Cards
from connectors.asana.feed import read_feed
from connectors.asana.notes import Notes
from connectors.asana.types import Attachment, MadeWebhook, Named, One, Settings, Task, Webhook
from connectors.sdk.errors import Missing
from connectors.sdk.http import Api
from connectors.sdk.marker import marker_in
from connectors.sdk.multipart import plain_form
from connectors.sdk.types import (
    BOARD,
    Account,
    Agreement,
    Board,
    Card,
    Changes,
    Copy,
    Fetched,
    Item,
    JsonValue,
    Outgoing,
    Page,
    Part,
    PartKind,
    Receipt,
    Target,
)

FULL = 100
WATCHED: list[JsonValue] = [
    {"resource_type": kind, "action": action} for kind in ("attachment", "task") for action in ("deleted", "undeleted")
]
"""All that a task's webhook can tell of links on it: Asana sends nothing when one is added."""
WATCHED_TASKS: list[JsonValue] = [
    {"resource_type": "task", "action": action} for action in ("added", "changed", "removed", "deleted", "undeleted")
]
"""All that a project's webhook can tell of the tasks in it."""


class Asana:
    """One person's Asana."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._calls = Calls(api, settings)
        self._cards = Cards(api, self._calls)
        self._notes = Notes(api, settings)

    def identify(self) -> Account:
        """Read the person that the token belongs to."""
        me = self._api.get(f"{API}/users/me", One[Named], query={"opt_fields": "name"}).data
        return Account(key=me.gid, label=me.name or me.gid, user=me.name or "")

    def targets(self, cursor: str | None) -> Page[Target]:
        """List the incomplete tasks of all projects; the cursor is a project, and where its list goes on."""
        projects = self._calls.projects()
        found: list[Target] = []
        for project, offset in _left(projects, cursor):
            page = self._calls.tasks(project, offset)
            found += [_target(project, task) for task in page.items if _first_home(task, projects) == project.gid]
            if page.cursor is not None or len(found) >= FULL:
                return Page(tuple(found), f"{project.gid}:{page.cursor or ''}")
        return Page(tuple(found), None)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Attach our link; the marker stands in its path."""
        name = _name(outgoing)
        # First what may be written twice: were it refused after the link is there, the refusal would be no whole truth.
        self._notes.before_link(self._calls, target, name)
        fields = {"parent": target.ref, "resource_subtype": "external", "name": name, "url": outgoing.link}
        body, headers = plain_form(fields)
        made = self._api.ask("POST", f"{API}/attachments", content=body, headers=headers).parse(One[Attachment]).data
        return Receipt(made.gid, (Part(PartKind.LINK, made.gid),), target.url)

    def withdraw(self, target: Target, ref: str) -> None:
        """Delete the attachment."""
        try:
            links = self._notes.links(self._calls, target)
        except Missing:  # the whole task is gone
            return
        with suppress(Missing):
            self._api.delete(f"{API}/attachments/{ref}")
        self._notes.after_withdrawal(target, ref, links)

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """List all attachments of the task and compare the markers in their addresses."""
        copies = (_copy(target, attachment) for attachment in self._calls.attachments(target.ref))
        return tuple(copy for copy in copies if copy.marker == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read one attachment."""
        return _copy(target, self._calls.attachment(ref))

    def subscribe(self, target: Target, callback_url: str) -> str | Agreement:
        """Register a webhook on the task or project, unless one works; Asana hands its secret over first."""
        whole = target.kind == BOARD
        space = self._calls.project(target.ref).workspace if whole else self._workspace_of(target)
        query = {"workspace": space.gid if space else None, "resource": target.ref}
        for webhook in self._calls.every("/webhooks", Webhook, query):
            if webhook.target == callback_url and webhook.active:
                return webhook.gid
            if webhook.target == callback_url:  # nothing switches it on again
                self.unsubscribe(webhook.gid)
        wanted = {"resource": target.ref, "target": callback_url, "filters": WATCHED_TASKS if whole else WATCHED}
        made = self._api.post(f"{API}/webhooks", MadeWebhook, json={"data": wanted})
        return Agreement(made.data.gid, made.secret)

    def unsubscribe(self, ref: str) -> None:
        """Delete a webhook."""
        try:
            self._api.delete(f"{API}/webhooks/{ref}")
        except Missing:
            return

    def _workspace_of(self, target: Target) -> Named | None:
        query = {"opt_fields": "workspace"}
        return self._api.get(f"{API}/tasks/{target.ref}", One[Task], query=query).data.workspace

    def boards(self, cursor: str | None) -> Page[Board]:
        """List the projects."""
        del cursor
        return self._cards.boards()

    def board(self, ref: str) -> Board:
        """Read a project with its sections, tags and custom fields."""
        return self._cards.board(ref)

    def cards(self, board: str, cursor: str | None) -> Page[Card]:
        """List a project's tasks."""
        return self._cards.cards(board, cursor)

    def card(self, ref: str) -> Card:
        """Read one task."""
        return self._cards.card(ref)

    def inventory(self, cursor: str | None) -> Page[Item]:
        """List the projects, and the tasks in them that hold files, a few tasks with each call."""
        projects = self._calls.projects()
        left = _left(projects, cursor)
        if not left:
            return Page((), None)
        project, offset = left[0]
        found = items.of_project(self._calls, project) if offset is None else []
        page = self._calls.all_tasks(project, offset)
        listed = {one.gid for one in projects}
        for task in page.items:
            if _first_home(task, projects) == project.gid:
                homes = tuple(home.gid for home in task.projects if home.gid in listed)
                found += items.of_task(self._calls, task, homes, listed)
        at_end = page.cursor is None and len(left) == 1
        return Page(tuple(found), None if at_end else f"{project.gid}:{page.cursor or ''}")

    def fetch(self, ref: str, into: IO[bytes]) -> Fetched:
        """Read a file's bytes where Asana's storage hands them out."""
        return items.fetch(self._api, self._calls, ref, into)

    def changes(self, cursor: str | None) -> Changes:
        """Read the event streams of all projects, one project with each call."""
        return read_feed(self._api, self._calls, [project.gid for project in self._calls.projects()], cursor)


def _order(gid: str) -> tuple[int, str]:
    return (len(gid), gid)


def _left(projects: list[Named], cursor: str | None) -> list[tuple[Named, str | None]]:
    """Return the projects that are still to be read, the first with where its list goes on."""
    at, _, offset = (cursor or "").partition(":")
    return [
        (project, offset if project.gid == at else None)
        for project in projects
        if _order(project.gid) > _order(at) or (project.gid == at and offset)
    ]


def _first_home(task: Task, projects: list[Named]) -> str:
    """Return the project under which a task is listed, as it may stand in several."""
    homes = {home.gid for home in task.projects}
    return next((project.gid for project in projects if project.gid in homes), "")


def _target(project: Named, task: Task) -> Target:
    return Target("task", task.gid, f"{project.name or project.gid} / {task.name or task.gid}", task.permalink_url)


def _name(outgoing: Outgoing) -> str:
    name = outgoing.fields.get("name")
    return name if isinstance(name, str) and name else outgoing.filename


def _copy(target: Target, attachment: Attachment) -> Copy:
    # A file that somebody uploaded is never ours, whatever it is called: we only attach links.
    return Copy(
        ref=attachment.gid,
        marker=marker_in(attachment.view_url or "") if attachment.is_link else None,
        content_key=None,
        fields={"name": attachment.name or ""},
        parts=(Part(PartKind.LINK, attachment.gid),),
        url=target.url,
    )
