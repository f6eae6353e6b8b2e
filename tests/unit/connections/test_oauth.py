from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.sdk.errors import AuthExpired, Misconfigured, OutcomeUnknown, RateLimited, Unreachable
from connectors.sdk.oauth import Client, OAuthFlow, new_state, new_verifier
from tests.unit.connections.conftest import CALLBACK, CLIENT_SECRET


@pytest.fixture
def flow(oauth, http):
    return OAuthFlow(oauth, Client("hub", CLIENT_SECRET), redirect_uri=CALLBACK, http=http)


def approve(http, url, allow="yes"):
    """Press the button on the vendor's page; return the query that the browser brings back."""
    answer = http.post(url, data={"allow": allow})
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(CALLBACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def connect(flow, http):
    state, verifier = new_state(), new_verifier()
    query = approve(http, flow.authorize_url(state=state, verifier=verifier))
    assert query["state"] == state
    return flow.exchange(query["code"], verifier=verifier)


def test_the_whole_flow_gives_a_token_that_opens_the_account(flow, http, vendor, origin):
    grant = connect(flow, http)
    me = http.get(f"{origin}/me", headers={"Authorization": f"Bearer {grant.access_token}"})
    assert me.json()["name"] == "Acme"
    assert grant.expires_in_s == 3600
    assert grant.scopes == ("read", "write")
    assert [entry.what for entry in vendor.ledger] == ["approved", "exchanged"]


def test_the_verifier_never_leaves_before_the_exchange_and_the_page_is_shown(flow, http):
    verifier = new_verifier()
    url = flow.authorize_url(state="s", verifier=verifier)
    assert verifier not in url
    assert 43 <= len(verifier) <= 128
    assert http.get(url).status_code == 200


def test_a_code_without_its_verifier_is_worth_nothing(flow, http, vendor):
    query = approve(http, flow.authorize_url(state="s", verifier=new_verifier()))
    with pytest.raises(AuthExpired):
        flow.exchange(query["code"], verifier=new_verifier())
    assert vendor.count("exchanged") == 0


def test_a_code_used_twice_revokes_what_it_gave(flow, http, vendor):
    verifier = new_verifier()
    query = approve(http, flow.authorize_url(state="s", verifier=verifier))
    grant = flow.exchange(query["code"], verifier=verifier)
    with pytest.raises(AuthExpired):
        flow.exchange(query["code"], verifier=verifier)
    assert not vendor.valid(grant.access_token)


def test_a_person_may_say_no(flow, http):
    query = approve(http, flow.authorize_url(state="s", verifier=new_verifier()), allow="no")
    assert query == {"error": "access_denied", "state": "s"}


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": CALLBACK + "/more"},
        {"client_id": "other"},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"state": ""},
    ],
)
def test_the_vendor_refuses_a_request_that_was_changed(flow, http, change):
    url = httpx.URL(flow.authorize_url(state="s", verifier=new_verifier()))
    changed = url.copy_merge_params(change)
    assert http.get(changed).status_code == 400
    assert http.post(changed, data={"allow": "yes"}).status_code == 400


