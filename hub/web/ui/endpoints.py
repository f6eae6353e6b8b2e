"""Webhooks that the hub sends: who hears of what, the secret that is shown once, what was sent and how it went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from flask import Blueprint, Response, request

from hub.access.permissions import Act, require
from hub.errors import HubError, NotFound
from hub.notify.filters import NAMES
from hub.web.identity import actor
from hub.web.services import services
from hub.web.ui import outgoing
from hub.web.ui.dates import day_after, day_start
from hub.web.ui.frame import go, page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.notify.endpoints import EndpointView

endpoints = Blueprint("endpoints-pages", "hub.web")
PAGE: Final = 50
NOTHING: Final[Mapping[str, Any]] = {"url": "", "kinds": [], "description": "", "filters": {}, "ordered": False}
STATES: Final = {"": "All", **{state: sign.word for state, sign in outgoing.DELIVERY.items()}}


@endpoints.get("/webhooks")
def show_endpoints() -> Response:
    """Show every endpoint, and the form for another one."""
    return _list()


@endpoints.post("/webhooks")
def add_endpoint() -> Response:
    """Let an address hear of events, and show its secret this one time."""
    wish = _wish()
    try:
        made, secret = services().notify.add_endpoint(actor(), wish.pop("url"), wish.pop("kinds"), **wish)
    except HubError as wrong:
        return _list(wrong, request.form)
    return _one(made.id, secret=secret)


@endpoints.get("/webhooks/<endpoint_id>")
def show_endpoint(endpoint_id: str) -> Response:
    """Show one endpoint and what was sent to it."""
    return _one(endpoint_id)


@endpoints.post("/webhooks/<endpoint_id>")
def change_endpoint(endpoint_id: str) -> Response:
    """Change what an endpoint hears of, or its address."""
    try:
        services().notify.change_endpoint(actor(), endpoint_id, **_wish())
    except HubError as wrong:
        return _one(endpoint_id, wrong, request.form)
    return go(f"/webhooks/{endpoint_id}", "edited")


@endpoints.post("/webhooks/<endpoint_id>/<act>")
def act_on_endpoint(endpoint_id: str, act: str) -> Response:
    """Switch an endpoint on or off, test it, give it a new secret, send again, or remove it."""
    notify, who, here = services().notify, actor(), f"/webhooks/{endpoint_id}"
    try:
        if act == "rotate":
            return _one(endpoint_id, secret=notify.rotate(who, endpoint_id), rotated=True)
        if act == "remove":
            notify.remove_endpoint(who, endpoint_id)
            return go("/webhooks", "webhook-removed")
        if act == "test":
            return go(f"{here}/sent/{notify.test(who, endpoint_id).event_id}", "webhook-test")
        if act == "again":
            event_id = request.form.get("event_id", "")
            notify.replay(who, endpoint_id, event_id)
            return go(f"{here}/sent/{event_id}", "webhook-again")
        _plain_act(act, endpoint_id)
    except NotFound:
        raise
    except HubError as wrong:
        return _one(endpoint_id, wrong)
    return go(here, f"webhook-{act}")


@endpoints.get("/webhooks/<endpoint_id>/sent/<event_id>")
def show_delivery(endpoint_id: str, event_id: str) -> Response:
    """Show what was sent, and how each try was answered."""
    endpoint = services().notify.endpoint(actor(), endpoint_id)
    delivery, tries = services().notify.delivery(actor(), endpoint_id, event_id)
    return page(
        "delivery.html", here="webhooks", endpoint=endpoint, delivery=delivery, tries=tries, words=outgoing,
        body=json.dumps(json.loads(delivery.body), indent=2),
    )  # fmt: skip


def _plain_act(act: str, endpoint_id: str) -> None:
    notify, who, form = services().notify, actor(), request.form
    if act == "on":
        notify.on(who, endpoint_id)
    elif act == "off":
        notify.off(who, endpoint_id)
    elif act == "replay":
        begins, ends = day_start(form.get("from", "")) or 0, day_after(form.get("until", ""))
        now = services().clock.now()
        notify.replay_span(who, endpoint_id, from_at=begins, until_at=now + 1 if ends is None else ends)
    else:
        raise NotFound("no_such_act", "There is no such act.", where=act, next_step="Choose one on the page.")


def _wish() -> dict[str, Any]:
    """Return what the form asks for."""
    form = request.form
    filters = {name: form.getlist(name) for name in NAMES} | {"campaigns": form.get("campaigns", "").splitlines()}
    return {
        "url": form.get("url", ""), "kinds": form.getlist("kind"), "description": form.get("description", ""),
        "filters": filters, "ordered": bool(form.get("ordered")),
    }  # fmt: skip


def _list(error: HubError | None = None, given: Any = None) -> Response:
    require(actor(), Act.MANAGE_ENDPOINTS)
    wish = _wish() if given else {**NOTHING}
    return page(
        "endpoints.html", error.status if error else 200, here="webhooks", error=error, wish=wish, words=outgoing,
        endpoints=services().notify.list(actor()), rooms=outgoing.rooms(), choices=_choices(wish["filters"]),
    )  # fmt: skip


def _one(
    endpoint_id: str, error: HubError | None = None, given: Any = None, *, secret: str = "", rotated: bool = False
) -> Response:
    endpoint = services().notify.endpoint(actor(), endpoint_id)
    state, before = request.args.get("state", ""), request.args.get("before", "")
    found = services().notify.deliveries(
        actor(), endpoint_id, state=state if state in STATES else "", before=before, limit=PAGE + 1
    )
    shown = found[:PAGE]
    more = f"?state={state}&before={shown[-1].event_id}" if len(found) > PAGE else ""
    wish = _wish() if given else _wish_of(endpoint)
    return page(
        "endpoint.html", error.status if error else 200, here="webhooks", error=error, endpoint=endpoint, wish=wish,
        secret=secret, rotated=rotated, deliveries=shown, state=state, states=STATES, more=more, words=outgoing,
        rooms=outgoing.rooms(), choices=_choices(wish["filters"]), open_form=bool(given),
    )  # fmt: skip


def _wish_of(endpoint: EndpointView) -> dict[str, Any]:
    return {
        "url": endpoint.url, "kinds": list(endpoint.kinds), "description": endpoint.description,
        "filters": dict(endpoint.filters), "ordered": endpoint.ordered,
    }  # fmt: skip


def _choices(filters: Mapping[str, Sequence[str]]) -> dict[str, list[tuple[str, str]]]:
    """Return what filters can be set to, by name: ids and what they are called; those that are gone stay listed."""
    known = {
        "collections": [(one.id, one.name) for one in services().catalogue.collections(actor())],
        "connections": [
            (one.id, f"{one.connector_title}, {one.account_label}") for one in services().connections.list(actor())
        ],
    }
    for name, there in known.items():
        ids = {each for each, _ in there}
        there += [(each, f"{each} (not there any more)") for each in filters.get(name, ()) if each not in ids]
    return known
