"""Keeping accounts connected: what ends when, signing in again, leaving; and what a person was told."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Response
from pydantic import Field, StringConstraints

from hub.connections.calendar import Renewal, Sure, What
from hub.web.api.connections import ConnectionOut, ConnectionPath, OAuthOut
from hub.web.api.documents import answer, blueprint
from hub.web.api.schemas import Given, Ident, Instant, Shown
from hub.web.identity import actor, caller
from hub.web.services import services

keeping = blueprint("keeping", "What ends when, signing in again, and leaving an account.")
Secret = Annotated[str, StringConstraints(max_length=8192)]


class EntryOut(Shown):
    """One thing that ends."""

    key: str = Field(description="Which end of this connection, the same from day to day.")
    what: What
    name: str
    ends_at: Instant
    sure: Sure = Field(description="Whether the vendor said so, or it usually lasts so long.")
    renewal: Renewal = Field(description="Whether it renews itself, or a person must.")
    step: str
    link: str = Field(description="Where to do it, within the hub.")
    connection_id: str
    connector: str
    connector_title: str
    account_label: str


class CalendarOut(Shown):
    """Everything that is known to end, the next first."""

    items: list[EntryOut]


class ReconnectIn(Given):
    """New secrets of the same account. What is left out stays as it is."""

    secrets: dict[Ident, Secret] = Field({})


class EndedOut(Shown):
    """What came of leaving an account."""

    at: Instant
    by: str
    withdrawn: int = Field(description="Copies that were taken back for it, and proven away.")
    dropped: int = Field(description="Copies that were never sent.")


class DepartureOut(Shown):
    """What leaving an account is about, or how far it is."""

    connection_id: str
    since: Instant | None = Field(description="Since when it is being left; null: it is not.")
    carried_on: bool = Field(description="Whether another connection looks after its copies.")
    able: bool = Field(description="Whether the hub can withdraw copies there by itself.")
    phases: dict[str, int]
    there: int
    stuck: int
    away: int
    ended: EndedOut | None = Field(description="Null while it is connected.")


class BudgetOut(Shown):
    """One limit of a remote and what is left of it."""

    calls: int
    per_s: float
    scope: str = Field(description="Whether it counts per connection, or for all accounts of one app together.")
    counts: str = Field(description="Which calls count; empty: all.")
    left: int


class HealthOut(Shown):
    """How a connection is."""

    state: str
    last_ok_at: Instant | None
    next_try_at: Instant | None = Field(description="When the hub asks again by itself; null: it does not.")
    closed_until: Instant | None = Field(description="Until when the remote lets nothing through.")
    limits: list[BudgetOut]


class NoticeOut(Shown):
    """Something that a person should know."""

    id: str
    what: str
    subject: str
    body: dict[str, Any]
    created_at: Instant
    read_at: Instant | None


class NoticesOut(Shown):
    """A person's own notices, newest first."""

    items: list[NoticeOut]


class NoticeQuery(Given):
    """All of them, or only those that were not read."""

    unread: bool = False


class NoticePath(Given):
    """Names one notice."""

    notice_id: Ident


@keeping.get("/connections/calendar", responses={200: CalendarOut})
def show_calendar() -> Response:
    """List what ends when: sign-ins, subscriptions, what vendors announced."""
    found = services().connections.calendar(actor())
    return answer(CalendarOut(items=[EntryOut.model_validate(one) for one in found]))


@keeping.get("/connections/<connection_id>/health", responses={200: HealthOut})
def show_health(path: ConnectionPath) -> Response:
    """Tell how a connection is: its last success, the next try, the calls that are left."""
    room, who = services().connections, actor()
    view = room.view(who, path.connection_id)
    budget = room.budget_left(who, path.connection_id)
    return answer(
        HealthOut(
            state=view.state, last_ok_at=view.last_ok_at, next_try_at=view.next_try_at,
            closed_until=budget.closed_until, limits=[BudgetOut.model_validate(one) for one in budget.limits],
        )
    )  # fmt: skip


@keeping.post("/connections/<connection_id>/reconnect", responses={200: ConnectionOut})
def reconnect(path: ConnectionPath, body: ReconnectIn) -> Response:
    """Give a connection new secrets of the same account."""
    return answer(
        ConnectionOut.model_validate(services().connections.reconnect(actor(), path.connection_id, body.secrets))
    )


@keeping.post("/connections/<connection_id>/reconnect/oauth", responses={201: OAuthOut})
def start_reconnect(path: ConnectionPath, body: ReconnectIn) -> Response:
    """Begin a sign-in at a vendor that renews a connection; it ends at /oauth/callback in the same browser session."""
    url = services().connections.start_reconnect(actor(), caller().session_hash, path.connection_id, body.secrets)
    return answer(OAuthOut(url=url), 201)


@keeping.get("/connections/<connection_id>/leaving", responses={200: DepartureOut})
def foresee_leaving(path: ConnectionPath) -> Response:
    """Tell what leaving an account would mean for its copies, or how far it is."""
    return answer(DepartureOut.model_validate(services().placements.leaving.outlook(actor(), path.connection_id)))


@keeping.post("/connections/<connection_id>/leaving", responses={200: DepartureOut})
def leave(path: ConnectionPath) -> Response:
    """Withdraw every copy of an account; the hub disconnects by itself when all are proven away."""
    return answer(DepartureOut.model_validate(services().placements.leaving.begin(actor(), path.connection_id)))


@keeping.delete("/connections/<connection_id>/leaving", responses={200: DepartureOut})
def stay(path: ConnectionPath) -> Response:
    """Stay after all: what was withdrawn comes back."""
    return answer(DepartureOut.model_validate(services().placements.leaving.cancel(actor(), path.connection_id)))


@keeping.get("/notices", responses={200: NoticesOut})
def list_notices(query: NoticeQuery) -> Response:
    """List what the hub told the one who asks."""
    found = services().notify.notices(actor(), unread_only=query.unread)
    return answer(NoticesOut(items=[NoticeOut.model_validate(one) for one in found]))


@keeping.post("/notices/<notice_id>/read", responses={204: None})
def read_notice(path: NoticePath) -> Response:
    """Note that one was read."""
    services().notify.mark_read(actor(), path.notice_id)
    return answer()
