"""The one decision about bytes: may this version, in this form, go to this asker now?

Every path that lets bytes out (thumbnail, poster, web, original, archive, signed link, placement link, and the answer
"not modified") asks `admit` first. It reads nothing but facts: deletion, approval, lifecycle, rights, role.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hub.catalogue.assets import get_asset, get_version
from hub.catalogue.models import Asset, Version
from hub.catalogue.views import refuse_unseen, sees_all
from hub.errors import Forbidden, NotFound
from hub.review.models import Verdict
from hub.review.standing import approved_of, last, standing_of
from hub.rights.answer import best_uses, may_use

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.actors import Actor

Use = Literal["new", "existing"]
RightsDefault = Literal["allow", "deny"]


@dataclass(frozen=True, slots=True)
class Ask:
    """Who wants which bytes, and for which use.

    Without an actor the asker is anybody who holds an address; then channel and territory say where the bytes are to
    stand, and only an approved and usable version may go: the one that the asset stands at, or of a copy that is pinned
    to a version, that version while the last decision on it says approved.
    """

    asset_id: str
    version_id: str | None = None
    actor: Actor | None = None
    channel: str = "*"
    territory: str = "*"
    use: Use = "existing"
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    """Yes: these are the asset and the version whose bytes may go."""

    asset: Asset
    version: Version


def admit(session: Session, ask: Ask, *, now: int, default: RightsDefault) -> Admitted:
    """Return the version that may leave.

    Raises:
        NotFound: there is no such thing, or the asker may not know of it; both look the same.
        Forbidden: the asker may know of the asset, but rights forbid its use there and now.
    """
    asset = get_asset(session, ask.asset_id)
    standing = standing_of(session, asset.id)
    insider = False
    if ask.actor is not None:
        refuse_unseen(ask.actor, asset, standing)
        insider = sees_all(ask.actor, asset)
    elif asset.deleted_at is not None or asset.archived_at is not None:
        raise _unknown(asset)
    approved = approved_of(session, asset.id)
    version_id = ask.version_id or (approved.version_id if approved else None)
    if insider:
        version_id = version_id or asset.current_version_id
    if version_id is None:
        raise _unknown(asset)
    version = get_version(session, version_id)
    if version.asset_id != asset.id:
        raise _unknown(asset)
    if not insider:
        stands = approved is not None and (approved.version_id, approved.sha256) == (version.id, version.sha256)
        if not stands and not (ask.pinned and last(session, version.id) is Verdict.APPROVED):
            raise _unknown(asset)
        _check_rights(session, ask, asset, now=now, default=default)
    return Admitted(asset, version)


def _check_rights(session: Session, ask: Ask, asset: Asset, *, now: int, default: RightsDefault) -> None:
    if ask.actor is not None:
        # Somebody who looks through the library is in no channel: one place where it may be used is enough.
        if not best_uses(session, [asset.id], at=now, default=default)[asset.id].ok:
            raise Forbidden(
                "rights_forbid", "The rights to this asset do not allow any use now.", where=asset.code,
                next_step="Ask an editor to look at its rights.",
            )  # fmt: skip
        return
    answer = may_use(
        session, asset.id, channel=ask.channel, territory=ask.territory, at=now, use=ask.use, default=default
    )
    if not answer.ok:
        raise _unknown(asset)


def _unknown(asset: Asset) -> NotFound:
    return NotFound(
        "no_such_asset", "There is no such asset, or it is not for you.", where=asset.id,
        next_step="Check the code, or ask an editor.",
    )  # fmt: skip
