"""Delivery: every way in which bytes go out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from sqlalchemy import select

from hub.access.actors import Actor
from hub.access.permissions import Act, require
from hub.clock import DAY
from hub.db.base import new_id
from hub.delivery import archive
from hub.delivery.gate import Admitted, Ask, admit
from hub.delivery.handouts import handed_out
from hub.delivery.headers import byte_headers
from hub.delivery.links import LinkClaims, dead_link, read_token, write_token
from hub.delivery.living import LivingPage, page_of, preview_of, standing
from hub.delivery.models import Handout, SignedLink
from hub.delivery.names import for_rendition
from hub.delivery.shares import Share, shares_of
from hub.errors import Invalid, NotFound
from hub.events.log import emit
from hub.media.models import Traits
from hub.placements.facts import FAILED, bytes_of
from hub.placements.links import placement_link

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.keyring import Keyring
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.settings import Settings
    from hub.storage.blobs import BlobStore

PRESETS = ("thumbnail", "web", "original")
LONGEST_LINK_DAYS = 365
MOST_IN_ARCHIVE = 500


@dataclass(frozen=True, slots=True)
class Served:
    """Bytes that may go: their hash, size, headers, and how to open a part of them."""

    asset_id: str
    version_id: str
    preset: str
    sha256: str
    size: int
    media_type: str
    filename: str
    private: bool
    open: Callable[[int, int | None], IO[bytes]]

    @property
    def etag(self) -> str:
        """Return a strong entity tag: it names the bytes."""
        return f'"{self.sha256[:32]}-{self.preset}"'

    def headers(self, *, download: bool = False) -> dict[str, str]:
        """Return the headers of the answer."""
        return byte_headers(
            media_type=self.media_type, filename=self.filename, etag=self.etag, download=download, private=self.private
        )


@dataclass(frozen=True, slots=True)
class Link:
    """A signed link as it was made."""

    id: str
    url: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that is made while it is sent."""

    filename: str
    size: int
    stream: archive.Stream


