"""Made-up requests for every operation, by its description: none makes the hub fail, every answer is as described."""

from __future__ import annotations

import socket

import pytest
import schemathesis
from flask import jsonify
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis.checks import CHECKS
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode

from hub.access.actors import Scope

PARTS = (
    "sign-in", "people", "assets", "review", "rights", "copies", "recalls", "links", "connections", "keeping",
    "endpoints", "activity", "health",
)  # fmt: skip
UNREACHABLE = frozenset({"remote_unreachable", "unreachable"})
NEVER = frozenset({"sign-in"})
"""Where no made-up request can be granted: nobody guesses a password."""
EXAMPLES = 8
KNOWN = {
    "asset_id": "asset", "version_id": "draft_version", "placement_id": "copy", "recall_id": "recall",
    "connection_id": "connection", "endpoint_id": "endpoint", "user_id": "user", "link_id": "link", "term_id": "term",
    "token_id": "token", "notice_id": "notice", "target_id": "blog", "substitute_id": "draft", "successor_id": "draft",
}  # fmt: skip


@pytest.fixture(scope="module")
def api(furnished):
    made = schemathesis.openapi.from_wsgi("/api/openapi.json", furnished.hub.app)
    made.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    return made


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "there is no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def checks():
    names = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
    return CHECKS.get_by_names(list(names))


def operations(api, part):
    for found in api.get_all_operations():
        operation = found.ok()
        if part in operation.tags:
            yield operation


@pytest.mark.parametrize("part", PARTS)
def test_no_request_makes_the_hub_fail(world, api, part):
    seen = set()
    for operation in operations(api, part):
        world.restore()
        seen |= attempt(operation, world)
    assert min(seen) < 300 or part in NEVER, "nothing was ever asked that the hub could do"


def attempt(operation, world):
    """Make up requests for an operation, half of them about things that there are."""
    admin, seen = world.hub.people["administrator"], set()
    _, secret = world.hub.services.access.issue_token(admin, label="all", scopes=list(Scope), days=30)
    headers = {"Authorization": f"Bearer {secret}"}

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(), real=strategies.booleans())
    def run(case, real):
        if real:
            for part in (case.path_parameters, case.body if isinstance(case.body, dict) else {}):
                part.update({name: world.names[KNOWN[name]] for name in part if name in KNOWN})
        answer = case.call(headers=headers)
        seen.add(answer.status_code)
        if answer.status_code >= 500:
            assert answer.json()["code"] in UNREACHABLE, answer.text
        case.validate_response(answer, checks=checks())

    run()
    return seen


def test_a_failing_operation_is_caught(world, api, monkeypatch):
    monkeypatch.setattr(type(world.hub.services.access), "users", lambda *_: 1 / 0)
    (users,) = [found for found in operations(api, "people") if found.label == "GET /api/v1/users"]
    with pytest.raises(AssertionError, match="internal_error"):
        attempt(users, world)


def test_an_answer_that_is_not_as_described_is_caught(world, api, monkeypatch):
    monkeypatch.setitem(world.hub.app.view_functions, "api_people.list_users", lambda **_: jsonify(items=[{"id": 1}]))
    (users,) = [found for found in operations(api, "people") if found.label == "GET /api/v1/users"]
    with pytest.raises(FailureGroup):
        attempt(users, world)
