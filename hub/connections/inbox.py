"""What remotes send: verified over the raw bytes, kept as it came, answered at once, worked later. A hint only."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from connectors.sdk.manifest import Manifest
from connectors.sdk.protocols import Inbound
from connectors.sdk.types import Hint
from hub.connections.models import Inbox, Remote, Subscription
from hub.db.base import new_id
from hub.events.log import emit

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.keyring import Keyring

LARGEST_BODY = 1024 * 1024
BATCH = 200
MOST_REFS = 500
NEW, WORKED, IGNORED = "new", "worked", "ignored"
_LONGEST_KEY = 200
_PROOF = re.compile("authorization|cookie|token|secret|password|api-?key")
"""In the name of a header that proves a sender by a word of ours, or their own: only who knows it may know it."""


class Reply(NamedTuple):
    """What the remote is answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


OK = Reply(200, {}, b"")


@dataclass(frozen=True, slots=True)
class Post:
    """Where a delivery belongs, and the secret that must have signed it."""

    remote_id: str
    connector: str
    callback_url: str
    sealed_secret: str


def add(
    session: Session,
    keyring: Keyring,
    *,
    remote_id: str,
    target_id: str | None,
    base_url: str,
    secret: str,
    now: int,
) -> Subscription:
    """Make a subscription; its id stands in the callback address. The remote need not know of it yet."""
    subscription_id = new_id()
    row = Subscription(
        id=subscription_id, remote_id=remote_id, target_id=target_id, external_ref="",
        callback_url=f"{base_url}/hooks/{subscription_id}", expires_at=None, created_at=now,
        sealed_secret=keyring.seal(secret, purpose=purpose(subscription_id)),
    )  # fmt: skip
    session.add(row)
    return row


def purpose(subscription_id: str) -> str:
    """Return what a subscription's secret is sealed for."""
    return f"subscription/{subscription_id}"


def existing(session: Session, remote_id: str, target_id: str | None) -> Subscription | None:
    """Return the subscription of a target (None: of the whole remote), if there is one."""
    query = select(Subscription).where(Subscription.remote_id == remote_id, Subscription.target_id == target_id)
    return session.scalars(query.order_by(Subscription.id)).first()


def catch_up(session: Session, remote: Remote, why: str, cards: Sequence[str] = ()) -> None:
    """Have everything at a remote looked at: something may have changed there while nobody listened.

    Args:
        session: the caller's.
        remote: what is looked at.
        why: for the record.
        cards: that it is about, where that was said.
    """
    body: dict[str, Any] = {"remote_id": remote.id, "refs": [], "kind": why}
    if cards:
        body["gone_cards"] = list(cards)
    emit(session, "remote.hint", remote.id, actor=f"connector:{remote.connector}", body=body)


def renew_now(session: Session, remote_id: str, now: int) -> None:
    """Make all subscriptions of a remote due that the hub itself asks for."""
    made = update(Subscription).where(Subscription.remote_id == remote_id, Subscription.external_ref != "")
    session.execute(made.values(renew_at=now))


def reseal(session: Session, keyring: Keyring, remote_id: str, secret: str) -> None:
    """Let deliveries to addresses that a person entered be proven with the secret that is known now, if one is."""
    entered = select(Subscription).where(Subscription.remote_id == remote_id, Subscription.target_id.is_(None))
    for row in session.scalars(entered) if secret else ():
        row.sealed_secret = keyring.seal(secret, purpose=purpose(row.id))


def find(session: Session, subscription_id: str) -> Post | None:
    """Return where deliveries to this address belong."""
    row = session.get(Subscription, subscription_id)
    if row is None:
        return None
    remote = session.get_one(Remote, row.remote_id)
    return Post(remote.id, remote.connector, row.callback_url, row.sealed_secret)


def keep(session: Session, post: Post, hint: Hint, *, headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """Keep a verified delivery as it came; False when it was kept before."""
    key = _key(hint.delivery_key, body)
    kept = session.get(Inbox, (post.remote_id, key))
    if kept is not None and hint.anything and kept.state != NEW:
        kept.state, kept.at = NEW, now  # all its deliveries are alike: this is another one, as far as anybody can tell
        return True
    if kept is not None:
        return False
    row = Inbox(
        remote_id=post.remote_id, delivery_key=key, at=now, body=base64.b64encode(body).decode(),
        headers={name: value for name, value in headers.items() if not _PROOF.search(name)},
        state=NEW, error="",
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # the same delivery, at this very moment
        return False
    return True


def work(session: Session, manifest_of: Callable[[str], Manifest | None]) -> int:
    """Turn what waits into hints, oldest first; several processes may do this at the same time."""
    rows = session.scalars(
        select(Inbox)
        .where(Inbox.state == NEW)
        .order_by(Inbox.at, Inbox.delivery_key)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        remote = session.get_one(Remote, row.remote_id)
        manifest = manifest_of(remote.connector)
        _work_one(session, row, remote, manifest.inbound if manifest else None)
    return len(rows)


def _work_one(session: Session, row: Inbox, remote: Remote, inbound: Inbound | None) -> None:
    if inbound is None:
        row.state, row.error = IGNORED, "the connector is not installed or takes no deliveries any more"
        return
    hint = read(inbound, row.headers, base64.b64decode(row.body))
    # What is not printable cannot be a reference, and not every database can keep it.
    refs = list(dict.fromkeys(ref for ref in hint.refs if ref.isprintable()))[:MOST_REFS]
    cards = list(dict.fromkeys(ref for ref in hint.cards if ref.isprintable()))[:MOST_REFS]
    if hint.anything and not hint.ours:
        row.state = WORKED
        catch_up(session, remote, "something_happened", cards)
        return
    if hint.ours or not (refs or cards):
        row.state, row.error = IGNORED, "our own write" if hint.ours else "names nothing that could be looked at"
        return
    row.state = WORKED
    kind = hint.kind[:100] if hint.kind.isprintable() else "unprintable"
    body: dict[str, Any] = {"remote_id": remote.id, "refs": refs, "kind": kind}
    if cards:
        body["cards"] = cards
    emit(session, "remote.hint", remote.id, actor=f"connector:{remote.connector}", body=body)


def read(inbound: Inbound, headers: Mapping[str, str], body: bytes) -> Hint:
    """Read a verified delivery; one that the connector cannot read is a delivery of an unknown kind."""
    try:
        return inbound.read(headers, body)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as broken:
        return Hint(delivery_key="", kind=f"unreadable:{type(broken).__name__}")


def _key(given: str, body: bytes) -> str:
    """Return a key that fits and is never empty: the bytes name a delivery that does not name itself."""
    if not given:
        return f"sha256:{hashlib.sha256(body).hexdigest()}"
    if len(given) > _LONGEST_KEY or not given.isprintable():
        return f"key-sha256:{hashlib.sha256(given.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return given
