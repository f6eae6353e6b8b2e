"""What doors and the worker ask of notices and outgoing webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import select

from connectors.sdk.errors import ConnectorError
from connectors.sdk.guard import Guard
from connectors.sdk.push import push
from connectors.sdk.wire import guarded_client
from hub.access.actors import Actor
from hub.access.keyring import Keyring
from hub.access.permissions import Act, require
from hub.clock import SECOND, Clock
from hub.db.base import new_id
from hub.db.installation import may_write
from hub.db.unit import Database, refuse_in_transaction
from hub.errors import HubError
from hub.notify.endpoints import (
    EndpointView,
    check_kinds,
    check_url,
    first_secret,
    get_endpoint,
    replace_secret,
    switch_off,
    valid_secrets,
    view,
)
from hub.notify.models import Delivery, Endpoint
from hub.notify.notices import NoticeView, mark_read, notices_of
from hub.notify.outbox import (
    AILING_AT_ONCE,
    WELL_AT_ONCE,
    Outcome,
    Parcel,
    lease_due,
    record,
    take_up,
)
from hub.settings import Settings
from webhooks import TIME_LIMIT_S, SignatureError, sign

Push = Callable[[str, bytes, Mapping[str, str]], int]
"""Sends a message once and returns the status, or raises one of the SDK's errors."""


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One event on its way to one endpoint, as it is shown."""

    event_id: str
    state: str
    attempt: int
    due_at: int
    last_answer: str
    body: str


class Notify:
    """Endpoints, deliveries and notices."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keyring: Keyring,
        settings: Settings,
        *,
        guard: Guard | None = None,
        send: Push | None = None,
    ) -> None:
        """Wire the room; `guard` and `send` replace name lookup and network in tests."""
        self._database = database
        self._clock = clock
        self._keyring = keyring
        self._guard = guard or Guard(trusted_origins=settings.trusted_origins)
        self._send = send or _sender(self._guard)

    def add_endpoint(self, actor: Actor, url: str, kinds: Iterable[str]) -> tuple[EndpointView, str]:
        """Let an address hear of events from now on; return it and its secret, which cannot be shown again.

        Raises:
            Forbidden, Invalid: `endpoint_url_refused`, `event_kind_unknown`.
        """
        require(actor, Act.MANAGE_ENDPOINTS)
        wanted = check_kinds(kinds)
        refuse_in_transaction("looking up an endpoint's name")
        checked = check_url(url, self._guard)
        endpoint_id = new_id()
        secret, sealed = first_secret(self._keyring, endpoint_id)
        with self._database.unit() as session:
            endpoint = Endpoint(
                id=endpoint_id, url=checked, sealed_secrets=sealed, kinds=wanted, state="live", off_reason="",
                failing_since=None, created_at=self._clock.now(), created_by=actor.id,
            )  # fmt: skip
            session.add(endpoint)
            session.flush()
            return view(endpoint), secret

    def rotate(self, actor: Actor, endpoint_id: str) -> str:
        """Give an endpoint a new secret and return it; the old one goes on signing for a day beside it."""
        require(actor, Act.MANAGE_ENDPOINTS)
        with self._database.unit() as session:
            return replace_secret(self._keyring, get_endpoint(session, endpoint_id), at=self._clock.now())

    def off(self, actor: Actor, endpoint_id: str) -> EndpointView:
        """Send nothing more to an endpoint; what was on its way is given up."""
        require(actor, Act.MANAGE_ENDPOINTS)
        with self._database.unit() as session:
            endpoint = get_endpoint(session, endpoint_id)
            switch_off(session, endpoint, "by_a_person")
            return view(endpoint)

    def on(self, actor: Actor, endpoint_id: str) -> EndpointView:
        """Let an endpoint hear of events again, from now on; its address is checked anew."""
        require(actor, Act.MANAGE_ENDPOINTS)
        with self._database.read() as session:
            known = session.get(Endpoint, endpoint_id)
        if known is not None:
            refuse_in_transaction("looking up an endpoint's name")
            check_url(known.url, self._guard)
        with self._database.unit() as session:
            endpoint = get_endpoint(session, endpoint_id)
            endpoint.state, endpoint.off_reason, endpoint.failing_since = "live", "", None
            return view(endpoint)

    def list(self, actor: Actor) -> list[EndpointView]:
        """Return every endpoint, oldest first."""
        require(actor, Act.MANAGE_ENDPOINTS)
        with self._database.read() as session:
            return [view(endpoint) for endpoint in session.scalars(select(Endpoint).order_by(Endpoint.id))]

    def deliveries(self, actor: Actor, endpoint_id: str, *, limit: int = 50) -> list[DeliveryView]:
        """Return an endpoint's latest deliveries, newest first."""
        require(actor, Act.MANAGE_ENDPOINTS)
        query = select(Delivery).where(Delivery.endpoint_id == endpoint_id).order_by(Delivery.event_id.desc())
        with self._database.read() as session:
            return [
                DeliveryView(row.event_id, row.state, row.attempt, row.due_at, row.last_answer, row.body)
                for row in session.scalars(query.limit(limit))
            ]

    def notices(self, actor: Actor, *, unread_only: bool = False, limit: int = 100) -> list[NoticeView]:
        """Return the actor's own notices, newest first."""
        with self._database.read() as session:
            return notices_of(session, actor.id, unread_only=unread_only, limit=limit)

    def mark_read(self, actor: Actor, notice_id: str) -> None:
        """Note that the actor has read a notice of theirs."""
        with self._database.unit() as session:
            mark_read(session, actor.id, notice_id, at=self._clock.now())

    def drain_events(self, owner: str) -> int:
        """Turn new events into deliveries; return how many events were read."""
        del owner  # the consumer's cursor is locked for this one unit, so no lease is needed
        with self._database.unit() as session:
            return take_up(session)

    def drain_deliveries(self, owner: str) -> int:
        """Send what is due, several at once; return how many tries were made. While only observing: none."""
        with self._database.unit() as session:
            parcels = lease_due(session, owner=owner, now=self._clock.now()) if may_write(session) else []
        if not parcels:
            return 0
        refuse_in_transaction("sending webhooks")
        with ThreadPoolExecutor(WELL_AT_ONCE + AILING_AT_ONCE, thread_name_prefix="webhook") as pool:
            outcomes = pool.map(self._try, parcels)
            for parcel, outcome in zip(parcels, outcomes, strict=True):
                with self._database.unit() as session:
                    record(session, parcel, outcome, owner=owner, now=self._clock.now())
        return len(parcels)

    def _try(self, parcel: Parcel) -> Outcome:
        """Sign with the secrets of this moment and send once. Whatever goes wrong is an outcome."""
        now = self._clock.now()
        body = parcel.body.encode()
        try:
            secrets = valid_secrets(self._keyring, parcel.endpoint_id, parcel.sealed_secrets, at=now)
            headers = sign(secrets, message_id=parcel.event_id, now_s=now // SECOND, body=body)
            status = self._send(parcel.url, body, {"content-type": "application/json", **headers})
        except (ConnectorError, HubError) as failure:
            return Outcome(None, failure.code)
        except SignatureError:
            return Outcome(None, "secret_unreadable")
        return Outcome(status, f"HTTP {status}")


def _sender(guard: Guard) -> Push:
    client = guarded_client(guard)

    def send(url: str, body: bytes, headers: Mapping[str, str]) -> int:
        return push(url, body, headers, client=client, total_s=TIME_LIMIT_S)

    return send
