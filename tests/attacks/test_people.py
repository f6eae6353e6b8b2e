"""Sessions, tokens, first run, sign-ins at vendors, host names: taken over, fixed, widened, mixed up, raced."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from hub.access.actors import Role
from hub.access.models import User
from hub.connections.service import Connections
from hub.errors import Conflict, Invalid, NotFound
from tests import media_samples as files
from tests.attacks.rig import API, PASSWORD, problem

EVIL = "evil.example"


def sign_in(client, role=Role.VIEWER, **more):
    return client.post(f"{API}/session", json={"email": f"{role}@dam.test", "password": PASSWORD}, **more)


# Sessions


def test_a_cookie_that_was_planted_never_becomes_a_session(rig):
    client = rig.client(None)
    client.set_cookie("damhub_session", "planted-by-somebody")
    assert sign_in(client).status_code == 201
    fresh = client.get_cookie("damhub_session").value
    assert fresh != "planted-by-somebody"
    other = rig.client(None)
    other.set_cookie("damhub_session", "planted-by-somebody")
    assert other.get(f"{API}/assets").status_code == 401


def test_an_ended_session_is_ended_everywhere(rig):
    client = rig.client(None)
    client.environ_base["HTTP_X_CSRF_TOKEN"] = sign_in(client).json["csrf"]
    cookie = client.get_cookie("damhub_session").value
    assert client.get(f"{API}/assets").status_code == 200
    assert client.delete(f"{API}/session").status_code == 204
    thief = rig.client(None)
    thief.set_cookie("damhub_session", cookie)
    assert thief.get(f"{API}/assets").status_code == 401


def test_a_person_who_is_shut_out_is_out_at_once(rig):
    access = rig.rooms.access
    made = access.create_user(rig.admin, email="leaver@dam.test", name="L", role=Role.EDITOR, password=PASSWORD)
    client = rig.client(None)
    answer = client.post(f"{API}/session", json={"email": "leaver@dam.test", "password": PASSWORD})
    token = client.post(f"{API}/tokens", json={"label": "t", "scopes": ["read"], "days": 9},
                        headers={"X-CSRF-Token": answer.json["csrf"]}).json["secret"]  # fmt: skip
    access.disable(rig.admin, made.id)
    assert client.get(f"{API}/assets").status_code == 401
    assert rig.client(None).get(f"{API}/assets", headers={"Authorization": f"Bearer {token}"}).status_code == 401


# Tokens


def token_of(rig, role, *scopes):
    secret = rig.rooms.access.issue_token(rig.people[role], label="t", scopes=scopes, days=1)[1]
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_is_no_wider_than_its_scopes(rig):
    reads = token_of(rig, Role.ADMINISTRATOR, "read")
    asset = rig.bring(files.picture(colour=(91, 1, 1)))
    for method, path, body in (
        ("POST", "/tokens", {"label": "wider", "scopes": ["admin"], "days": 1}),
        ("POST", "/users", {"email": "a@b.test", "name": "x", "role": "administrator", "password": PASSWORD}),
        ("POST", "/endpoints", {"url": "https://example.com/", "kinds": ["asset.approved"]}),
        ("POST", f"/assets/{asset.id}/links", {"preset": "web", "days": 1}),
        ("DELETE", f"/assets/{asset.id}", None),
        ("POST", f"/assets/{asset.id}/archive", {}),
    ):
        answer = rig.client(None).open(API + path, method=method, json=body, headers=reads)
        assert answer.status_code == 403, (path, answer.json)
    upload = rig.client(None).post(f"{API}/assets?filename=a.png", data=b"x", headers=reads,
                                   content_type="application/octet-stream")  # fmt: skip
    assert upload.status_code == 403


def test_a_token_makes_no_token_whatever_its_scopes(rig):
    every = token_of(rig, Role.ADMINISTRATOR, "read", "upload", "edit", "publish", "admin")
    answer = rig.client(None).post(f"{API}/tokens", json={"label": "x", "scopes": ["read"], "days": 1}, headers=every)
    assert (answer.status_code, answer.json["code"]) == (403, "tokens_make_no_tokens")


def test_a_scope_lends_no_power_that_its_owner_has_not(rig):
    headers = token_of(rig, Role.VIEWER, "read", "upload", "edit", "publish", "admin")
    asset = rig.bring(files.picture(colour=(92, 1, 1)), approve=True)
    assert rig.client(None).get(f"{API}/users", headers=headers).status_code == 403
    assert rig.client(None).delete(f"{API}/assets/{asset.id}", headers=headers).status_code == 403


def test_a_role_that_was_lowered_counts_at_once(rig):
    access = rig.rooms.access
    made = access.create_user(rig.admin, email="once@dam.test", name="O", role=Role.EDITOR, password=PASSWORD)
    client = rig.client(None)
    client.post(f"{API}/session", json={"email": "once@dam.test", "password": PASSWORD})
    draft = rig.bring(files.picture(colour=(93, 1, 1)))
    assert client.get(f"{API}/assets/{draft.id}").status_code == 200
    access.set_role(rig.admin, made.id, Role.VIEWER)
    assert client.get(f"{API}/assets/{draft.id}").status_code == 404
    assert client.get(f"{API}/assets/{draft.id}/renditions/web").status_code == 404


# First run


def test_of_many_who_hold_the_first_code_one_becomes_administrator(fresh_rig):
    hub = fresh_rig()
    with hub.rooms.database.unit() as session:  # back to a hub without anybody
        for user in session.scalars(select(User)):
            session.delete(user)
        session.flush()
    code, together = hub.rooms.access.first_run_code(), threading.Barrier(6)

    def run(number):
        together.wait()
        try:
            hub.rooms.access.first_run(code, email=f"a{number}@dam.test", name="A", password=PASSWORD)
        except Conflict as late:
            return late.code
        return "in"

    with ThreadPoolExecutor(6) as pool:
        ends = sorted(pool.map(run, range(6)))
    assert ends == ["hub_has_users"] * 5 + ["in"]
    assert len(hub.read(select(User))) == 1
    assert hub.rooms.access.first_run_code() is None


# Host names, forwarding, next


@pytest.mark.parametrize("headers", [
    {"Host": EVIL}, {"X-Forwarded-Host": EVIL}, {"Forwarded": f"host={EVIL}"}, {"X-Original-Host": EVIL},
    {"X-Forwarded-Proto": "gopher", "X-Forwarded-Prefix": f"//{EVIL}"},
], ids=str)  # fmt: skip
def test_no_header_decides_where_a_link_leads(rig, headers):
    asset = rig.bring(files.picture(colour=(94, len(str(headers)), 1)), approve=True)
    signed = {**headers, **token_of(rig, Role.EDITOR, "read", "publish")}
    made = rig.client(None).post(f"{API}/assets/{asset.id}/links", json={"preset": "web", "days": 1}, headers=signed)
    assert made.json["url"].startswith("http://localhost/d/")
    for path in ("/", "/connections", f"/assets/{asset.code}", "/sign-in"):
        answer = rig.client().get(path, headers=headers)
        assert EVIL not in answer.get_data(as_text=True)
        assert EVIL not in answer.headers.get("Location", "")


def test_another_host_in_the_request_makes_a_foreign_form_no_own_one(rig):
    """A site that a browser is made to resolve to this hub has neither cookie nor token; with both, Origin tells."""
    forged = {"Origin": f"http://{EVIL}", "Host": "localhost"}
    answer = rig.client().post(f"{API}/tokens", json={"label": "x", "scopes": ["read"], "days": 1}, headers=forged)
    problem(answer, 403, "forged_request")


@pytest.mark.parametrize("wanted", [
    f"//{EVIL}", f"/\\{EVIL}", f"https:{EVIL}", f"/\t/{EVIL}", f"/\n//{EVIL}", "javascript:alert(1)", f"\\\\{EVIL}",
    f" //{EVIL}", f"/%0d%0aLocation:%20http://{EVIL}", "/\r\nSet-Cookie: a=b",
], ids=ascii)  # fmt: skip
def test_signing_in_leads_nowhere_else(rig, wanted):
    client = rig.client(None)
    page = client.get("/sign-in", query_string={"next": wanted}).get_data(as_text=True)
    token = page.split('name="csrf" value="')[1].split('"')[0]
    form = {"email": "viewer@dam.test", "password": PASSWORD, "next": wanted, "csrf": token}
    answer = client.post("/sign-in", data=form)
    assert answer.status_code == 303
    location = answer.headers["Location"]
    assert location == "/" or (location.startswith("/%0d") and EVIL in wanted), location
    assert "a=b" not in str(answer.headers)


# Signing in at a vendor


@pytest.fixture
def dance(rig):
    """The door of sign-ins at vendors, with the outside world replaced by what it is asked."""
    from hub.connections import dance as steps
    from hub.connections.dance import Dancer

    def begin(user="u1", session="s1"):
        with rig.rooms.database.unit() as unit:
            return steps.begin(
                unit, rig.rooms.keyring, Dancer(user, session), connector="x", auth="a", settings={}, secrets={},
                now=rig.clock.now(),
            )[0]  # fmt: skip

    def take(state, user="u1", session="s1"):
        with rig.rooms.database.unit() as unit:
            return steps.take(unit, rig.rooms.keyring, Dancer(user, session), state, now=rig.clock.now())

    return begin, take


@pytest.mark.parametrize("who", [{"user": "u2"}, {"session": "s2"}, {"user": "u2", "session": "s2"}, {"session": ""}])
def test_a_sign_in_that_somebody_else_began_is_not_finished_here(dance, who):
    """An attacker's code in a victim's browser, or a victim's code in an attacker's: the account is not swapped."""
    begin, take = dance
    state = begin()
    with pytest.raises(Invalid) as refused:
        take(state, **who)
    assert refused.value.code == "oauth_state_invalid"
    assert take(state).connector == "x", "the true one is not used up by it"


def test_a_state_is_good_once_and_for_ten_minutes(rig, dance):
    begin, take = dance
    state = begin()
    take(state)
    with pytest.raises(Invalid):
        take(state)
    late = begin()
    rig.clock.advance(10 * 60_000)
    for spent in (state, late, "", "x" * 9_000, "\ud800"):
        with pytest.raises(Invalid):
            take(spent)


def test_the_way_back_needs_a_session_and_a_state(rig):
    assert rig.client(None).get("/oauth/callback?state=x&code=y").status_code == 303
    for role in (Role.VIEWER, Role.EDITOR):
        assert rig.client(role).get("/oauth/callback?state=x&code=y").status_code == 403
    assert rig.client().get("/oauth/callback?state=x&code=y").status_code == 400


def test_a_password_that_a_site_hands_over_goes_to_no_other_page(rig):
    brought = "/oauth/callback?state=x&site_url=https://site.example&user_login=edda&password=abcd+efgh"
    signed_out = rig.client(None).get(brought)
    assert signed_out.headers["Location"] == "/sign-in?next=/connections"
    refused = rig.client().get(brought)
    assert refused.status_code == 400
    assert refused.headers["Referrer-Policy"] == "no-referrer"
    assert "abcd" not in refused.get_data(as_text=True) + str(refused.headers)


def test_what_comes_back_twice_is_nobodys_word(rig, monkeypatch):
    """A remote that leads a person to another site's page could put the address that it wants before the true one."""
    brought = []

    def finish(_self, _session, _actor, query):
        brought.append(query)
        raise Invalid("consent_denied", "No.", next_step="None.")

    monkeypatch.setattr(Connections, "finish_oauth", finish)
    rig.client().get("/oauth/callback?state=x&site_url=https://evil.example&user_login=a&site_url=https://good.example")
    assert brought == [{"state": "x", "user_login": "a"}]


