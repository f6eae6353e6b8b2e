"""Endpoints: addresses outside that hear of events, their secrets, and switching them off."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from connectors.sdk.guard import AddressRefused, Guard, origin_of
from hub.access.keyring import Keyring
from hub.clock import DAY
from hub.errors import Invalid, NotFound
from hub.notify.models import Delivery, DeliveryAttempt, Endpoint
from hub.notify.notices import tell
from webhooks import new_secret

OLD_SECRET_LIVES = DAY
"""How long the secret before the newest still signs, so that a receiver can change over."""
LONGEST_URL = 2000
LONGEST_DESCRIPTION = 200


@dataclass(frozen=True, slots=True)
class EndpointView:
    """An endpoint as it is shown; its secret was shown once."""

    id: str
    url: str
    description: str
    kinds: tuple[str, ...]
    filters: Mapping[str, Sequence[str]]
    ordered: bool
    state: str
    off_reason: str
    failing_since: int | None
    replaying: bool
    """Whether events of a span of time are being sent again."""
    created_at: int
    created_by: str


def check_url(url: str, guard: Guard) -> str:
    """Return an address to which messages may go. Looks its name up, so no unit may be open.

    Raises:
        Invalid: `endpoint_url_refused`.
    """
    cleaned = url.strip()
    try:
        parts = urlsplit(cleaned)
        origin = origin_of(cleaned)
        if len(cleaned) > LONGEST_URL or parts.fragment or not cleaned.isascii() or not cleaned.isprintable():
            raise _refused("This is not an http or https address.")
        if parts.scheme != "https" and not guard.trusts(cleaned):
            raise _refused("Messages go to https addresses only.")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        guard.addresses(origin, parts.hostname or "", port)
    except AddressRefused as refused:
        raise _refused(refused.message) from refused
    except (OSError, ValueError) as unknown:
        raise _refused("The name in this address is not known.") from unknown
    return cleaned


def checked_description(text: str) -> str:
    """Return what an endpoint is for, as it is kept.

    Raises:
        Invalid: `description_unfit`.
    """
    kept = text.strip()
    if len(kept) > LONGEST_DESCRIPTION or not kept.isprintable():
        raise Invalid(
            "description_unfit",
            f"A description has at most {LONGEST_DESCRIPTION} printable characters.",
            where="description",
            next_step="Shorten it.",
        )
    return kept


def first_secret(keyring: Keyring, endpoint_id: str) -> tuple[str, str]:
    """Return a new secret and what to keep of it."""
    secret = new_secret()
    return secret, _seal(keyring, endpoint_id, [{"secret": secret, "until": None}])


def replace_secret(keyring: Keyring, endpoint: Endpoint, *, at: int) -> str:
    """Give an endpoint a new secret; the one before goes on signing for `OLD_SECRET_LIVES`. Return the new one."""
    kept = _unseal(keyring, endpoint.id, endpoint.sealed_secrets)
    secret = new_secret()
    old = {"secret": kept[0]["secret"], "until": at + OLD_SECRET_LIVES}
    endpoint.sealed_secrets = _seal(keyring, endpoint.id, [{"secret": secret, "until": None}, old])
    return secret


def valid_secrets(keyring: Keyring, endpoint_id: str, sealed: str, *, at: int) -> list[str]:
    """Return the secrets that sign now, newest first."""
    kept = _unseal(keyring, endpoint_id, sealed)
    return [str(each["secret"]) for each in kept if each["until"] is None or each["until"] > at]


def get_endpoint(session: Session, endpoint_id: str) -> Endpoint:
    """Return an endpoint, locked.

    Raises:
        NotFound: `no_such_endpoint`.
    """
    endpoint = get_endpoints(session, {endpoint_id}).get(endpoint_id)
    if endpoint is None:
        raise no_such_endpoint()
    return endpoint


def get_endpoints(session: Session, ids: Collection[str]) -> dict[str, Endpoint]:
    """Return those endpoints that there are, by id, locked."""
    query = select(Endpoint).where(Endpoint.id.in_(ids)).order_by(Endpoint.id).with_for_update()
    return {row.id: row for row in session.scalars(query.execution_options(populate_existing=True))}


def no_such_endpoint() -> NotFound:
    """Return the error for an id that names no endpoint."""
    return NotFound("no_such_endpoint", "There is no such endpoint.", next_step="Load the list again.")


def switch_off(session: Session, endpoint: Endpoint, reason: str, *, at: int) -> None:
    """Send nothing more there; what was on its way is given up."""
    endpoint.state, endpoint.off_reason = "off", reason
    endpoint.replay_after = endpoint.replay_until = None
    waiting = Delivery.endpoint_id == endpoint.id, Delivery.state == "pending"
    session.execute(update(Delivery).where(*waiting).values(state="given_up", last_answer=reason, ended_at=at))


def cut_loose(session: Session, *, at: int) -> None:
    """Switch every endpoint off, because this hub is a copy: they belong to the original."""
    for endpoint in session.scalars(select(Endpoint).where(Endpoint.state == "live").with_for_update()):
        switch_off(session, endpoint, "copied_hub", at=at)


def remove(session: Session, endpoint: Endpoint) -> None:
    """Remove an endpoint with its deliveries and their log."""
    for table in (DeliveryAttempt, Delivery):
        session.execute(delete(table).where(table.endpoint_id == endpoint.id))
    session.delete(endpoint)


def switch_off_and_tell(session: Session, endpoint: Endpoint, reason: str, *, at: int) -> None:
    """Switch off by the hub itself, and let the one who made the endpoint know."""
    switch_off(session, endpoint, reason, at=at)
    body = {"url": endpoint.url, "reason": reason, "link": f"/webhooks/{endpoint.id}"}
    tell(session, endpoint.created_by, "endpoint_off", subject=endpoint.id, body=body, at=at)


def view(endpoint: Endpoint) -> EndpointView:
    """Return what may be shown of an endpoint."""
    return EndpointView(
        endpoint.id, endpoint.url, endpoint.description, tuple(endpoint.kinds), dict(endpoint.filters),
        endpoint.ordered, endpoint.state, endpoint.off_reason, endpoint.failing_since,
        endpoint.replay_until is not None, endpoint.created_at, endpoint.created_by,
    )  # fmt: skip


def _seal(keyring: Keyring, endpoint_id: str, secrets: Sequence[dict[str, Any]]) -> str:
    return keyring.seal(json.dumps(list(secrets)), purpose=_purpose(endpoint_id))


def _unseal(keyring: Keyring, endpoint_id: str, sealed: str) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", json.loads(keyring.open(sealed, purpose=_purpose(endpoint_id))))


def _purpose(endpoint_id: str) -> str:
    return f"endpoint-secret/{endpoint_id}"


def _refused(what: str) -> Invalid:
    return Invalid(
        "endpoint_url_refused", what, where="url", next_step="Enter a public https address without a user name."
    )
