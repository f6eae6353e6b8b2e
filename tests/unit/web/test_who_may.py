"""Who may ask what: every route of the application, for every kind of asker."""

from __future__ import annotations

import io
import re

import pytest

from tests.unit.web.routes import PNG, ROUTES
from tests.unit.web.world import ASKERS

REFUSED = frozenset({401, 403, 404})
NOTED = frozenset({"POST /api/v1/session", "DELETE /api/v1/session", "POST /sign-in", "POST /sign-out"})


def filled(value, names):
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], value)
    if isinstance(value, dict):
        return {name: filled(one, names) for name, one in value.items()}
    return [filled(one, names) for one in value] if isinstance(value, list) else value


def form_token(client):
    """Return the token of a form that `client` was shown."""
    if client.csrf:
        return client.csrf
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
    return found[1] if found else ""


def ask(client, route, names):
    """Make a route's request as this client."""
    kwargs = {"headers": dict(route.headers)}
    csrf = form_token(client) if route.form is not None else ""
    names = {**names, "csrf": csrf}
    if route.json is not None:
        kwargs["json"] = filled(route.json, names)
    if route.data is not None:
        kwargs |= {"data": route.data, "content_type": "application/octet-stream"}
    if route.form is not None:
        values = {**filled(route.form, names), "csrf": csrf}
        if "file" in values:
            values["file"] = (io.BytesIO(PNG), "a.png")
        kwargs["data"] = values
    return client.open(filled(route.at, names), method=route.method, **kwargs)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_each_asker_gets_what_is_theirs(world, route):
    answers, before = [], world.contents()
    for asker in ASKERS:
        answer = ask(world.client(asker), route, world.names)
        answers.append(answer.status_code)
        refused = answer.status_code in REFUSED or (answer.status_code == 303 and asker == "nobody")
        if world.contents() != before:
            assert not refused or str(route) in NOTED, f"{asker} was refused, and yet something was done"
            world.restore()
    assert dict(zip(ASKERS, answers, strict=True)) == dict(zip(ASKERS, route.expected(), strict=True))


def test_every_route_of_the_application_is_in_the_table(world):
    served = {
        (method, rule.rule)
        for rule in world.hub.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    listed = {(route.method, route.rule) for route in ROUTES if route.method != "HEAD"}
    assert served - listed == {("GET", "/hooks/<subscription_id>")}
    assert listed - served == set()


def test_a_refused_request_that_does_something_is_noticed(world):
    before = world.contents()
    world.client("editor").post(f"/api/v1/assets/{world.draft.id}/submit")
    assert world.contents() != before
    world.restore()
    assert world.contents() == before