# Things that are used twice or by somebody else


def test_an_idempotency_key_of_one_person_is_another_ones_own(rig):
    body = {"label": "mine", "scopes": ["read"], "days": 1}
    key = {"Idempotency-Key": "the-same"}
    first = rig.client(Role.EDITOR).post(f"{API}/tokens", json=body, headers=key)
    second = rig.client(Role.VIEWER).post(f"{API}/tokens", json=body, headers=key)
    assert first.status_code == second.status_code == 201
    assert first.json["secret"] != second.json["secret"]
    again = rig.client(Role.VIEWER).post(f"{API}/tokens", json=body, headers=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json == second.json


def test_a_token_of_somebody_else_cannot_be_ended(rig):
    token = rig.rooms.access.issue_token(rig.people[Role.EDITOR], label="t", scopes=["read"], days=1)[0]
    with pytest.raises(NotFound):
        rig.rooms.access.revoke_token(rig.people[Role.VIEWER], token)


def test_guessing_is_slowed_down_for_known_and_unknown_people_alike(fresh_rig):
    hub = fresh_rig()
    answers = {
        email: [hub.client(None).post(f"{API}/session", json={"email": email, "password": "wrong wrong wrong"})
                for _ in range(7)]
        for email in ("viewer@dam.test", "nobody@dam.test")
    }  # fmt: skip
    told = [[(one.status_code, one.json["code"]) for one in each] for each in answers.values()]
    assert told[0] == told[1]
    assert told[0][-1] == (429, "too_many_tries")
    assert sign_in(hub.client(None)).status_code == 429, "the right password does not help meanwhile"