class Delivery:
    """The way out of the hub for bytes. Each method asks `hub.delivery.gate.admit` before it opens a blob."""

    def __init__(
        self, database: Database, store: BlobStore, keyring: Keyring, clock: Clock, settings: Settings
    ) -> None:
        self._database = database
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._settings = settings

    def open_rendition(
        self, actor: Actor, asset_id: str, preset: str, version_id: str | None = None, *, download: bool = False
    ) -> Served:
        """Return a rendition for a signed-in person; a download is noted as handed out."""
        with self._database.read() as session:
            admitted = self._admit(session, Ask(asset_id, version_id, actor))
            served = self._serve(session, admitted, preset, private=True)
        if download:
            self._hand_out(served, who=actor.id, actor=actor.id)
        return served

    def make_link(
        self, actor: Actor, asset_id: str, preset: str = "web", *, version_id: str | None = None, days: int = 7
    ) -> Link:
        """Return an address that anybody may open until it ends or is revoked."""
        require(actor, Act.SHARE)
        if not 1 <= days <= LONGEST_LINK_DAYS:
            raise Invalid(
                "bad_link_span", f"A link may live from 1 to {LONGEST_LINK_DAYS} days.", where="days",
                next_step="Choose a number of days in that range.",
            )  # fmt: skip
        now = self._clock.now()
        with self._database.unit() as session:
            # What nobody else may see cannot be shared: the question is asked as anybody would ask it.
            admitted = self._admit(session, Ask(asset_id, version_id, use="new"))
            self._serve(session, admitted, preset, private=False)
            row = SignedLink(
                id=new_id(), asset_id=admitted.asset.id, version_id=admitted.version.id, preset=preset,
                created_by=actor.id, created_at=now, expires_at=now + days * DAY, revoked_at=None,
            )  # fmt: skip
            session.add(row)
            claims = _claims(row)
        return Link(claims.id, f"{self._settings.url}/d/{write_token(claims, self._keyring)}", claims.expires_at)

    def links(self, actor: Actor, asset_id: str) -> list[SignedLink]:
        """Return the links that were made for an asset, newest first."""
        require(actor, Act.SHARE)
        with self._database.read() as session:
            admitted = self._admit(session, Ask(asset_id, None, actor))
            rows = select(SignedLink).where(SignedLink.asset_id == admitted.asset.id).order_by(SignedLink.id.desc())
            return list(session.scalars(rows))

    def shares(self, actor: Actor, asset_id: str) -> list[Share]:
        """Return the same with what each link shows now, and whether it was opened."""
        require(actor, Act.SHARE)
        now, default = self._clock.now(), self._settings.rights_default
        with self._database.read() as session:
            admitted = self._admit(session, Ask(asset_id, None, actor))
            return shares_of(session, admitted.asset.id, now=now, default=default)

    def address_of(self, marker: str) -> str:
        """Return the permanent address of the copy with this marker: a page for people, and its bytes."""
        return placement_link(marker, base_url=self._settings.url, keyring=self._keyring)

    def revoke_link(self, actor: Actor, link_id: str) -> None:
        """End a link at once; one that has ended already stays ended."""
        require(actor, Act.SHARE)
        with self._database.unit() as session:
            row = session.get(SignedLink, link_id)
            if row is None:
                raise dead_link()
            row.revoked_at = row.revoked_at or self._clock.now()

    def handouts(self, actor: Actor, asset_id: str) -> list[Handout]:
        """Return who was handed an asset's bytes, newest first: what no recall can call back.

        Looks at copies that are links are not among them, the hub's own least of all: the ledger has those copies.
        """
        require(actor, Act.RECALL)
        with self._database.read() as session:
            admitted = self._admit(session, Ask(asset_id, None, actor))
            return handed_out(session, admitted.asset.id)

    def serve_signed(self, token: str) -> Served:
        """Return the bytes behind a signed link, to anybody who holds it."""
        claims = read_token(token, self._keyring)
        with self._database.read() as session:
            row = session.get(SignedLink, claims.id)
            if row is None or _claims(row) != claims or row.revoked_at or row.expires_at <= self._clock.now():
                raise dead_link()
            served = self._anonymous(session, Ask(claims.asset_id, claims.version_id, use="new"), claims.preset)
        self._hand_out_once(served, who=f"link:{claims.id}", link_id=claims.id)
        return served

    def living_page(self, token: str) -> LivingPage:
        """Return what anybody who holds a copy's address may know of what stands there now.

        Raises:
            NotFound: nobody here made this address.
        """
        at, default = self._clock.now(), self._settings.rights_default
        with self._database.read() as session:
            found = standing(session, token, keyring=self._keyring, at=at, default=default)
            return page_of(session, found, at=at, default=default, language=self._settings.language)

    def serve_placement(self, token: str, *, preview: bool = False) -> Served:
        """Return the bytes that stand behind a copy that is a link, to anybody who holds its address.

        Args:
            token: the last part of the address.
            preview: the picture of it, also where the bytes are none.

        Raises:
            NotFound: nothing may be shown there now, or nobody here made this address.
        """
        at, default = self._clock.now(), self._settings.rights_default
        with self._database.read() as session:
            found = standing(session, token, keyring=self._keyring, at=at, default=default)
            if found.ask is None:
                raise dead_link()
            preset = "web"
            if preview:
                picture = preview_of(session, found.ask.version_id or "")
                if picture is None:
                    raise dead_link()
                preset = picture.preset
            served, row = self._anonymous(session, found.ask, preset), found.row
        self._hand_out_once(served, who=f"placement:{row.id}", placement_id=row.id)
        return served

    def zip(self, actor: Actor, asset_ids: Sequence[str], preset: str = "original") -> Archive:
        """Return one archive of several assets; refused as a whole when one of them may not go."""
        wanted = list(dict.fromkeys(asset_ids))
        if not 1 <= len(wanted) <= MOST_IN_ARCHIVE:
            raise Invalid(
                "bad_archive_size", f"An archive holds from 1 to {MOST_IN_ARCHIVE} assets.", where="asset_ids",
                next_step="Choose fewer assets.",
            )  # fmt: skip
        with self._database.read() as session:
            served = [
                self._serve(session, self._admit(session, Ask(asset_id, None, actor)), preset, private=True)
                for asset_id in wanted
            ]
        for one in served:
            self._hand_out(one, who=actor.id, actor=actor.id)
        stream = archive.build([archive.Entry(one.filename, one.size, self._reopen(actor, one)) for one in served])
        return Archive(f"damhub-{len(served)}-assets.zip", len(stream), stream)

    def _reopen(self, actor: Actor, served: Served) -> Callable[[], IO[bytes]]:
        def reopen() -> IO[bytes]:
            # Minutes may pass before an archive comes to its last file: a right that ended meanwhile counts.
            return self.open_rendition(actor, served.asset_id, served.preset, served.version_id).open(0, None)

        return reopen

    def _admit(self, session: Session, ask: Ask) -> Admitted:
        return admit(session, ask, now=self._clock.now(), default=self._settings.rights_default)

    def _anonymous(self, session: Session, ask: Ask, preset: str) -> Served:
        try:
            return self._serve(session, self._admit(session, ask), preset, private=False)
        except NotFound as error:
            raise dead_link() from error

    def _serve(self, session: Session, admitted: Admitted, preset: str, *, private: bool) -> Served:
        asset, version = admitted.asset, admitted.version
        sha256, size, media_type = version.sha256, version.size, version.media_type
        if preset not in PRESETS:
            raise NotFound(
                "no_such_preset", "There is no such rendition.", where=preset, next_step=f"One of {', '.join(PRESETS)}."
            )
        if preset != "original":
            made = bytes_of(session, version.id, preset)
            # Anybody may be sent the original of a type that has no rendition; signed-in people choose for themselves.
            if made is None or (made.preset != preset and (preset == "thumbnail" or private)):
                raise _no_rendition(session.get(Traits, version.id), f"{asset.code} {preset}")
            preset, sha256, size, media_type = made.preset, made.sha256, made.size, made.media_type

        def open_part(start: int, end: int | None) -> IO[bytes]:
            return self._store.open(sha256, start=start, end=end)

        return Served(
            asset.id, version.id, preset, sha256, size, media_type,
            for_rendition(version.filename, asset.code, preset, media_type), private, open_part,
        )  # fmt: skip

    def _hand_out(
        self, served: Served, *, who: str, actor: str, placement_id: str | None = None, link_id: str | None = None
    ) -> None:
        with self._database.unit() as session:
            session.add(
                Handout(
                    id=new_id(), asset_id=served.asset_id, version_id=served.version_id, preset=served.preset,
                    placement_id=placement_id, link_id=link_id, who=who, at=self._clock.now(),
                )
            )  # fmt: skip
            emit(
                session, "delivery.handed_out", served.asset_id, actor=actor,
                body={"version_id": served.version_id, "preset": served.preset, "who": who},
            )  # fmt: skip

    def _hand_out_once(
        self, served: Served, *, who: str, placement_id: str | None = None, link_id: str | None = None
    ) -> None:
        """Note the first time that a version went out by an open address: a busy page would write without end."""
        same = select(Handout.id).where(Handout.who == who, Handout.version_id == served.version_id)
        with self._database.read() as session:
            known = session.scalar(same.where(Handout.asset_id == served.asset_id).limit(1))
        if known is None:
            self._hand_out(served, who=who, actor="system", placement_id=placement_id, link_id=link_id)


def _no_rendition(traits: Traits | None, where: str) -> NotFound:
    if traits is not None and traits.state == FAILED:
        return NotFound(traits.error_code, traits.error, where=where)
    return NotFound(
        "no_rendition", "This rendition has not been made, or cannot be made of this file.", where=where,
        next_step="Wait a moment, or take the original.",
    )  # fmt: skip


def _claims(row: SignedLink) -> LinkClaims:
    return LinkClaims(row.id, row.asset_id, row.version_id, row.preset, row.expires_at)
