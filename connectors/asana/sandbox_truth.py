"""What people do with the made-up Asana's tasks, and what is true of projects and tasks in the words of the SDK."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from connectors.asana.events import sign
from connectors.asana.sandbox_answers import event, named, task_of
from connectors.asana.sandbox_tasks import FIELD, FIELDS, SECTIONS, TAG, TAGS, WORKSPACES, section
from connectors.sdk.types import Board, Card, Named, Target
from connectors.testing.hooks import Delivery
from connectors.testing.ledger import What

if TYPE_CHECKING:
    from connectors.asana.sandbox_streams import Streams
    from connectors.asana.sandbox_tasks import Tasks
    from connectors.testing.ledger import Ledger

CALLBACK = "https://hub.example/hooks/subscription"
ME = {"gid": "1200000000000001", "resource_type": "user", "name": "Dana Editor", "email": "dana@example.com"}
SIGNED_WITH = "c0ffee5ec2e7f00dc0ffee5ec2e7f00d"


class Dealing:
    """People make, change and delete tasks."""

    lay: Tasks
    ledger: Ledger
    streams: Streams
    made: int

    def happened(self, task: str, action: str, resource: Mapping[str, Any], parent: Mapping[str, Any] | None) -> None:
        """Tell streams and webhooks."""
        raise NotImplementedError

    def add_task(self, name: str, *, parent: str = "") -> str:
        """Somebody makes a task, of which the streams tell twice, for the project and for its section; or a subtask."""
        self.made += 1
        gid, project = f"13{self.made:014}", "" if parent else "1200000000001001"
        self.lay.add(gid, name, project, parent=parent)
        there = named("1200000000001801", "section", "")
        for above in (task_of(parent),) if parent else (named(project, "project", ""), there):
            self.happened(gid, "added", named(gid, "task", name), above)
        return gid

    def drop_task(self, gid: str) -> None:
        """Somebody deletes a task."""
        self.happened(gid, "deleted", named(gid, "task", self.lay.tasks[gid]["name"]), None)
        del self.lay.tasks[gid]

    def all_boards(self) -> tuple[Board, ...]:
        """All projects that are not archived."""
        return all_boards(self.lay)

    def on_board(self, board: str) -> tuple[Card, ...]:
        """Tell the tasks of a project as they are."""
        return on_board(self.lay, board)

    def deal(self, board: str, title: str, text: str = "", *, done: bool = False) -> str:
        """Somebody makes a task in the second section."""
        self.made += 1
        gid = deal(self.lay, f"13{self.made:014}", board, title, text, done=done)
        self.happened(gid, "added", named(gid, "task", title), named(board, "project", ""))
        return gid

    def say(self, task: str) -> None:
        """Tell that somebody changed a task."""
        self.happened(task, "changed", named(task, "task", self.lay.tasks[task]["name"]), None)

    def discard(self, ref: str) -> None:
        """Somebody deletes a task; with it goes what is attached to it."""
        for one in self.ledger.living(ref):
            self.ledger.add(What.REMOVED, one, ref, by="somebody")
        self.drop_task(ref)

    def card_news(self, ref: str) -> Delivery:
        """Asana tells that a task changed."""
        what = event(ME["gid"], "changed", named(ref, "task", ""), None, len(self.streams))
        return hook_delivery(CALLBACK, SIGNED_WITH, [what])


def hook_delivery(url: str, secret: str, events: list[dict[str, Any]]) -> Delivery:
    """Make a signed webhook."""
    body = json.dumps({"events": events}).encode()
    headers = {"Content-Type": "application/json", "X-Hook-Signature": sign(secret, body)}
    return Delivery(url, headers, body, secret=secret, tells_whose=False)


def deal(tasks: Tasks, gid: str, project: str, title: str, text: str, *, done: bool) -> str:
    """Make a task in the second section, with a tag and something in a custom field."""
    tasks.add(gid, title, project)
    tasks.tasks[gid].update(notes=text, completed=done, section=1, tags=[TAG])
    tasks.tasks[gid]["fields"][FIELD] = "Spring"
    return gid


def all_boards(tasks: Tasks) -> tuple[Board, ...]:
    """Tell every project that is not archived."""
    labels = tuple(Named(gid, name) for gid, name in TAGS.items() if name)
    fields = tuple(Named(gid, name) for gid, name in FIELDS.items())
    return tuple(
        Board(gid, one["name"], tuple(_section(gid, number) for number in range(len(SECTIONS))), labels, fields)
        for gid, one in tasks.projects.items()
        if not one["archived"]
    )


def on_board(tasks: Tasks, project: str) -> tuple[Card, ...]:
    """Tell the tasks of a project."""
    spaces = {name: gid for gid, name in WORKSPACES.items()}
    space = tasks.projects[project]["workspace"]
    return tuple(
        Card(
            Target("task", gid, task["name"], f"https://app.asana.com/1/{spaces.get(space, space)}/task/{gid}"),
            task["name"],
            task["notes"],
            {one: _section(one, task["section"]).ref for one in task["projects"]},
            tuple(task["tags"]),
            {field: text for field, text in task["fields"].items() if text},
            bool(task["completed"]),
        )
        for gid, task in tasks.tasks.items()
        if project in task["projects"]
    )


def _section(project: str, number: int) -> Named:
    one = section(project, number)
    return Named(one["gid"], one["name"])
