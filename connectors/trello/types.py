"""Trello's shapes, as far as they are read."""

from __future__ import annotations

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


class Card(Shape):
    """A card."""

    id: str
    name: str
    url: str | None = None


class Attachment(Shape):
    """A link or file on a card."""

    id: str
    name: str = ""
    url: str
    is_upload: bool = Field(default=False, alias="isUpload")


class Webhook(Shape):
    """A registered webhook."""

    id: str
    id_model: str = Field(default="", alias="idModel")
    callback_url: str = Field(default="", alias="callbackURL")


class Token(Shape):
    """One of the member's tokens, without its secret."""

    webhooks: tuple[Webhook, ...] = ()
