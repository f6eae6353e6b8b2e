"""What doors and the worker ask of notices, outgoing webhooks and the feed."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import select

from connectors.sdk.guard import Guard
from hub.access.permissions import Act, require
from hub.db.base import new_id
from hub.db.unit import refuse_in_transaction
from hub.events.log import emit
from hub.notify import endpoints, feed, history, replays
from hub.notify.endpoints import EndpointView, get_endpoint, view
from hub.notify.filters import Reach, checked_filters, nothing
from hub.notify.history import AttemptView, DeliveryView
from hub.notify.kinds import TEST, checked_kinds
from hub.notify.messages import trial_message
from hub.notify.models import Delivery, Endpoint
from hub.notify.notices import NoticeView, mark_read, notices_of
from hub.notify.outbox import take_up
from hub.notify.sending import PATIENCE_S, Push, Sending, sender
from hub.notify.wires import Wires

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hub.access.actors import Actor
    from hub.access.keyring import Keyring
    from hub.clock import Clock
    from hub.db.unit import Database
    from hub.settings import Settings

NO_FILTERS: Mapping[str, Sequence[str]] = {}


class Notify:
    """Endpoints, deliveries, the feed, and notices."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keyring: Keyring,
        settings: Settings,
        *,
        reach: Reach = nothing,
        guard: Guard | None = None,
        send: Push | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Wire the room; `reach` tells what an event touches, what follows is replaced in tests."""
        self._database, self._clock, self._keyring, self._reach = database, clock, keyring, reach
        self._guard = guard or Guard(trusted_origins=settings.trusted_origins)
        self._wires = Wires(self._guard)
        self._sending = Sending(database, clock, keyring, send or sender(self._wires), patience_s=patience_s)

    def close(self) -> None:
        """Close the connections to receivers."""
        self._wires.close()

    # Endpoints

    def add_endpoint(
        self,
        actor: Actor,
        url: str,
        kinds: Iterable[str],
        *,
        description: str = "",
        filters: Mapping[str, Sequence[str]] = NO_FILTERS,
        ordered: bool = False,
    ) -> tuple[EndpointView, str]:
        """Let an address hear of events from now on; return it and its secret, which cannot be shown again.

        Raises:
            Forbidden, Invalid: `endpoint_url_refused`, `event_kind_unknown`, `filters_unfit`, `description_unfit`.
        """
        require(actor, Act.MANAGE_ENDPOINTS)
        wanted, narrowed = checked_kinds(kinds), checked_filters(filters)
        named = endpoints.checked_description(description)
        checked, endpoint_id = self._checked_url(url), new_id()
        secret, sealed = endpoints.first_secret(self._keyring, endpoint_id)
        with self._database.unit() as session:
            endpoint = Endpoint(
                id=endpoint_id, url=checked, description=named, sealed_secrets=sealed, kinds=wanted, filters=narrowed,
                ordered=ordered, state="live", off_reason="", failing_since=None, took_ms=0,
                created_at=self._clock.now(), created_by=actor.id,
            )  # fmt: skip
            session.add(endpoint)
            session.flush()
            emit(session, "endpoint.added", endpoint_id, actor=actor.id, body={"host": _host(checked)})
            return view(endpoint), secret

    def change_endpoint(
        self,
        actor: Actor,
        endpoint_id: str,
        *,
        url: str | None = None,
        kinds: Iterable[str] | None = None,
        description: str | None = None,
        filters: Mapping[str, Sequence[str]] | None = None,
        ordered: bool | None = None,
    ) -> EndpointView:
        """Change what is given; it counts for events from now on, and the address for everything that still waits.

        Raises:
            Forbidden, NotFound, Invalid: as for `add_endpoint`.
        """
        require(actor, Act.MANAGE_ENDPOINTS)
        changed: dict[str, object] = {}
        if kinds is not None:
            changed["kinds"] = checked_kinds(kinds)
        if filters is not None:
            changed["filters"] = checked_filters(filters)
        if description is not None:
            changed["description"] = endpoints.checked_description(description)
        if ordered is not None:
            changed["ordered"] = ordered
        if url is not None:
            changed["url"] = self._checked_url(url)
        with self._changing(actor, endpoint_id, "endpoint.changed") as (_, endpoint):
            for name, value in changed.items():
                setattr(endpoint, name, value)
        return view(endpoint)

    def remove_endpoint(self, actor: Actor, endpoint_id: str) -> None:
        """Remove an endpoint with its log."""
        with self._changing(actor, endpoint_id, "endpoint.removed") as (session, endpoint):
            endpoints.remove(session, endpoint)

    def rotate(self, actor: Actor, endpoint_id: str) -> str:
        """Give an endpoint a new secret and return it; the old one goes on signing for a day beside it."""
        with self._changing(actor, endpoint_id, "endpoint.secret_replaced") as (_, endpoint):
            return endpoints.replace_secret(self._keyring, endpoint, at=self._clock.now())

    def off(self, actor: Actor, endpoint_id: str) -> EndpointView:
        """Send nothing more to an endpoint; what was on its way is given up."""
        with self._changing(actor, endpoint_id, "endpoint.off") as (session, endpoint):
            endpoints.switch_off(session, endpoint, "by_a_person", at=self._clock.now())
        return view(endpoint)

    def on(self, actor: Actor, endpoint_id: str) -> EndpointView:
        """Let an endpoint hear of events again, from now on; its address is checked anew."""
        self._checked_url(self.endpoint(actor, endpoint_id).url)
        with self._changing(actor, endpoint_id, "endpoint.on") as (_, endpoint):
            endpoint.state, endpoint.off_reason, endpoint.failing_since, endpoint.took_ms = "live", "", None, 0
        return view(endpoint)

    def list(self, actor: Actor) -> list[EndpointView]:
        """Return every endpoint, oldest first."""
        require(actor, Act.MANAGE_ENDPOINTS)
        with self._database.read() as session:
            return [view(endpoint) for endpoint in session.scalars(select(Endpoint).order_by(Endpoint.id))]

    def endpoint(self, actor: Actor, endpoint_id: str) -> EndpointView:
        """Return one endpoint."""
        require(actor, Act.MANAGE_ENDPOINTS)
        with self._database.read() as session:
            endpoint = session.get(Endpoint, endpoint_id)
        if endpoint is None:
            raise endpoints.no_such_endpoint()
        return view(endpoint)

    # Deliveries

    def deliveries(
        self, actor: Actor, endpoint_id: str, *, state: str = "", before: str = "", limit: int = 50
    ) -> list[DeliveryView]:
        """Return an endpoint's deliveries, newest first."""
        self.endpoint(actor, endpoint_id)
        with self._database.read() as session:
            return history.deliveries(session, endpoint_id, state=state, before=before, limit=limit)

    def delivery(self, actor: Actor, endpoint_id: str, event_id: str) -> tuple[DeliveryView, list[AttemptView]]:
        """Return a delivery and every try that is still kept, newest first."""
        self.endpoint(actor, endpoint_id)
        with self._database.read() as session:
            return history.delivery(session, endpoint_id, event_id)

    def test(self, actor: Actor, endpoint_id: str) -> DeliveryView:
        """Send a message that says nothing to an endpoint, the way that all others go; return its delivery.

        Raises:
            Conflict: `endpoint_off`.
        """
        require(actor, Act.MANAGE_ENDPOINTS)
        now, event_id = self._clock.now(), new_id()
        with self._database.unit() as session:
            replays.refuse_off(get_endpoint(session, endpoint_id))
            session.add(
                Delivery(
                    endpoint_id=endpoint_id, event_id=event_id, kind=TEST.name, about=event_id, due_at=now, attempt=0,
                    state="pending", body=trial_message(endpoint_id, now),
                )
            )  # fmt: skip
            session.flush()
            return history.delivery(session, endpoint_id, event_id)[0]

    def replay(self, actor: Actor, endpoint_id: str, event_id: str) -> DeliveryView:
        """Send one event again, with the same id and bytes.

        Raises:
            Conflict: `endpoint_off`. NotFound: `no_such_event`.
        """
        with self._changing(actor, endpoint_id, "endpoint.replayed", event_id=event_id) as (session, endpoint):
            replays.again(session, endpoint, event_id, now=self._clock.now())
            session.flush()
            return history.delivery(session, endpoint_id, event_id)[0]

    def replay_span(self, actor: Actor, endpoint_id: str, *, from_at: int, until_at: int) -> EndpointView:
        """Send again what happened in a span of time, in its order, as far as the endpoint wants to hear of it.

        Raises:
            Conflict: `endpoint_off`, `replay_running`. Invalid: `span_empty`.
        """
        span = {"from_at": from_at, "until_at": until_at}
        with self._changing(actor, endpoint_id, "endpoint.replayed", **span) as (session, endpoint):
            replays.begin(session, endpoint, from_at=from_at, until_at=until_at)
        return view(endpoint)

    # The feed

    def feed(self, actor: Actor, *, after: str = "", kinds: Iterable[str] = (), limit: int = 100) -> feed.Page:
        """Return the messages behind a cursor, the same that webhooks bring.

        Raises:
            Forbidden, Invalid: `cursor_unreadable`, `event_kind_unknown`. Gone: `cursor_of_another_epoch`.
        """
        require(actor, Act.HEAR_EVENTS)
        with self._database.read() as session:
            return feed.read(session, after=after, kinds=kinds, limit=limit)

    # Notices

    def notices(self, actor: Actor, *, unread_only: bool = False, limit: int = 100) -> list[NoticeView]:
        """Return the actor's own notices, newest first."""
        with self._database.read() as session:
            return notices_of(session, actor.id, unread_only=unread_only, limit=limit)

    def mark_read(self, actor: Actor, notice_id: str) -> None:
        """Note that the actor has read a notice of theirs."""
        with self._database.unit() as session:
            mark_read(session, actor.id, notice_id, at=self._clock.now())

    # The worker's drains

    def drain_events(self, owner: str) -> int:
        """Turn new events, and those of replays, into deliveries; return how many events were read."""
        del owner  # the consumer's cursor is locked for this one unit, so no lease is needed
        with self._database.unit() as session:
            read = take_up(session, self._reach)
        with self._database.unit() as session:
            return read + replays.carry_on(session, self._reach, now=self._clock.now())

    def drain_deliveries(self, owner: str) -> int:
        """Begin to send what is due, each beside the others; return how many tries were begun."""
        return self._sending.drain(owner)

    def sweep(self, owner: str) -> int:
        """Forget some of the deliveries' log that is older than it is kept; return how much."""
        del owner  # whoever deletes it first has deleted it
        with self._database.unit() as session:
            return history.sweep(session, now=self._clock.now())

    # Inside

    def _checked_url(self, url: str) -> str:
        refuse_in_transaction("looking up an endpoint's name")
        return endpoints.check_url(url, self._guard)

    @contextmanager
    def _changing(
        self, actor: Actor, endpoint_id: str, kind: str, **said: object
    ) -> Generator[tuple[Session, Endpoint]]:
        """Lend an endpoint, locked, to an administrator; the change is an event."""
        require(actor, Act.MANAGE_ENDPOINTS)
        with self._database.unit() as session:
            endpoint = get_endpoint(session, endpoint_id)
            yield session, endpoint
            session.flush()
            emit(session, kind, endpoint_id, actor=actor.id, body={"host": _host(endpoint.url), **said})


def _host(url: str) -> str:
    """Return whose address it is: what events may tell of it, since the rest may hold a secret."""
    return urlsplit(url).hostname or ""
