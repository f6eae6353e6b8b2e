"""Trello's shapes, as far as they are read."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """A connection's settings."""

    origin: str = Field(default="https://api.trello.com", title="Address of Trello's interface")


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


class Card(Shape):
    """A card; what is attached to it, where that was asked for."""

    id: str
    name: str = ""
    url: str | None = None
    closed: bool = False
    id_board: str = Field(default="", alias="idBoard")
    attachments: tuple[Attachment, ...] = ()


class Webhook(Shape):
    """A registered webhook."""

    id: str
    id_model: str = Field(default="", alias="idModel")
    callback_url: str = Field(default="", alias="callbackURL")


class Token(Shape):
    """One of the member's tokens, without its secret."""

    webhooks: tuple[Webhook, ...] = ()


class Named(Shape):
    """What an action says of a thing; of one that is gone hardly more than its id."""

    id: str = ""
    name: str = ""
    url: str = ""
    short_link: str = Field(default="", alias="shortLink")


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
