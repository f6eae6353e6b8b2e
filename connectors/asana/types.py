"""Asana's shapes, as far as they are read."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Settings(BaseModel):
    """A connection's settings."""

    origin: str = Field(default="https://app.asana.com", title="Address of Asana")
    workspace: str = Field(
        default="", title="Workspace", description="Its number, as in app.asana.com/1/NUMBER/home; empty: all of yours."
    )
    asset_field: str = Field(
        default="",
        title="Text field for assets",
        description="The number of a custom text field in which each task shows the assets that are linked to it.",
    )
    comments: bool = Field(
        default=False, title="Comment on withdrawals", description="Tell a task's people when a link is taken away."
    )
    paid_plan: bool = Field(
        default=False,
        title="Paid plan",
        description="Asana then takes 1,500 calls a minute instead of 150; the hub cannot see which plan it is.",
    )


class Shape(BaseModel):
    """What comes from Asana: keys that are not named here are let pass."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class One(Shape, Generic[T]):
    """An answer about one thing."""

    data: T


class NextPage(Shape):
    """Where a list goes on."""

    offset: str


class Many(Shape, Generic[T]):
    """One page of a list."""

    data: list[T]
    next_page: NextPage | None = None


class Named(Shape):
    """Anything with an id: a workspace, a project, the parent of an event."""

    gid: str
    name: str | None = None
    resource_type: str = ""
    resource_subtype: str | None = None


class Task(Named):
    """A task."""

    permalink_url: str | None = None
    projects: tuple[Named, ...] = ()
    workspace: Named | None = None
    num_subtasks: int | None = None


class Membership(Shape):
    """Where a task lies: a project, and the section there."""

    project: Named | None = None
    section: Named | None = None

    @property
    def order(self) -> tuple[int, str]:
        """Return what puts projects in the order in which they were made."""
        gid = self.project.gid if self.project else ""
        return (len(gid), gid)


class CustomField(Named):
    """A custom field of a task, with what people read in it, whatever its kind."""

    display_value: str | None = None


class FieldSetting(Shape):
    """A custom field of a project."""

    custom_field: Named


class CardTask(Named):
    """A task with what bindings ask of it."""

    notes: str | None = None
    completed: bool | None = None
    permalink_url: str | None = None
    memberships: tuple[Membership, ...] = ()
    tags: tuple[Named, ...] = ()
    custom_fields: tuple[CustomField, ...] = ()


class Project(Named):
    """A project, and the workspace that it is in."""

    workspace: Named | None = None


class Attachment(Named):
    """A link or file on a task."""

    view_url: str | None = None
    permanent_url: str | None = None
    size: int | None = None
    created_at: datetime | None = None
    download_url: str | None = Field(default=None, repr=False)  # lets everybody in while it lasts

    @property
    def is_link(self) -> bool:
        """Tell whether it is a link that an app or a person added, and not an uploaded file."""
        return self.resource_subtype == "external"

    @property
    def is_file(self) -> bool:
        """Tell whether Asana itself keeps its bytes, and not another service."""
        return self.resource_subtype == "asana"


class Webhook(Named):
    """A registered webhook. Asana sends nothing for one that is not active."""

    target: str = ""
    active: bool = True


class MadeWebhook(Shape):
    """The answer to a new webhook; the secret stands beside the data."""

    data: Webhook
    secret: str = Field(alias="X-Hook-Secret")


class Event(Shape):
    """One event, of the stream or of a webhook."""

    action: str = ""
    resource: Named
    parent: Named | None = None


class News(Shape):
    """A page of an event stream. Without events it is the refusal of a token that is unknown or too old."""

    data: list[Event] | None = None
    sync: str
    has_more: bool = False
