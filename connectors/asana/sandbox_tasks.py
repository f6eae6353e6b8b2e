"""The made-up Asana's projects and tasks, and how tasks are told and listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flask import Response, request

from connectors.asana.sandbox_answers import named, says, told, told_page, unknown

if TYPE_CHECKING:
    from flask import Flask

API = "/api/1.0"
WORKSPACES = {"1200000000000101": "Acme", "1200000000000102": "Side project"}
FIELD = "1200000000000901"
READ_ONLY_FIELD = "1200000000000902"
TAG = "1200000000000701"
TAGS = {TAG: "Launch", "1200000000000702": ""}
FIELDS = {FIELD: "Asset codes", READ_ONLY_FIELD: "Locked"}
SECTIONS = ("To do", "Design", "Done")
USUAL = ("name", "resource_subtype")
WHOLE = (
    "name", "resource_subtype", "permalink_url", "projects", "workspace", "completed", "custom_fields", "num_subtasks",
    "notes", "memberships", "tags",
)  # fmt: skip


class Tasks:
    """Two workspaces; one of the projects spans two pages, one task stands in two projects."""

    def __init__(self, app: Flask) -> None:
        self.projects: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self._lay_out()
        for path, answer in (
            ("/projects/<project>", self._project), ("/projects/<project>/sections", self._sections),
            ("/projects/<project>/custom_field_settings", self._settings), ("/workspaces/<space>/tags", self._tags),
        ):  # fmt: skip
            app.add_url_rule(f"{API}{path}", endpoint=f"GET {path}", view_func=answer)
        for path, act in (("", self._list), ("/<task>", self.one), ("/<task>/subtasks", self._list_subtasks)):
            app.add_url_rule(f"{API}/tasks{path}", endpoint=f"GET /tasks{path}", view_func=act)

    def _lay_out(self) -> None:
        sizes = (("Campaign spring", 3, "Acme"), ("Website", 120, "Acme"), ("Empty", 0, "Acme"), ("Old", 2, "Acme"),
                 ("Brand", 2, "Side project"))  # fmt: skip
        spaces = {name: gid for gid, name in WORKSPACES.items()}
        for number, (name, count, space) in enumerate(sizes, 1):
            project = f"12000000000010{number:02}"
            self.projects[project] = {"name": name, "workspace": spaces[space], "archived": name == "Old"}
            for task in range(1, count + 1):
                self.add(f"1210000000{number:03}{task:03}", f"Task {task} für Anna & Jörg", project)
        self.tasks["1210000000002001"]["projects"].append("1200000000001001")
        self.tasks["1210000000002002"]["projects"].append("1200000000001004")
        self.tasks["1210000000005002"]["completed"] = True

    def add(self, gid: str, name: str, project: str = "", *, parent: str = "") -> None:
        """Make a task in a project, or a subtask."""
        values = {FIELD: None, READ_ONLY_FIELD: "locked"}
        homes = [project] if project else []
        self.tasks[gid] = {"name": name, "projects": homes, "parent": parent, "completed": False, "fields": values,
                           "notes": "", "section": 0, "tags": []}  # fmt: skip

    def above(self, gid: str) -> Iterator[str]:
        """Yield a task, the tasks above it, and the projects that these stand in: what its events bubble up to."""
        while gid:
            yield gid
            yield from self.tasks[gid]["projects"]
            gid = self.tasks[gid]["parent"]

    def live(self) -> set[str]:
        """Return the projects that are not archived."""
        return {gid for gid, one in self.projects.items() if not one["archived"]}

    def open(self) -> tuple[str, ...]:
        """Return the places: tasks of live projects that are not completed."""
        live = self.live()
        return tuple(gid for gid, one in self.tasks.items() if live & set(one["projects"]) and not one["completed"])

    def one(self, task: str) -> Response:
        """Tell one task."""
        return told(self._shape(task), WHOLE) if task in self.tasks else unknown("task", task)

    def _list(self) -> Response:
        project = request.args.get("project", "")
        if not project:
            return says(400, "You should specify one of project, tag, section, user_task_list, or assignee + workspace")
        if project not in self.projects:
            return unknown("project", project)
        open_only = request.args.get("completed_since") == "now"
        return told_page(
            [
                self._shape(gid) for gid, task in self.tasks.items()
                if project in task["projects"] and not (open_only and task["completed"])
            ], USUAL,
        )  # fmt: skip

    def _project(self, project: str) -> Response:
        if project not in self.projects:
            return unknown("project", project)
        space = self.projects[project]["workspace"]
        shape = named(project, "project", self.projects[project]["name"])
        return told({**shape, "workspace": named(space, "workspace", WORKSPACES[space])}, ("name", "workspace"))

    def _sections(self, project: str) -> Response:
        found = [section(project, number) for number in range(len(SECTIONS))]
        return told_page(found, ("name",)) if project in self.projects else unknown("project", project)

    def _settings(self, project: str) -> Response:
        if project not in self.projects:
            return unknown("project", project)
        fields = [named(gid, "custom_field", name) for gid, name in FIELDS.items()]
        found = [
            {"gid": f"9{one['gid']}", "resource_type": "custom_field_setting", "custom_field": one} for one in fields
        ]
        return told_page(found, ("custom_field", "project"))

    def _tags(self, space: str) -> Response:
        if space not in WORKSPACES:
            return unknown("workspace", space)
        return told_page([named(gid, "tag", name) for gid, name in TAGS.items()], ("name",))

    def _list_subtasks(self, task: str) -> Response:
        return told_page(self._below(task), USUAL) if task in self.tasks else unknown("task", task)

    def _below(self, parent: str) -> list[dict[str, Any]]:
        return [self._shape(gid) for gid, task in self.tasks.items() if task["parent"] == parent]

    def _shape(self, gid: str) -> dict[str, Any]:
        task = self.tasks[gid]
        home = next(one for one in self.above(gid) if one in self.projects)
        space = self.projects[home]["workspace"]
        values = (
            {"gid": field, "type": "text", "text_value": value, "display_value": value}
            for field, value in task["fields"].items()
        )
        return {
            "gid": gid, "resource_type": "task", "resource_subtype": "default_task", "name": task["name"],
            "completed": task["completed"], "workspace": named(space, "workspace", WORKSPACES[space]),
            "permalink_url": f"https://app.asana.com/1/{space}/task/{gid}", "custom_fields": list(values),
            "projects": [named(one, "project", self.projects[one]["name"]) for one in sorted(task["projects"])],
            "notes": task["notes"], "tags": [named(one, "tag", TAGS[one]) for one in task["tags"]],
            "memberships": [
                {"project": named(one, "project", self.projects[one]["name"]), "section": section(one, task["section"])}
                for one in task["projects"]
            ],
            "num_subtasks": sum(one["parent"] == gid for one in self.tasks.values()),
        }  # fmt: skip


def section(project: str, number: int) -> dict[str, Any]:
    """Name one of a project's sections."""
    return named(f"{project[:-4]}8{number}{project[-2:]}", "section", SECTIONS[number])
