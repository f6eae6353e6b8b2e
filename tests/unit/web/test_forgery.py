"""Writes that another site makes a browser send, cookies, headers of every answer, and the first run."""

from __future__ import annotations

import re

import pytest

from hub.connections import credentials
from hub.settings import Settings
from tests.unit.web.contract import CheckedClient, check_headers
from tests.unit.web.routes import API_ROUTES, BYTES, PAGES, ROUTES
from tests.unit.web.test_who_may import ask, filled, form_token
from tests.web_hub import PASSWORD, WebHub

FORGED = [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
    {"Origin": "null"}, {"Origin": "http://localhost.evil.example"}, {"Origin": "http://localhost:81"},
    {"X-CSRF-Token": ""}, {"X-CSRF-Token": "guess"}, {"X-CSRF-Token": "\u00e9"},
]  # fmt: skip
WRITES = [route for route in API_ROUTES if route.method != "GET" and "201 201 201 201 201 201" not in route.answers]
FORMS = [route for route in PAGES if route.form is not None and route.at != "/upload?csrf={csrf}"]


def refused(world, send, *args, **kwargs):
    before = world.contents()
    answer = send(*args, **kwargs)
    assert answer.status_code == 403, answer.get_data(as_text=True)[:200]
    assert "forged_request" in answer.get_data(as_text=True)
    assert world.contents() == before


@pytest.mark.parametrize("route", WRITES, ids=str)
def test_no_write_of_the_api_can_be_forged(world, route):
    for headers in ({"X-CSRF-Token": ""}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        client = world.client("administrator")
        client.environ_base |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        refused(world, ask, client, route, world.names)


@pytest.mark.parametrize("route", FORMS, ids=str)
def test_no_form_can_be_forged(world, route):
    at, values = filled(route.at, world.names), filled(route.form, world.names)
    for asker in ("administrator", "nobody"):
        for spoilt in ({}, {"csrf": ""}, {"csrf": "guess"}):
            refused(world, plain(world, asker).post, at, data=values | spoilt)
        client = plain(world, asker)
        good = values | {"csrf": form_token(client)}
        client.environ_base["HTTP_ORIGIN"] = "https://evil.example"
        refused(world, client.post, at, data=good)


def plain(world, asker):
    """Return a client as a browser is: the token comes in the form only."""
    client = world.client(asker)
    client.environ_base.pop("HTTP_X_CSRF_TOKEN", None)
    return client


@pytest.mark.parametrize("headers", FORGED, ids=str)
def test_every_sign_of_another_site_is_enough(world, headers):
    refused(world, lambda: world.client("editor").post(f"/api/v1/assets/{world.asset.id}/archive", headers=headers))


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "none"}]
)
def test_our_own_pages_may_write(world, headers):
    answer = world.client("editor").post(f"/api/v1/assets/{world.asset.id}/archive", headers=headers)
    assert answer.status_code == 204


def test_the_token_of_one_session_is_no_good_in_another(world):
    client = world.client("editor")
    client.environ_base["HTTP_X_CSRF_TOKEN"] = world.cookies["administrator"][1]
    refused(world, lambda: client.post(f"/api/v1/assets/{world.asset.id}/archive"))


def test_the_token_of_a_form_is_bound_to_its_browser(world):
    token = form_token(world.client("nobody"))
    form = {"email": "viewer@dam.test", "password": PASSWORD, "csrf": token}
    other = world.client("nobody")
    assert form_token(other) != token
    refused(world, lambda: other.post("/sign-in", data=form))


def test_nobody_can_be_signed_in_from_another_site(world):
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = world.client("nobody").post(
            "/api/v1/session", json={"email": "viewer@dam.test", "password": PASSWORD}, headers=headers
        )
        assert answer.json["code"] == "forged_request"
        assert "Set-Cookie" not in answer.headers


def test_an_upload_form_carries_its_token_in_the_address(world):
    import io

    client = plain(world, "editor")
    for at in ("/upload", "/upload?csrf=guess"):
        refused(world, lambda at=at: client.post(at, data={"file": (io.BytesIO(b"x"), "a.txt"), "csrf": client.csrf}))


