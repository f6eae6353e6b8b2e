"""Outgoing webhooks as they look after some days: an agency that listens, and a newsroom that does not answer."""

from __future__ import annotations

from hub.access.actors import Role
from hub.clock import HOUR, MINUTE
from hub.events.models import Event
from hub.notify.models import Delivery, DeliveryAttempt, Endpoint
from hub.notify.outbox import row_of

HIS_ANSWER = '{"error": "upstream is down", "hint": "try again later"}'


def arrange(hub):
    """Add two endpoints with what was sent to them; return the id of the one that fails, and of an event sent there."""
    notify, admin, now = hub.services.notify, hub.people[Role.ADMINISTRATOR], hub.clock.now()
    notify.add_endpoint(admin, "https://93.184.216.34/damhub", ["asset.*", "rights.*"], description="Agency, Hamburg",
                        filters={"campaigns": ["Winter launch"]}, ordered=True)  # fmt: skip
    made, _ = notify.add_endpoint(admin, "https://93.184.216.35/hooks/newsroom", ["placement.*"])
    with hub.database.unit() as session:
        endpoint = session.get_one(Endpoint, made.id)
        endpoint.failing_since = now - 3 * HOUR
        shown = session.query(Event).filter(Event.kind.like("asset.%")).order_by(Event.seq.desc()).limit(6).all()
        for place, event in enumerate(shown):
            state = ("pending", "given_up", "delivered")[place % 3]
            values = {"state": state, "attempt": place + 1, "last_answer": "HTTP 503" if place % 3 < 2 else "HTTP 204"}
            session.add(Delivery(**{**row_of(endpoint, event, due_at=now + 5 * MINUTE), **values}))
            session.add(
                DeliveryAttempt(
                    id=f"try-{place}", endpoint_id=made.id, event_id=event.id, at=now - place * MINUTE, took_ms=212,
                    status=503, answer="HTTP 503", shown=HIS_ANSWER,
                )
            )  # fmt: skip
        return made.id, shown[0].id
