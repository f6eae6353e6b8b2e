"""Reads that several abilities share. Lists are always asked for in pages: without a limit Asana cuts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from connectors.asana.types import Attachment, Many, Named, One, Settings, Task
from connectors.sdk.http import Api
from connectors.sdk.paging import every
from connectors.sdk.types import Page

T = TypeVar("T")
API = "/api/1.0"
PAGE_SIZE = 100
LINK_FIELDS = "name,resource_subtype,view_url"


class Calls:
    """Lists of one person's Asana."""

    def __init__(self, api: Api, settings: Settings) -> None:
        self._api = api
        self._workspace = settings.workspace

    def projects(self) -> list[Named]:
        """List the projects that are not archived, oldest first, of the one workspace or of all."""
        workspaces = [self._workspace] if self._workspace else [one.gid for one in self.every("/workspaces", Named, {})]
        found = [
            project
            for workspace in workspaces
            for project in self.every("/projects", Named, {"workspace": workspace, "archived": False})
        ]
        return sorted(found, key=lambda project: (len(project.gid), project.gid))

    def tasks(self, project: Named, offset: str | None) -> Page[Task]:
        """List a page of a project's incomplete tasks."""
        query = {
            "project": project.gid,
            "completed_since": "now",
            "opt_fields": "name,permalink_url,projects",
        }
        return self._page("/tasks", Task, query, offset)

    def attachments(self, task: str) -> list[Attachment]:
        """List everything that is attached to a task."""
        return self.every("/attachments", Attachment, {"parent": task, "opt_fields": LINK_FIELDS})

    def attachment(self, ref: str) -> Attachment:
        """Read one attachment."""
        return self._api.get(f"{API}/attachments/{ref}", One[Attachment], query={"opt_fields": LINK_FIELDS}).data

    def every(self, path: str, shape: type[T], query: Mapping[str, str | bool | None]) -> list[T]:
        """Read all pages of a list."""
        return list(every(lambda offset: self._page(path, shape, query, offset)))

    def _page(self, path: str, shape: type[T], query: Mapping[str, str | bool | None], offset: str | None) -> Page[T]:
        asked = {**query, "limit": PAGE_SIZE, "offset": offset}
        page = self._api.ask("GET", f"{API}{path}", query=asked).parse(Many[shape])
        return Page(tuple(page.data), page.next_page.offset if page.next_page else None)
