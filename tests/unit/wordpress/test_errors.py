"""What WordPress' own codes mean, whatever their status: permanent ones that come as 500 are not tried again."""

from __future__ import annotations

import json
import xmlrpc.client

import pytest

from connectors.sdk.errors import AuthExpired, GiveUp, Misconfigured, NeedsPerson, OutcomeUnknown, Rejected, RetryLater
from connectors.sdk.types import Target
from connectors.testing.faults import Fault, Rule, refuse
from connectors.testing.serve import serve
from connectors.wordpress import MANIFEST
from connectors.wordpress.sandbox import create
from connectors.wordpress.types import LIBRARY
from tests.unit.wordpress.kit import connected, outgoing

TARGET = Target(LIBRARY, LIBRARY, "Library")
UPLOADS = [
    (500, "rest_upload_sideload_error", Rejected),
    (500, "rest_upload_unknown_error", Rejected),
    (400, "rest_upload_image_type_not_supported", Rejected),
    (400, "rest_upload_file_too_big", Rejected),
    (400, "rest_upload_limited_space", Misconfigured),
    (400, "rest_upload_user_quota_exceeded", Misconfigured),
    (412, "rest_upload_hash_mismatch", RetryLater),
    (501, "rest_trash_not_supported", Misconfigured),
    (501, "application_passwords_disabled", Misconfigured),
    (404, "rest_no_route", Misconfigured),
    (403, "rest_disabled", Misconfigured),
    (403, "oauth2.authentication.attempt_authentication.invalid_token", AuthExpired),
    (400, "invalid_token", AuthExpired),
    (403, "authorization_required", AuthExpired),
]
FAULTS = [
    ("401", Misconfigured),
    ("403", AuthExpired),
    ("405", Misconfigured),
    ("500", Rejected),
    ("-32601", Misconfigured),
]


@pytest.fixture
def there():
    sandbox = create()
    with serve(sandbox) as origin:
        yield sandbox, origin


def writes(sandbox):
    return [one for one in sandbox.requests if one.method != "GET"]


def test_every_declared_code_is_tried():
    assert {code for _, code, _ in UPLOADS} | {code for code, _ in FAULTS} == set(MANIFEST.error_codes)


@pytest.mark.parametrize(("status", "code", "kind"), UPLOADS)
def test_a_code_goes_before_its_status_and_nothing_is_sent_twice(there, status, code, kind):
    sandbox, origin = there
    body = json.dumps({"code": code, "message": "Sorry.", "data": {"status": status}})
    sandbox.faults.add(refuse(status, on="write", body=body, times=None))
    with pytest.raises(kind) as told:
        connected(origin, sandbox.secrets).publish(TARGET, outgoing())
    assert code in told.value.detail
    assert len(writes(sandbox)) == 1
    assert sandbox.copies(LIBRARY) == ()


@pytest.mark.parametrize(("code", "kind"), FAULTS)
def test_a_fault_inside_an_answer_of_200_is_one(there, code, kind):
    sandbox, origin = there
    body = xmlrpc.client.dumps(xmlrpc.client.Fault(int(code), "Sorry."), methodresponse=True)
    sandbox.faults.add(Rule(fault=Fault.LIE, on="write", body=body, times=None))
    with pytest.raises(kind):
        connected(origin, sandbox.secrets, protocol="xmlrpc").publish(TARGET, outgoing())
    assert len(writes(sandbox)) == 1


@pytest.mark.parametrize("protocol", ["rest", "xmlrpc"])
def test_a_type_that_the_site_does_not_take_is_final(there, protocol):
    sandbox, origin = there
    page = outgoing(b"<svg/>", filename="logo.svg", media_type="image/svg+xml")
    with pytest.raises(Rejected) as told:
        connected(origin, sandbox.secrets, protocol=protocol).publish(TARGET, page)
    assert isinstance(told.value, GiveUp)
    assert not isinstance(told.value, RetryLater | NeedsPerson)
    assert "not allowed to upload this file type" in told.value.message
    assert len(writes(sandbox)) == 1


@pytest.mark.parametrize("body", ["", "<h1>Fatal error</h1>", '{"code": "internal_server_error"}', "[]", '{"code": 5}'])
def test_any_other_500_leaves_the_outcome_open(there, body):
    sandbox, origin = there
    sandbox.faults.add(refuse(500, on="write", body=body))
    with pytest.raises(OutcomeUnknown):
        connected(origin, sandbox.secrets).publish(TARGET, outgoing())
    assert len(writes(sandbox)) == 1
