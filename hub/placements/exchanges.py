"""Other bytes that somebody put in a copy's place: noticed by a look, left there until a person decides.

A look only notices. What the bytes are, and whether they show anything else than ours, is found out when they are
fetched (`hub.intake.proposals`); until then the copy rests, so that they are not overwritten. What ends a copy (a
recall, the end of its rights, an archived asset) waits for nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import select

from connectors.sdk.manifest import Capability, Carries
from connectors.sdk.types import PartKind
from hub.db.base import new_id
from hub.placements.findings import key_of
from hub.placements.ledger import block, clear_problem
from hub.placements.models import Exchange, Placement
from hub.placements.phase import EXCHANGED, Observed
from hub.placements.steps import OTHER_BYTES, Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from connectors.sdk.types import Copy
    from hub.placements.ledger import Account
    from hub.placements.looks import Looks

WANTED: Final = "wanted"  # they are still to be fetched
OPEN: Final = "open"  # a person is asked
UNREAD: Final = "unread"  # a person is asked, and the hub could not take the bytes in
ALIKE: Final = "alike"  # they show what ours show: ours are put back
OVER: Final = "over"  # they went again before anybody could look at them
TAKEN: Final = "taken"  # they became a version
KEPT: Final = "kept"  # ours were put back
ASKED: Final = frozenset({OPEN, UNREAD})
WITHOUT_EFFECT: Final = frozenset({"refused", "not_sent"})
"""How writes end that changed nothing."""
WRITES_BYTES: Final = frozenset({Op.PUBLISH, Op.REPLACE})


def exchanged_in(account: Account, looks: Looks) -> Iterator[Copy]:
    """Tell the copies whose bytes somebody else exchanged since the last look, as far as anybody can tell.

    Asked before looks are entered into the parts of the copy. Where we wrote bytes ourselves since the last look, or
    may have, a difference may be our own doing, or what the channel made of them: then there is nothing to tell.
    """
    seen_at = account.row.observed_at
    sent = [a for a in account.attempts if a.step in WRITES_BYTES and a.outcome not in WITHOUT_EFFECT]
    if seen_at is None or any(a.answered_at is None or a.answered_at > seen_at for a in sent) or account.open_attempts:
        return
    ours = {cast("dict[str, Any]", attempt.detail).get("content_key") for attempt in sent}
    ours |= {account.rendering.content_key} if account.rendering else set()
    known = {part.external_ref: part.content_key for part in account.media() if part.looked_at is not None}
    for copy in looks.standing:
        before, now = known.get(copy.ref), key_of(copy)
        if before and now is not None and now != before and now not in ours:
            yield copy


def notice(session: Session, account: Account, looks: Looks, at: int) -> None:
    """Let a copy rest whose bytes were exchanged, and have them fetched; end what is over. Asked as `exchanged_in`."""
    row = account.row
    found = next(exchanged_in(account, looks), None)
    _end_if_over(session, row, looks)
    version_id = row.desired_version_id
    if found is None or version_id is None or row.desired_asset_id is None or not _proposes(account):
        return
    exchange = Exchange(
        id=new_id(), placement_id=row.id, asset_id=row.desired_asset_id, version_id=version_id, ref=found.ref,
        item_ref=found.item_ref or found.ref, content_key=key_of(found) or "", state=WANTED, media_type="", filename="",
        noticed_at=at, due_at=at, failures=0, problem_code="", problem="",
    )  # fmt: skip
    session.add(exchange)
    row.exchange_id = exchange.id
    block(session, account, OTHER_BYTES.code, OTHER_BYTES.what)


def let_go_of_theirs(session: Session, account: Account, looks: Looks) -> None:
    """Forget addresses at which others' bytes stood alone, once the copy shows them no more.

    Where each file has an address of its own (Drupal), the file that somebody put into the item stays there when ours
    is shown again. The hub did not make it: it is neither a copy to keep true nor one to withdraw.
    """
    shown = {part.ref for copy in looks.standing for part in copy.parts}
    left = [
        part
        for part in account.parts
        if part.kind == PartKind.PUBLIC_URL.value and part.external_ref not in {*shown, account.link}
    ]
    if not left:
        return
    others = Exchange.placement_id == account.row.id, Exchange.state != ALIKE
    theirs = set(session.scalars(select(Exchange.content_key).where(*others)))
    theirs -= {cast("dict[str, Any]", attempt.detail).get("content_key", "") for attempt in account.attempts}
    for part in left:
        if part.content_key in theirs:
            session.delete(part)
            account.parts.remove(part)
            looks.views.pop(part.external_ref, None)


def locked(session: Session, exchange_id: str) -> tuple[Exchange, Placement]:
    """Return an exchange and its copy, locked; the copy first, as whoever works on it does."""
    found = session.get_one(Exchange, exchange_id)
    row = session.get_one(Placement, found.placement_id, with_for_update=True, populate_existing=True)
    session.refresh(found, with_for_update=True)
    return found, row


def release(session: Session, exchange: Exchange, state: str) -> Placement | None:
    """End an exchange that is locked; return the copy that rested for it and goes on, for the caller to wake."""
    row = session.get_one(Placement, exchange.placement_id)
    rested = row.exchange_id == exchange.id and row.settled_at is None
    exchange.state, exchange.due_at = state, None
    if not rested:
        return None
    row.exchange_id = None
    if row.problem_code == EXCHANGED:
        clear_problem(row)
    row.observed = Observed.UNKNOWN.value
    return row


def _end_if_over(session: Session, row: Placement, looks: Looks) -> None:
    """End the exchange that a copy rests for where its bytes do not stand there any more."""
    exchange = session.get(Exchange, row.exchange_id) if row.exchange_id else None
    if exchange is None or any(
        copy.ref == exchange.ref and key_of(copy) == exchange.content_key for copy in looks.standing
    ):
        return
    row.exchange_id = None
    if exchange.state == WANTED:
        exchange.state, exchange.due_at = OVER, None
    if row.problem_code == EXCHANGED:
        clear_problem(row)


def _proposes(account: Account) -> bool:
    """Tell whether others' bytes can be proposed: the connector hands them over, and they stand for one file."""
    several = account.rendering is None or bool(account.rendering.companions)
    abilities = account.manifest.abilities
    able = Capability.IMPORT in abilities and Capability.LOOK in abilities
    return able and not several and account.manifest.carries is Carries.BYTES
