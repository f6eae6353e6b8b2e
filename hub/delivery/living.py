"""What stands behind the address of a copy at this moment: the page that a card's link opens.

Whoever holds the address may know what the channel may show, and nothing else: once nothing may be shown there, all
that is told is the asset's code, which the card names anyway, and that it is not to be used.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from hub.catalogue.assets import get_asset
from hub.catalogue.metadata import all_fields_of
from hub.connections.models import Target
from hub.delivery.gate import Admitted, Ask, RightsDefault, admit
from hub.delivery.links import dead_link
from hub.errors import NotFound
from hub.media.models import Rendition
from hub.placements.desired import Desired, Want
from hub.placements.facts import bytes_of, desired_now, place_of
from hub.placements.links import read_placement_link
from hub.placements.models import Placement
from hub.rights.answer import may_use
from mappings.languages import with_parents

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.placements.ports import Signer

PREVIEWS: Final = ("web", "thumbnail")
WEB: Final = "web"
WITHDRAWN: Final = frozenset({"taken_back", "leaving", "deleted", "archived"})


class State(StrEnum):
    """What a link stands for now."""

    SHOWN = "shown"  # the asset may be used there
    STAND_IN = "stand_in"  # another asset stands in for it
    WITHDRAWN = "withdrawn"  # somebody took it back
    ENDED = "ended"  # its rights ended
    NOT_NOW = "not_now"  # rights or approval do not allow it, which may change


@dataclass(frozen=True, slots=True)
class Preview:
    """The picture of what stands there. Its address always shows the present one."""

    preset: str
    media_type: str
    width: int | None
    height: int | None


@dataclass(frozen=True, slots=True)
class Text:
    """A text in the language of the place, or in the catalogue's own where it has none in that."""

    said: str
    language: str


@dataclass(frozen=True, slots=True)
class Behind:
    """What anybody who holds the address may know of what is shown."""

    asset_code: str
    title: Text
    alt_text: Text
    credit: Text
    version: int
    until: int | None  # when the rights to it end; None: they do not
    preview: Preview | None
    ready: bool  # its file can be had


@dataclass(frozen=True, slots=True)
class LivingPage:
    """What the page of a link says."""

    code: str  # of the asset that the link was made for
    state: State
    shown: Behind | None  # None: nothing is to be used


@dataclass(frozen=True, slots=True)
class Standing:
    """A copy and what should be shown at its address now."""

    row: Placement
    target: Target
    desired: Desired

    @property
    def ask(self) -> Ask | None:
        """Return the question whether its bytes may go; None: nothing is to be shown."""
        if not self.row.wanted or self.desired.asset_id is None or self.desired.version_id is None:
            return None
        pinned = self.row.version_policy == "pin" and self.desired.version_id == self.row.pinned_version_id
        return Ask(
            self.desired.asset_id, self.desired.version_id, channel=self.target.channel,
            territory=self.target.territory, pinned=pinned,
        )  # fmt: skip


def standing(session: Session, token: str, *, keyring: Signer, at: int, default: RightsDefault) -> Standing:
    """Return the copy that an address belongs to.

    It is decided anew at each visit: a right that ended a moment ago counts before the copy's own row knows of it.

    Raises:
        NotFound: nobody here made this address.
    """
    marker = read_placement_link(token, keyring=keyring)
    row = session.scalar(select(Placement).where(Placement.marker == marker))
    target = session.get(Target, row.target_id) if row else None
    if row is None or target is None:
        raise dead_link()
    desired, _ = desired_now(session, row, place_of(session, target.id), preset=WEB, at=at, default=default)
    return Standing(row, target, desired)


def page_of(session: Session, found: Standing, *, at: int, default: RightsDefault, language: str) -> LivingPage:
    """Return what may be told at the address of a copy; `language` is the catalogue's own."""
    code = get_asset(session, found.row.asset_id).code
    admitted = _admitted(session, found.ask, at=at, default=default)
    if admitted is None:
        return LivingPage(code, _why_not(found), None)
    state = State.STAND_IN if found.desired.want is Want.SUBSTITUTE else State.SHOWN
    return LivingPage(code, state, _behind(session, found, admitted, at=at, default=default, own=language))


def preview_of(session: Session, version_id: str) -> Preview | None:
    """Return the best picture of a version that was made; None: there is none."""
    for preset in PREVIEWS:
        made = session.get(Rendition, (version_id, preset))
        if made is not None and made.state == "ready" and (made.media_type or "").startswith("image/"):
            return Preview(preset, made.media_type or "", made.width, made.height)
    return None


def _admitted(session: Session, ask: Ask | None, *, at: int, default: RightsDefault) -> Admitted | None:
    """Ask the gate, as for bytes: where it lets none go, nothing is told either."""
    if ask is None:
        return None
    try:
        return admit(session, ask, now=at, default=default)
    except NotFound:
        return None


def _why_not(found: Standing) -> State:
    reason, _, right = found.desired.reason.partition(": ")
    if not found.row.wanted or reason in WITHDRAWN or right == "takedown":
        return State.WITHDRAWN
    return State.ENDED if right == "licence_ended" else State.NOT_NOW


def _behind(
    session: Session, found: Standing, admitted: Admitted, *, at: int, default: RightsDefault, own: str
) -> Behind:
    asset, version, target = admitted.asset, admitted.version, found.target
    rights = may_use(session, asset.id, channel=target.channel, territory=target.territory, at=at, default=default)
    said = all_fields_of(session, asset.id)
    tags = with_parents(target.language) if target.language else ()

    def text(name: str) -> Text:
        tag = next((tag for tag in tags if said.get(tag, {}).get(name)), "")
        return Text(str(said.get(tag, {}).get(name, "")), tag or own)

    return Behind(
        asset.code, text("title"), text("alt_text"), text("credit"), version.number, rights.until,
        preview_of(session, version.id), bytes_of(session, version.id, WEB) is not None,
    )  # fmt: skip