def test_a_refresh_rotates_and_the_old_token_used_again_ends_the_family(flow, http, vendor):
    first = connect(flow, http)
    second = flow.refresh(first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert vendor.valid(second.access_token)
    with pytest.raises(AuthExpired):
        flow.refresh(first.refresh_token)
    assert not vendor.valid(second.access_token)


def test_a_vendor_that_does_not_rotate_keeps_the_refresh_token(flow, http, vendor):
    vendor.rotate = False
    first = connect(flow, http)
    assert flow.refresh(first.refresh_token).refresh_token == first.refresh_token


def test_an_access_token_ends_with_its_time(http, vendor, flow):
    now = [1000.0]
    vendor._clock = lambda: now[0]
    grant = connect(flow, http)
    assert vendor.valid(grant.access_token)
    now[0] += 3601
    assert not vendor.valid(grant.access_token)


def test_revocation_ends_the_access_and_a_vendor_without_it_is_no_error(flow, http, vendor, oauth):
    grant = connect(flow, http)
    flow.revoke(grant.refresh_token)
    assert not vendor.valid(grant.access_token)
    flow.revoke("never seen")
    OAuthFlow(replace(oauth, revoke_url=None), Client("hub"), redirect_uri=CALLBACK, http=http).revoke("x")


@pytest.mark.parametrize("fault", ["lose_answers", "nonsense", "cut"])
def test_a_lost_answer_to_a_refresh_is_an_unknown_outcome(flow, http, vendor, fault):
    grant = connect(flow, http)
    setattr(vendor.faults, fault, 1)
    with pytest.raises(OutcomeUnknown):
        flow.refresh(grant.refresh_token)
    assert vendor.count("refreshed") == 1, "the vendor did carry it out"


def test_a_time_out_is_an_unknown_outcome(oauth, vendor, http, flow):
    grant = connect(flow, http)

    def lose(request):
        raise httpx.ReadTimeout("lost", request=request)

    with httpx.Client(transport=httpx.MockTransport(lose)) as deaf, pytest.raises(OutcomeUnknown):
        OAuthFlow(oauth, Client("hub", CLIENT_SECRET), redirect_uri=CALLBACK, http=deaf).refresh(grant.refresh_token)


def test_what_was_never_sent_is_unreachable(oauth):
    def refuse(request):
        raise httpx.ConnectError("refused", request=request)

    with httpx.Client(transport=httpx.MockTransport(refuse)) as http, pytest.raises(Unreachable):
        OAuthFlow(oauth, Client("hub"), redirect_uri=CALLBACK, http=http).refresh("r")


def test_a_busy_vendor_says_when(flow, http, vendor):
    grant = connect(flow, http)
    vendor.faults.limit = 1
    with pytest.raises(RateLimited) as limited:
        flow.refresh(grant.refresh_token)
    assert limited.value.after_s == 7
    assert flow.refresh(grant.refresh_token).access_token, "nothing was carried out before"


def test_a_vendor_that_is_down_may_have_carried_it_out(flow, http, vendor):
    grant = connect(flow, http)
    vendor.faults.refuse = 1
    with pytest.raises(OutcomeUnknown):
        flow.refresh(grant.refresh_token)
    assert vendor.count("refreshed") == 0


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_both_ways_to_show_the_client_secret_work_and_a_wrong_one_is_misconfigured(oauth, http, vendor, method):
    oauth = replace(oauth, token_auth=method)
    good = OAuthFlow(oauth, Client("hub", CLIENT_SECRET), redirect_uri=CALLBACK, http=http)
    assert connect(good, http).access_token
    with pytest.raises(Misconfigured) as refused:
        OAuthFlow(oauth, Client("hub", "wrong"), redirect_uri=CALLBACK, http=http).refresh("r")
    assert "invalid_client" in refused.value.detail


def test_a_public_client_shows_no_secret(oauth, http, vendor):
    vendor.client_secret = ""
    flow = OAuthFlow(replace(oauth, token_auth="none"), Client("hub"), redirect_uri=CALLBACK, http=http)
    assert connect(flow, http).access_token


ANSWERS = {
    "not json": (200, b"<html>"),
    "a list": (200, b"[]"),
    "no token": (200, b"{}"),
    "token is no text": (200, b'{"access_token": 7}'),
    "deep": (200, b'{"a":' * 5000),
    "too long": (200, b" " * 300_000),
    "temporarily": (400, b'{"error": "temporarily_unavailable"}'),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_cannot_be_read_is_an_unknown_outcome(oauth, name):
    status, body = ANSWERS[name]
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=body))
    with httpx.Client(transport=transport) as http, pytest.raises(OutcomeUnknown):
        OAuthFlow(oauth, Client("hub"), redirect_uri=CALLBACK, http=http).refresh("r")


@pytest.mark.parametrize("status", [301, 400, 403, 404])
def test_other_refusals_are_misconfigured_and_repeat_nothing_of_the_body(oauth, status):
    body = b'{"error": "<script>secret-token-value</script>"}'
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=body))
    with httpx.Client(transport=transport) as http, pytest.raises(Misconfigured) as refused:
        OAuthFlow(oauth, Client("hub"), redirect_uri=CALLBACK, http=http).refresh("r")
    assert "secret-token-value" not in refused.value.detail + str(refused.value)


def test_a_redirect_of_the_token_call_is_not_followed(oauth):
    seen = []

    def answer(request):
        seen.append(request.url.host)
        return httpx.Response(307, headers={"Location": "https://elsewhere.example/token"})

    http = httpx.Client(transport=httpx.MockTransport(answer), follow_redirects=True)
    with http, pytest.raises(Misconfigured):
        OAuthFlow(oauth, Client("hub"), redirect_uri=CALLBACK, http=http).refresh("r")
    assert seen == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("value", "expected"), [("3600", 3600), (3600, 3600), (True, None), ("soon", None), (-1, None), (10**30, 315360000)]
)
def test_a_lifetime_is_read_from_numbers_and_texts(oauth, value, expected):
    transport = httpx.MockTransport(
        lambda _request: httpx.Response(200, json={"access_token": "a", "expires_in": value})
    )
    with httpx.Client(transport=transport) as http:
        grant = OAuthFlow(oauth, Client("hub"), redirect_uri=CALLBACK, http=http).refresh("r")
    assert grant.expires_in_s == expected
    assert grant.refresh_token == "r"
    assert grant.scopes == ("read", "write")


def test_nothing_that_is_printed_shows_a_secret(flow, http):
    grant = connect(flow, http)
    shown = repr(grant) + repr(Client("hub", CLIENT_SECRET)) + repr(flow)
    assert grant.access_token not in shown
    assert grant.refresh_token not in shown
    assert CLIENT_SECRET not in shown
