"""Trello's shapes, as far as they are read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from connectors.sdk.manifest import OAuth

SCOPES = ("read:board:trello", "write:board:trello", "read:member:trello", "offline_access")
WHY = {
    "read:board:trello": "to list boards and cards, and to find links again",
    "write:board:trello": "to put links on cards, take them away, and be told of changes",
    "read:member:trello": "to know who you are and which boards are yours",
    "offline_access": "to renew the permission without asking you",
}
IN_BODY = "client_secret_post"


class Settings(BaseModel):
    """A connection's settings."""

    origin: str = Field(default="https://api.trello.com", title="Address of Trello's interface")
    authorize_url: str = Field(default="https://auth.atlassian.com/authorize", title="Atlassian's sign-in page")
    token_url: str = Field(
        default="https://auth.atlassian.com/oauth/token", title="Where Atlassian hands tokens out",
        description="These two are used only by signing in with Atlassian.",
    )  # fmt: skip
    asset_field: str = Field(
        default="", title="Text field for assets",
        description="Name of a custom text field. On boards that have it, a card shows which assets are linked to it.",
    )  # fmt: skip
    label: str = Field(
        default="", title="Label after a withdrawal",
        description="Name of a label. On boards that have it, a card gets it when a link is taken away for good; "
        "a person takes it off.",
    )  # fmt: skip
    cover: bool = Field(
        default=False, title="Linked pictures as covers",
        description="Cards without a cover show the picture. Trello keeps it as it was when it was linked: "
        "a new version does not change the cover.",
    )  # fmt: skip

    def server(self) -> OAuth:
        """Return Atlassian's authorization server, asked for no more than boards and who we are."""
        return OAuth(
            self.authorize_url, self.token_url, scopes=SCOPES, token_auth=IN_BODY,
            authorize_more={"prompt": "consent"}, json_body=True, why=WHY,
        )  # fmt: skip


class Shape(BaseModel):
    """What comes from Trello: keys that are not named here are let pass."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Member(Shape):
    """A person."""

    id: str
    username: str
    full_name: str = Field(default="", alias="fullName")


class Board(Shape):
    """A board."""

    id: str
    name: str
    url: str | None = None


class Attachment(Shape):
    """A link or file on a card."""

    id: str
    name: str = ""
    url: str = ""
    is_upload: bool = Field(default=False, alias="isUpload")
    size: int | None = Field(default=None, alias="bytes")
    mime_type: str | None = Field(default=None, alias="mimeType")
    date: datetime | None = None


class Named(Shape):
    """A list, a label, a field, or what an action says of a thing: of one that is gone hardly more than its id."""

    id: str = ""
    name: str = ""
    type: str = ""
    url: str = ""
    short_link: str = Field(default="", alias="shortLink")


class Value(Shape):
    """What stands in a custom field, under the name of its kind; numbers and yes or no come as text."""

    text: str = ""
    number: str = ""
    date: str = ""
    checked: str = ""


class Item(Shape):
    """One custom field of a card; of a choice only the option's id is told."""

    field: str = Field(alias="idCustomField")
    value: Value | None = None
    id_value: str | None = Field(default=None, alias="idValue")

    @property
    def said(self) -> str:
        """Return what stands there, as text."""
        value = self.value or Value()
        return value.text or value.number or value.date or value.checked


class Option(Shape):
    """One choice of a custom field."""

    id: str
    value: Value = Value()


class CustomField(Named):
    """A custom field of a board."""

    options: tuple[Option, ...] = ()


class Card(Shape):
    """A card; what is attached to it and stands in its custom fields, where that was asked for."""

    id: str
    name: str = ""
    desc: str = ""
    url: str | None = None
    closed: bool = False
    due_complete: bool = Field(default=False, alias="dueComplete")
    id_board: str = Field(default="", alias="idBoard")
    id_list: str = Field(default="", alias="idList")
    id_labels: tuple[str, ...] = Field(default=(), alias="idLabels")
    id_attachment_cover: str | None = Field(default=None, alias="idAttachmentCover")
    cover: dict[str, Any] | None = None
    attachments: tuple[Attachment, ...] = ()
    items: tuple[Item, ...] = Field(default=(), alias="customFieldItems")

    @property
    def covered(self) -> bool:
        """Tell whether somebody chose a cover: a picture or a color."""
        chosen = ("idAttachment", "color", "idUploadedBackground", "sharedSourceUrl")
        return bool(self.id_attachment_cover or any((self.cover or {}).get(name) for name in chosen))


class Webhook(Shape):
    """A registered webhook."""

    id: str
    id_model: str = Field(default="", alias="idModel")
    callback_url: str = Field(default="", alias="callbackURL")
    active: bool = True


class Token(Shape):
    """One of the member's tokens, without its secret."""

    webhooks: tuple[Webhook, ...] = ()


class ActionData(Shape):
    """What an action was about."""

    attachment: Named = Named()
    card: Named = Named()
    board: Named = Named()


class Action(Shape):
    """One thing that somebody did, as a webhook tells it."""

    id: str
    type: str = ""
    data: ActionData = ActionData()


class Done(Action):
    """One line of an action feed. Its id begins with the second in which it was done, in hexadecimal digits."""

    id: str = Field(pattern="^[0-9a-f]{24}$")
    date: datetime

    @property
    def second(self) -> int:
        """Return when it was done, by Trello's clock."""
        return int(self.id[:8], 16)