@pytest.mark.parametrize("scheme", ["Basic", "Bearer", "bearer", "Digest", ""])
def test_a_wrong_token_is_not_overlooked_because_a_cookie_is_there(world, scheme):
    client = world.client("administrator")
    answer = client.get("/api/v1/me", headers={"Authorization": f"{scheme} dh_guess".strip()})
    assert (answer.status_code, answer.json["code"]) == (401, "bad_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_needs_no_page_of_ours(world):
    _, secret = world.hub.services.access.issue_token(
        world.hub.people["editor"], label="edits", scopes=["read", "edit"], days=1
    )
    headers = {"Authorization": f"Bearer {secret}", "Sec-Fetch-Site": "cross-site", "Origin": "https://tool.example"}
    answer = world.hub.app.test_client().post(f"/api/v1/assets/{world.asset.id}/archive", headers=headers)
    assert answer.status_code == 204
    assert "Access-Control-Allow-Origin" not in answer.headers


# Cookies and headers


def test_cookies_are_out_of_reach(world):
    answer = world.client("nobody").post("/api/v1/session", json={"email": "viewer@dam.test", "password": PASSWORD})
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert "Strict-Transport-Security" not in answer.headers


def test_behind_https_cookies_stay_on_it(sqlite_url, clock, tmp_path, hub):
    secured = WebHub(hub.database, clock, tmp_path / "home", secure_cookies=True, base_url="https://dam.example")
    secured.app.test_client_class = CheckedClient
    answer = secured.app.test_client().post(
        "/api/v1/session", json={"email": "viewer@dam.test", "password": PASSWORD}, base_url="https://dam.example"
    )
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_nothing_private_is_kept_by_caches_in_between(world, route):
    answer = ask(world.client("editor"), route, world.names)
    check_headers(answer)
    kept = answer.headers["Cache-Control"]
    if route.at.startswith("/static/"):
        return
    assert "public" not in kept
    shared = route.at.startswith(("/d/", "/p/")) and answer.status_code == 200
    assert ("no-store" in kept) or ("no-cache" in kept and ("private" in kept or shared))
    if "private" in kept and route in BYTES and answer.status_code == 200 and "renditions" in route.at:
        assert answer.headers["Vary"] == "Cookie, Authorization"


def test_failures_carry_the_headers_too(world):
    client = world.client("nobody")
    for answer in (client.get("/nowhere"), client.get("/api/v1/me"), client.post("/sign-in"), client.get("/d/forged")):
        check_headers(answer)


def test_scripts_of_others_may_not_run(world):
    policy = world.client("editor").get("/").headers["Content-Security-Policy"]
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert (rules["base-uri"], rules["frame-ancestors"], rules["form-action"]) == ("'none'", "'none'", "'self'")
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", "/\t/evil.example"],
)
def test_after_signing_in_nobody_is_sent_elsewhere(world, wanted):
    client = world.client("nobody")
    form = {"email": "viewer@dam.test", "password": PASSWORD, "csrf": form_token(client), "next": wanted}
    location = client.post("/sign-in", data=form).headers["Location"]
    assert re.fullmatch(r"/(?![/\\\s]).*", location), location


# Secrets


def test_no_answer_holds_a_secret(world):
    hub, keyring = world.hub, world.hub.keyring
    session_hash = hub.services.access.session(world.cookies["administrator"][0]).hash
    kept = credentials.Secrets({"key": "trello-key-5f3a", "token": "trello-token-77"})
    with hub.database.unit() as session:
        credentials.store(session, keyring, world.connection.id, kept)
    secrets = {
        "trello-key-5f3a", "trello-token-77", world.endpoint_secret, world.token_secret, PASSWORD, session_hash,
        *(cookie for cookie, _ in world.cookies.values()), b"k".hex() * 32, "$argon2",
    }  # fmt: skip
    walked = 0
    for route in ROUTES:
        if route.method != "GET":
            continue
        for asker in ("administrator", "editor", "viewer"):
            answer = ask(world.client(asker), route, world.names)
            told = answer.get_data().decode("latin-1") + str(answer.headers)
            assert not [secret for secret in secrets if secret in told], f"{asker}: {route}"
            walked += 1
    assert walked > 150


# The first run


ADA = {"email": "ada@dam.test", "name": "Ada", "password": PASSWORD}


def test_the_first_administrator_needs_the_one_time_code(bare_hub):
    client, access = bare_hub.app.test_client(), bare_hub.services.access
    code = access.first_run_code()
    for body in (ADA, ADA | {"code": ""}, ADA | {"code": "guess"}):
        answer = client.post("/api/v1/first-administrator", json=body)
        assert answer.json["code"] == ("first_run_code_wrong" if "code" in body else "values_do_not_fit")
        assert not access.has_users()
    made = client.post("/api/v1/first-administrator", json=ADA | {"code": code})
    assert (made.status_code, made.json["role"]) == (201, "administrator")
    again = client.post("/api/v1/first-administrator", json=ADA | {"email": "eve@dam.test", "code": code})
    assert (again.status_code, again.json["code"]) == (409, "hub_has_users")


def test_the_first_run_page_keeps_the_code_of_its_address(bare_hub):
    client, access = bare_hub.app.test_client(), bare_hub.services.access
    code = access.first_run_code()
    shown = client.get(f"/first-run?code={code}").get_data(as_text=True)
    assert f'<input type="hidden" name="code" value="{code}">' in shown
    assert code not in client.get("/first-run").get_data(as_text=True)
    csrf = re.search(r'name="csrf" value="([^"]+)"', shown)[1]
    wrong = client.post("/first-run", data=ADA | {"csrf": csrf, "code": "guess"})
    assert wrong.status_code == 403
    assert "first_run_code_wrong" in wrong.get_data(as_text=True)
    assert 'id="f-code"' in wrong.get_data(as_text=True)
    assert not access.has_users()
    made = client.post("/first-run", data=ADA | {"csrf": csrf, "code": code})
    assert (made.status_code, made.headers["Location"]) == (303, "/")
    assert client.get("/").status_code == 200


def test_a_weak_password_keeps_the_code_good(bare_hub):
    client, access = bare_hub.app.test_client(), bare_hub.services.access
    code = access.first_run_code()
    weak = client.post("/api/v1/first-administrator", json=ADA | {"code": code, "password": "short"})
    assert weak.status_code == 400
    assert access.first_run_code() == code
    assert client.post("/api/v1/first-administrator", json=ADA | {"code": code}).status_code == 201


def test_no_door_makes_the_first_administrator_without_the_code():
    from pathlib import Path

    import hub.web

    sources = Path(hub.web.__file__).parent.rglob("*.py")
    assert not [path.name for path in sources if ".first_administrator(" in path.read_text()]


def test_the_settings_of_these_tests_hold_no_default_password():
    assert not Settings().secret_key.get_secret_value()
