"""Noticeboard: notices with a link to our delivery address, on boards."""

from __future__ import annotations

from pydantic import BaseModel, Field

from connectors.sdk.errors import Missing
from connectors.sdk.http import Api
from connectors.sdk.marker import marker_in
from connectors.sdk.paging import every
from connectors.sdk.types import Account, Copy, Fields, Outgoing, Page, Part, PartKind, Receipt, Target


class Settings(BaseModel):
    """What a person fills in besides the token."""

    origin: str = Field(default="https://api.noticeboard.example", title="Address of Noticeboard")


class Board(BaseModel):
    """A board, or whoever the token belongs to."""

    id: str
    name: str


class Numbered(BaseModel):
    """A page of a list; `next` is missing from no answer, so that a list is never taken for whole by mistake."""

    next: int | None

    @property
    def cursor(self) -> str | None:
        """What leads to the next page."""
        return None if self.next is None else str(self.next)


class Boards(Numbered):
    """A page of boards."""

    boards: list[Board]


class Notice(BaseModel):
    """A notice."""

    id: str
    title: str
    text: str
    link: str

    def as_receipt(self) -> Receipt:
        """Say what was written."""
        return Receipt(self.id, (Part(PartKind.LINK, self.id),))

    def as_copy(self) -> Copy:
        """Say what stands there; the link carries the marker."""
        fields: Fields = {"title": self.title, "text": self.text}
        return Copy(self.id, marker_in(self.link), None, fields, (Part(PartKind.LINK, self.id),))


class Notices(Numbered):
    """A page of notices."""

    notices: list[Notice]


class Noticeboard:
    """One team's boards."""

    def __init__(self, api: Api, settings: Settings) -> None:
        del settings  # `origin` in the manifest has read them
        self._api = api

    def identify(self) -> Account:
        """Ask whose token it is."""
        team = self._api.get("/me", Board)
        return Account(key=team.id, label=team.name)

    def targets(self, cursor: str | None) -> Page[Target]:
        """List the boards."""
        page = self._api.get("/boards", Boards, query={"page": cursor})
        return Page(tuple(Target("board", one.id, one.name) for one in page.boards), page.cursor)

    def publish(self, target: Target, outgoing: Outgoing) -> Receipt:
        """Post a notice; our link carries the marker."""
        said = {**outgoing.fields, "link": outgoing.link}
        return self._api.post(f"/boards/{target.ref}/notices", Notice, json=said).as_receipt()

    def update(self, target: Target, ref: str, fields: Fields) -> Receipt:
        """Change the texts that are named."""
        del target
        return self._api.patch(f"/notices/{ref}", Notice, json=fields).as_receipt()

    def withdraw(self, target: Target, ref: str) -> None:
        """Take the notice down; that it is gone already is fine."""
        del target
        try:
            self._api.delete(f"/notices/{ref}")
        except Missing:
            return

    def find(self, target: Target, marker: str) -> tuple[Copy, ...]:
        """Read every page of the board, and compare the markers in the links."""
        copies = every(lambda cursor: self._notices(target, cursor))
        return tuple(copy for copy in copies if copy.marker == marker)

    def look(self, target: Target, ref: str) -> Copy:
        """Read one notice."""
        del target
        return self._api.get(f"/notices/{ref}", Notice).as_copy()

    def _notices(self, target: Target, cursor: str | None) -> Page[Copy]:
        page = self._api.get(f"/boards/{target.ref}/notices", Notices, query={"page": cursor})
        return Page(tuple(one.as_copy() for one in page.notices), page.cursor)
