"""The API's description: complete, valid, and held against the answers."""

from __future__ import annotations

import pytest
from flask import Response
from openapi_spec_validator import validate

from tests.unit.web.contract import BrokenError, Contract

METHODS = frozenset({"get", "post", "put", "patch", "delete"})
UNDESCRIBED = {("GET", "/api/openapi.json")}
OPEN_TO_ALL = {"/api/v1/session", "/api/v1/first-administrator", "/api/v1/health"}


@pytest.fixture(scope="module")
def document(furnished):
    return furnished.hub.app.test_client().get("/api/openapi.json").json


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def test_the_document_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    validate(document)


def test_every_route_is_described_and_every_description_is_served(document, furnished):
    served = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in furnished.hub.app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/")
    }
    described = {(method.upper(), path) for path, method, _ in operations(document)}
    assert served - described == UNDESCRIBED
    assert described - served == set()
    assert len(described) > 55


def test_every_operation_says_what_it_does_who_may_and_how_it_fails(document):
    names = []
    for path, method, operation in operations(document):
        at = f"{method} {path}"
        names.append(operation["operationId"])
        assert operation["summary"].endswith((".", "?")), at
        assert operation["tags"], at
        assert operation["security"], at
        assert (operation["security"] == [{}]) <= (path in OPEN_TO_ALL), at
        assert set(operation["responses"]["default"]["content"]) == {"application/problem+json"}, at
        assert any(status.startswith("2") for status in operation["responses"]), at
    assert len(names) == len(set(names))


def test_keys_and_preconditions_are_described(document):
    for path, method, operation in operations(document):
        headers = {one["name"] for one in operation["parameters"] if one["in"] == "header"}
        assert ("Idempotency-Key" in headers) == (method == "post"), path
        assert ("If-Match" in headers) == (operation["operationId"].startswith("api_assets_edit_asset")), path


def test_every_parameter_and_body_is_bounded_by_a_schema(document):
    for path, method, operation in operations(document):
        for parameter in operation["parameters"]:
            assert parameter["schema"], f"{method} {path}: {parameter['name']}"
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            assert content["schema"] or media == "application/octet-stream", f"{method} {path}"


def test_the_description_is_for_everybody(furnished):
    answer = furnished.hub.app.test_client().get("/api/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")


def json_answer(text):
    return Response(text, content_type="application/json")


WRONG = [
    ("GET", "/api/v1/me", Response("{}", status=200, content_type="application/json"), "'id' is a required property"),
    ("GET", "/api/v1/me", json_answer('{"id": 1, "name": "A", "role": "viewer"}'), "1 is not of type 'string'"),
    ("GET", "/api/v1/me", json_answer('{"id": "1", "name": "A", "role": "king"}'), "'king' is not one of"),
    ("GET", "/api/v1/me", Response("ok", content_type="text/plain"), "says text/plain"),
    ("GET", "/api/v1/me", Response("{", content_type="application/json"), "is no JSON"),
    ("GET", "/api/v1/me", Response("{}", status=202, content_type="application/json"), "is not declared"),
    ("GET", "/api/v1/me", Response("{}", status=404, content_type="application/json"), "says application/json"),
    ("GET", "/api/v1/me", Response("{}", status=404, content_type="application/problem+json"), "required property"),
    ("DELETE", "/api/v1/session", Response("x", status=204), "declared without a body"),
    ("GET", "/api/v1/unheard-of", Response("{}", status=200, content_type="application/json"), "is not described"),
    (None, None, Response("oops", status=500, content_type="text/html"), "says text/html"),
]


@pytest.mark.parametrize(("method", "rule", "answer", "said"), WRONG)
def test_an_answer_that_breaks_the_contract_is_caught(document, method, rule, answer, said):
    with pytest.raises(BrokenError, match=said):
        Contract(document).check(rule, method or "GET", answer)


def test_the_client_of_these_tests_checks_by_itself(world, monkeypatch):
    app = world.hub.app
    monkeypatch.setitem(
        app.view_functions, "api_people.me", lambda **_: Response("{}", content_type="application/json")
    )
    with pytest.raises(BrokenError, match="required property"):
        world.client("editor").get("/api/v1/me")


def test_a_missing_security_header_is_caught(world, monkeypatch):
    monkeypatch.setitem(world.hub.app.view_functions, "api_people.me", lambda **_: _loose())
    with pytest.raises(BrokenError, match="Referrer-Policy"):
        world.client("editor").get("/api/v1/me")


def _loose():
    return Response("{}", headers={"Referrer-Policy": "unsafe-url"}, content_type="application/json")
