"""What a listed thing is, as far as the hub can tell without its bytes: marker first, then reference, then checksum."""

from __future__ import annotations

import mimetypes
import re
from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select

from hub.catalogue.metadata import fields_of
from hub.catalogue.models import Asset, Version
from hub.media.models import Rendition
from hub.placements.adopting import known_by_ref
from hub.placements.models import Placement

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.intake.models import FoundItem

OURS: Final = "ours"
FORGOTTEN: Final = "forgotten"
"""It carries this hub's marker, and no row knows of it: a backup from before it was made was restored."""
FOREIGN: Final = "foreign"
"""Another hub put it there: it is never touched."""
STRANGER: Final = "stranger"
FILE: Final = "file"
LINK: Final = "link"
SAYS_NOTHING: Final = ("", "application/octet-stream", "binary/octet-stream")

_CODE: Final = re.compile(r"DAM-([0-9]{1,15})(?: (.*))?", re.DOTALL)


def recognise(session: Session, item: FoundItem, *, begins: str, now: int) -> None:
    """Say what an item is, and whether its bytes are to be looked at for more; `begins` is how our markers do."""
    item.whose, item.how = STRANGER, "none"
    item.asset_id = item.version_id = item.placement_id = item.match_due_at = None
    if item.marker and item.marker.partition("-")[0] != begins:
        item.whose, item.how = FOREIGN, "marker"
        return
    row = _of_ours(session, item)
    if row is not None:
        item.whose, item.how = OURS, "marker" if item.marker == row.marker else "ref"
        item.placement_id, item.asset_id, item.version_id = row.id, row.asset_id, row.observed_version_id
        return
    item.whose = FORGOTTEN if item.marker else STRANGER
    if item.kind == LINK:
        _by_name(session, item)
    elif not item.sha256 or not by_bytes(session, item):
        item.match_due_at = now if worth_fetching(session, item) else None


def by_bytes(session: Session, item: FoundItem) -> bool:
    """Recognise an item by the hash of its bytes; tell whether it was."""
    version = version_with(session, item.sha256 or "")
    if version is None:
        return False
    item.how, item.asset_id, item.version_id = "sha256", version.asset_id, version.id
    return True


def version_with(session: Session, sha256: str) -> Version | None:
    """Return the newest version whose bytes, or one of whose renditions, these are; not of a deleted asset."""
    made = select(Rendition.version_id).where(Rendition.sha256 == sha256)
    query = (
        select(Version)
        .join(Asset, Asset.id == Version.asset_id)
        .where(or_(Version.sha256 == sha256, Version.id.in_(made)), Asset.deleted_at.is_(None))
        .order_by(Version.id.desc())
        .limit(1)
    )
    return session.scalars(query).first()


def is_picture(item: FoundItem) -> bool:
    """Tell whether an item says of itself that it is a picture; what says nothing may be one."""
    said = item.media_type if item.media_type not in SAYS_NOTHING else ""
    said = said or mimetypes.guess_type(item.filename or item.name, strict=False)[0] or "image/"
    return said.startswith("image/")


def worth_fetching(session: Session, item: FoundItem) -> bool:
    """Tell whether the bytes could tell more: only pictures look like others, and equal bytes are equally many."""
    if item.kind != FILE or item.size == 0:
        return False  # an export is made anew each time: its bytes are never those of a version
    if item.marker or item.sha256:
        return item.sha256 is None or (not item.marker and is_picture(item))
    if item.size is None or is_picture(item):
        return True
    same = select(Version.id).where(Version.size == item.size).limit(1)
    return session.scalars(same).first() is not None


def _of_ours(session: Session, item: FoundItem) -> Placement | None:
    if item.marker:
        return session.scalars(select(Placement).where(Placement.marker == item.marker)).one_or_none()
    return known_by_ref(session, item.remote_id, item.copy_ref)


def _by_name(session: Session, item: FoundItem) -> None:
    """Recognise one of our links by what it is called: the code and the title that its asset has now."""
    told = _CODE.fullmatch(item.name)
    asset = session.scalars(select(Asset).where(Asset.number == int(told[1]))).one_or_none() if told else None
    if told is None or asset is None or asset.deleted_at is not None:
        return
    title = fields_of(session, asset.id).get("title")
    if isinstance(title, str) and told[2] and title.startswith(told[2].rstrip("…. ")):
        item.how, item.asset_id, item.version_id = "name", asset.id, asset.current_version_id
