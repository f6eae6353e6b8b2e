"""Reads that several abilities share. Lists are always asked for in pages: without a limit Asana cuts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from connectors.asana.types import Attachment, Many, Named, One, Project, Settings, Task
from connectors.sdk.http import Api
from connectors.sdk.paging import every
from connectors.sdk.types import Page

T = TypeVar("T")
API = "/api/1.0"
PAGE_SIZE = 100
LINK_FIELDS = "name,resource_subtype,view_url"
FILE_FIELDS = "name,resource_subtype,size,created_at,permanent_url,view_url"
TASK_FIELDS = "name,permalink_url,projects,num_subtasks"
SOME_TASKS = 20
"""So many tasks are read at once where each costs a call of its own."""


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

    def project(self, ref: str) -> Project:
        """Read one project."""
        return self._api.get(f"{API}/projects/{ref}", One[Project], query={"opt_fields": "name,workspace"}).data

    def tasks(self, project: Named, offset: str | None) -> Page[Task]:
        """List a page of a project's incomplete tasks."""
        query = {
            "project": project.gid,
            "completed_since": "now",
            "opt_fields": "name,permalink_url,projects",
        }
        return self.page("/tasks", Task, query, offset)

    def all_tasks(self, project: Named, offset: str | None) -> Page[Task]:
        """List a few of a project's tasks, completed ones too."""
        query = {"project": project.gid, "opt_fields": TASK_FIELDS}
        return self.page("/tasks", Task, query, offset, SOME_TASKS)

    def subtasks(self, task: Task) -> list[Task]:
        """List a task's subtasks, without a call where there are none."""
        return self.every(f"/tasks/{task.gid}/subtasks", Task, {"opt_fields": TASK_FIELDS}) if task.num_subtasks else []

    def files(self, parent: str) -> list[Attachment]:
        """List the files that Asana keeps for a task or project."""
        return [attachment for attachment in self.held(parent) if attachment.is_file]

    def held(self, parent: str) -> list[Attachment]:
        """List what a task or project holds, described as files are."""
        return self.every("/attachments", Attachment, {"parent": parent, "opt_fields": FILE_FIELDS})

    def attachments(self, task: str) -> list[Attachment]:
        """List everything that is attached to a task."""
        return self.every("/attachments", Attachment, {"parent": task, "opt_fields": LINK_FIELDS})

    def attachment(self, ref: str, fields: str = LINK_FIELDS) -> Attachment:
        """Read one attachment."""
        return self._api.get(f"{API}/attachments/{ref}", One[Attachment], query={"opt_fields": fields}).data

    def every(self, path: str, shape: type[T], query: Mapping[str, str | bool | None]) -> list[T]:
        """Read all pages of a list."""
        return list(every(lambda offset: self.page(path, shape, query, offset)))

    def page(
        self,
        path: str,
        shape: type[T],
        query: Mapping[str, str | bool | None],
        offset: str | None,
        size: int = PAGE_SIZE,
    ) -> Page[T]:
        """Read one page of a list."""
        asked = {**query, "limit": size, "offset": offset}
        page = self._api.ask("GET", f"{API}{path}", query=asked).parse(Many[shape])
        return Page(tuple(page.data), page.next_page.offset if page.next_page else None)
