"""A client that holds every answer of the API against its OpenAPI document, and every answer against the house rules.

Tests of the web door use no other client, so they all check the contract without saying so.
"""

from __future__ import annotations

import json

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.exceptions import MethodNotAllowed, NotFound

PROBLEM = "application/problem+json"
UNDESCRIBED = frozenset({"/api/openapi.json"})
ALWAYS = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "",
    "Cache-Control": "no-",
    "X-Request-Id": "",
}
STRICTER = {("Referrer-Policy", "no-referrer")}
"""What may stand there instead."""
_contracts = {}


class BrokenError(AssertionError):
    """An answer that the document does not allow."""


class Contract:
    """What the OpenAPI document says about answers."""

    def __init__(self, document):
        self.document = document

    def check(self, rule, method, response):
        """Raise `BrokenError` unless the answer of a route is as the document says."""
        path = rule.replace("<", "{").replace(">", "}") if rule else None
        operation = self.document["paths"].get(path, {}).get(method.lower() if method != "HEAD" else "get")
        body = b"" if method == "HEAD" else response.get_data()
        kind = response.headers.get("Content-Type")
        where = f"{method} {path}: {response.status_code}"
        if operation is None:
            if response.status_code < 400:
                raise BrokenError(f"{where} is not described")
            declared = {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
        else:
            known = operation["responses"]
            declared = known.get(str(response.status_code))
            if declared is None and response.status_code >= 400:
                declared = known.get("default")
            if declared is None:
                raise BrokenError(f"{where} is not declared")
        self._check_body(where, declared.get("content"), kind, body, method)

    def _check_body(self, where, content, kind, body, method):
        if not content:
            if body:
                raise BrokenError(f"{where} is declared without a body, and has one")
            return
        media = (kind or "").partition(";")[0]
        entry = content.get(media) or content.get("*/*")
        if entry is None:
            raise BrokenError(f"{where} says {media}; declared are {', '.join(content)}")
        if method == "HEAD" or not media.endswith("json"):
            return
        schema = {**entry["schema"], "components": self.document["components"]}
        faults = [fault.message for fault in Draft202012Validator(schema).iter_errors(_json(where, body))]
        if faults:
            raise BrokenError(f"{where}: {'; '.join(faults)}")


def _json(where, body):
    try:
        return json.loads(body)
    except ValueError as error:
        raise BrokenError(f"{where} is no JSON") from error


def check_headers(response):
    """Raise `BrokenError` unless the answer carries what every answer must carry."""
    for name, part in ALWAYS.items():
        if (name, response.headers.get(name)) in STRICTER:
            continue
        if part not in (response.headers.get(name) or ("" if part else "\0")) or name not in response.headers:
            raise BrokenError(f"{name} is {response.headers.get(name)!r}")
    policy = response.headers["Content-Security-Policy"]
    if "frame-ancestors 'none'" not in policy and "sandbox" not in policy:
        raise BrokenError(f"it may be framed: {policy}")
    for cookie in response.headers.getlist("Set-Cookie"):
        if "Max-Age=0" in cookie:
            continue
        if "HttpOnly" not in cookie or "SameSite=Lax" not in cookie or "Domain" in cookie:
            raise BrokenError(f"a loose cookie: {cookie}")


def check_problem(response):
    """Raise `BrokenError` unless a failure names its code, what happened and the request."""
    told = response.json
    if told["status"] != response.status_code or told["type"] != f"urn:damhub:problem:{told['code']}":
        raise BrokenError(f"the problem contradicts its answer: {told}")
    if not told["code"].replace("_", "").isalpha() or told["code"].lower() != told["code"]:
        raise BrokenError(f"not a stable code: {told['code']}")
    if not told["detail"] or told["request_id"] != response.headers["X-Request-Id"]:
        raise BrokenError(f"the problem does not say what happened: {told}")


class CheckedClient(FlaskClient):
    """Checks each answer as it comes."""

    csrf = ""

    @property
    def contract(self):
        document = self.application.view_functions["openapi_document"]
        if document not in _contracts:  # hubs in a test share one application (tests/web_app.py), and so its document
            with self.application.test_request_context():
                _contracts[document] = Contract(document().get_json())
        return _contracts[document]

    def open(self, *args, **kwargs):
        response = super().open(*args, **{"buffered": True, **kwargs})
        request = response.request
        if request.method != "OPTIONS":
            check_headers(response)
        if request.path.startswith("/api/") and request.path not in UNDESCRIBED and request.method != "OPTIONS":
            self.contract.check(self._rule(request), request.method, response)
            if response.status_code >= 400 and request.method != "HEAD":
                check_problem(response)
        return response

    def _rule(self, request):
        adapter = self.application.create_url_adapter(request)
        try:
            return adapter.match(return_rule=True)[0].rule
        except (NotFound, MethodNotAllowed):
            return None
