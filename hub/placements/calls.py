"""Turn a step into exactly one call of a connector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import IO, cast

from connectors.sdk.errors import LeftBehind
from connectors.sdk.protocols import Connector, Hold, Publish, Replace, Repoint, Update, Withdraw
from connectors.sdk.types import JsonValue, Receipt, Target, forget
from hub.db.unit import refuse_in_transaction
from hub.placements.ledger import Account
from hub.placements.rendering import Rendering, outgoing
from hub.placements.schedule import keeps_time, outgoing_time
from hub.placements.steps import Op, Send


def perform(
    connector: Connector,
    step: Send,
    account: Account,
    target: Target,
    *,
    push: Mapping[str, JsonValue] | None,
    opener: Callable[[str], IO[bytes]],
    kept: str = "",
    keep: Callable[[str], None] = forget,
) -> Receipt | None:
    """Make the one call that a step stands for; `push` are the fields to set, by default all that are ours.

    `kept` is what an earlier try to publish the same noted of its way; `keep` writes such a note down.
    """
    refuse_in_transaction(f"a call to {account.place.connector}")
    match step.op:
        case Op.PUBLISH:
            sent = outgoing(_whole(account), marker=account.row.marker, link=account.link, opener=opener)
            at = outgoing_time(account.row, keeps=keeps_time(account.manifest))
            return cast("Publish", connector).publish(target, replace(sent, publish_at=at, kept=kept, keep=keep))
        case Op.REPLACE:
            sent = outgoing(_whole(account), marker=account.row.marker, link=account.link, opener=opener)
            return cast("Replace", connector).replace(target, step.ref, sent)
        case Op.UPDATE:
            return cast("Update", connector).update(target, step.ref, push or _whole(account).rendered.fields)
        case Op.REPOINT:
            return cast("Repoint", connector).repoint(target, step.ref, step.to)
        case Op.HOLD | Op.RESUME:
            return _keep_time(cast("Hold", connector), step, account, target)
        case Op.WITHDRAW:
            return _withdraw(cast("Withdraw", connector), step, target)


def _withdraw(connector: Withdraw, step: Send, target: Target) -> Receipt | None:
    try:
        connector.withdraw(target, step.ref)
    except LeftBehind as done:
        return Receipt(step.ref, left=done.message)
    return None


def _keep_time(connector: Hold, step: Send, account: Account, target: Target) -> Receipt:
    if step.op is Op.HOLD:
        return connector.hold(target, step.ref)
    if account.row.publish_at is None:
        raise ValueError("no time was given, so there is nothing to resume")
    return connector.resume(target, step.ref, account.row.publish_at)


def _whole(account: Account) -> Rendering:
    if account.rendering is None:
        raise ValueError("nothing is to be shown, so there is nothing to send")
    return account.rendering


def target_of(account: Account) -> Target:
    """Return the target as connectors take it."""
    return Target(account.place.kind, account.place.ref, account.place.label)
