"""What the connections page shows. No view holds a secret."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from connectors.sdk.manifest import Capability, Manifest
from hub.connections import health
from hub.connections.models import Connection, Remote, Subscription, Target

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class AbilityView:
    """One thing that a connector can do, or why it cannot."""

    name: str
    able: bool
    write: str = ""  # what a lost answer means; empty for reads
    best: str = ""  # the best level of evidence
    gap: str = ""  # why it is not able, or where the limits are


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """One connection, as people see it."""

    id: str
    remote_id: str
    connector: str
    connector_title: str
    account_key: str
    account_label: str
    owner_id: str
    auth: str
    state: str
    problem_code: str
    problem: str
    last_ok_at: int | None
    ends_at: int | None
    next_try_at: int | None  # when the hub asks again by itself
    leaving_since: int | None  # its copies are being withdrawn, to disconnect it then
    created_at: int
    scopes: tuple[str, ...]
    plan: str  # what the system told of plan and space; empty: nothing
    settings: Mapping[str, object]
    abilities: tuple[AbilityView, ...]
    targets: int
    subscriptions: int
    forged: int  # deliveries that were refused, at least
    forged_at: int | None  # when the last of them came


@dataclass(frozen=True, slots=True)
class TargetView:
    """One place where copies can stand."""

    id: str
    remote_id: str
    connector: str
    account_label: str
    kind: str
    ref: str
    label: str
    channel: str
    territory: str
    lead_s: int
    late_s: int
    life_s: int
    language: str  # of the texts there; empty: the catalogue's own


@dataclass(frozen=True, slots=True)
class Places:
    """Some of a remote's places."""

    items: list[TargetView]
    found: int  # how many fit
    known: int  # how many there are


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription that was made. `secret` is shown this once, and only where a person must carry it over."""

    id: str
    callback_url: str
    secret: str | None = field(default=None, repr=False)


def abilities(manifest: Manifest | None) -> tuple[AbilityView, ...]:
    """Return every capability there is: what the connector can do and how well, what it cannot and why."""
    if manifest is None:
        return ()
    return tuple(_ability(manifest, capability) for capability in Capability)


def _ability(manifest: Manifest, capability: Capability) -> AbilityView:
    gap = manifest.gaps.get(capability.value, "")
    ability = manifest.abilities.get(capability)
    if ability is None:
        return AbilityView(capability.value, able=False, gap=gap or f"{manifest.title} has no such function here.")
    write = ability.write.value if ability.write else ""
    return AbilityView(capability.value, able=True, write=write, best=ability.best.value, gap=gap)


def connections(session: Session, registry: Mapping[str, Manifest], now: int) -> list[ConnectionView]:
    """Return all connections, newest first."""
    remotes = {row.id: row for row in session.scalars(select(Remote))}
    targets = Counter(session.scalars(select(Target.remote_id)))
    heard = _heard(session)
    rows = session.scalars(select(Connection).order_by(Connection.id.desc()))
    return [
        connection(
            row,
            remotes[row.remote_id],
            registry,
            targets=targets[row.remote_id],
            heard=heard.get(row.remote_id, Heard()),
            now=now,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Heard:
    """The addresses at which a remote's deliveries come, and what was refused at them."""

    subscriptions: int = 0
    forged: int = 0
    forged_at: int | None = None


def _heard(session: Session) -> dict[str, Heard]:
    of_each = select(
        Subscription.remote_id, func.count(), func.sum(Subscription.forged), func.max(Subscription.forged_at)
    ).group_by(Subscription.remote_id)
    return {remote_id: Heard(count, int(forged), at) for remote_id, count, forged, at in session.execute(of_each)}


def connection(
    row: Connection,
    remote: Remote,
    registry: Mapping[str, Manifest],
    *,
    targets: int,
    heard: Heard,
    now: int,
) -> ConnectionView:
    """Return one connection."""
    manifest = registry.get(remote.connector)
    return ConnectionView(
        id=row.id, remote_id=remote.id, connector=remote.connector,
        connector_title=manifest.title if manifest else remote.connector, account_key=remote.account_key,
        account_label=remote.label, owner_id=row.owner_id, auth=row.auth, state=row.state,
        problem_code=row.problem_code, problem=row.problem, last_ok_at=row.last_ok_at, ends_at=row.expires_at,
        next_try_at=health.next_try(row, now), leaving_since=row.leaving_at, created_at=row.created_at,
        scopes=tuple(row.granted_scopes), plan=row.plan,
        settings=row.settings, abilities=abilities(manifest), targets=targets,
        subscriptions=heard.subscriptions, forged=heard.forged, forged_at=heard.forged_at,
    )  # fmt: skip


def targets(session: Session, rows: list[Target]) -> list[TargetView]:
    """Return targets with the account that they belong to."""
    remotes = {row.id: row for row in session.scalars(select(Remote))}
    return [
        TargetView(
            row.id, row.remote_id, remotes[row.remote_id].connector, remotes[row.remote_id].label, row.kind,
            row.external_ref, row.label, row.channel, row.territory, row.lead_s,
            row.late_s, row.life_s, row.language or "",
        )
        for row in rows
    ]  # fmt: skip
