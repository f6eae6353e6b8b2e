"""Share links of an asset, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.access.permissions import Act, allowed
from hub.catalogue.views import AssetView
from hub.delivery.shares import Share, ShareState
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import words
from hub.web.ui.names import people
from hub.web.ui.words import Sign

FORM: Final = {"thumbnail": "Thumbnail", "web": "Web picture", "original": "Original"}


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One share link in a list."""

    id: str
    head: str
    by: str
    made_at: int
    ends_at: int
    opened_at: int | None
    sign: Sign
    revocable: bool


def shares_on(asset: AssetView) -> list[ShareRow]:
    """Return the share links of an asset for those who may make them; what still works comes first."""
    if not allowed(actor(), Act.SHARE):
        return []
    found = services().delivery.shares(actor(), asset.id)
    names = people([one.created_by for one in found])
    rows = [_row(one, names[one.created_by]) for one in found]
    return sorted(rows, key=lambda row: not row.revocable)


def _row(share: Share, by: str) -> ShareRow:
    lives = share.state in {ShareState.OPEN, ShareState.SHOWS_NOTHING}
    head = f"{FORM.get(share.preset, share.preset)} of v{share.version}"
    sign = words.SHARE[share.state.value]
    ends_at = share.revoked_at or share.expires_at
    return ShareRow(share.id, head, by, share.created_at, ends_at, share.opened_at, sign, lives)
