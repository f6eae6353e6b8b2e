"""Tasks as bindings read them: what they say, in which section of which project they lie, tags, custom fields."""

from __future__ import annotations

from connectors.asana.calls import API, Calls
from connectors.asana.types import CardTask, FieldSetting, Named, One
from connectors.sdk import types
from connectors.sdk.http import Api
from connectors.sdk.types import Board, Card, Page, Target

FIELDS = (
    "name,notes,completed,permalink_url,memberships.project.name,memberships.section.name,tags,"
    "custom_fields.display_value"
)


class Cards:
    """Reads them."""

    def __init__(self, api: Api, calls: Calls) -> None:
        self._api, self._calls = api, calls

    def boards(self) -> Page[Board]:
        """List the projects that are not archived."""
        return Page(tuple(Board(one.gid, one.name or one.gid) for one in self._calls.projects()), None)

    def board(self, ref: str) -> Board:
        """Read a project's name, sections, custom fields, and the tags of its workspace."""
        path = f"/projects/{ref}"
        project = self._calls.project(ref)
        sections = self._calls.every(f"{path}/sections", Named, {"opt_fields": "name"})
        space = project.workspace.gid if project.workspace else ""
        tags = self._calls.every(f"/workspaces/{space}/tags", Named, {"opt_fields": "name"}) if space else []
        settings = {"opt_fields": "custom_field.name"}
        fields = [
            one.custom_field for one in self._calls.every(f"{path}/custom_field_settings", FieldSetting, settings)
        ]
        return Board(ref, project.name or ref, _named(sections), _named(tags), _named(fields))

    def cards(self, board: str, cursor: str | None) -> Page[Card]:
        """List a page of a project's tasks, completed ones too."""
        page = self._calls.page("/tasks", CardTask, {"project": board, "opt_fields": FIELDS}, cursor)
        return Page(tuple(_card(task) for task in page.items), page.cursor)

    def card(self, ref: str) -> Card:
        """Read one task."""
        return _card(self._api.get(f"{API}/tasks/{ref}", One[CardTask], query={"opt_fields": FIELDS}).data)


def _named(found: list[Named]) -> tuple[types.Named, ...]:
    return tuple(types.Named(one.gid, one.name) for one in found if one.name)


def _card(task: CardTask) -> Card:
    homes = sorted((one for one in task.memberships if one.project), key=lambda one: one.order)
    called = (homes[0].project.name or homes[0].project.gid) if homes and homes[0].project else ""
    values = {one.gid: one.display_value or "" for one in task.custom_fields}
    return Card(
        target=Target("task", task.gid, f"{called} / {task.name or task.gid}", task.permalink_url),
        title=task.name or "",
        text=task.notes or "",
        lies={one.project.gid: one.section.gid if one.section else "" for one in homes if one.project},
        labels=tuple(tag.gid for tag in task.tags),
        fields={field: value for field, value in values.items() if value},
        done=bool(task.completed),
    )
