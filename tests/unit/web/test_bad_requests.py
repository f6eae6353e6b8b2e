"""Bad input at the door: each a problem with a stable code that names the next step, and nothing is half done."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from werkzeug.wrappers import Response

from tests.unit.web.routes import PNG

ASSETS, USERS, TOKENS = "/api/v1/assets", "/api/v1/users", "/api/v1/tokens"
BIDI = "\u202e"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><body><script>alert(1)</script></body></html>"
PERSON = {"email": "new@dam.test", "name": "New", "role": "viewer", "password": "correct horse battery"}


@pytest.fixture
def admin(world):
    return world.client("administrator")


@pytest.fixture
def refuse(world):
    """Check that an answer is this problem, says what to do, and that nothing was done."""
    before = world.contents()

    def check(answer, status, code):
        told = answer.json
        assert (answer.status_code, told["code"]) == (status, code), told
        assert told["next"].endswith(".")
        assert world.contents() == before
        return told

    return check


def post(client, body, at=TOKENS, **kwargs):
    return client.post(at, data=body, content_type="application/json", **kwargs)


def nested(depth):
    return b"[" * depth + b"]" * depth


BODIES = {
    "10,000 levels": (b'{"label": ' + nested(10_000) + b"}", 400, "json_too_deep"),
    "1 MB of arrays": (nested(524_000), 400, "json_too_deep"),
    "1 MB of quotes": (b'"' + b'\\"' * 524_000, 400, "bad_json"),
    "25 levels": (nested(25), 400, "json_too_deep"),
    "more than 1 MB": (b'"' + b"x" * 1_048_576 + b'"', 413, "too_large"),
    "a million figures": (b"[" + b"9" * 1_000_000 + b"]", 400, "bad_json"),
    "no JSON": (b"{'label': 1}", 400, "bad_json"),
    "nothing after it": (b'{"label": "a"', 400, "bad_json"),
    "two documents": (b"{} {}", 400, "bad_json"),
    "another encoding": ('{"label": "é"}'.encode("utf-16"), 400, "bad_json"),
    "half a letter": (b'{"label": "\xc3"}', 400, "bad_json"),
    "a lone surrogate": (b'{"label": "\\ud800"}', 400, "bad_json"),
    "NaN": (b'{"label": NaN}', 400, "bad_json"),
    "infinity by figures": (b'{"label": "a", "days": 1e999}', 400, "bad_json"),
    "a NUL": (b'{"label": "a\\u0000b"}', 400, "bad_text"),
    "a NUL as a name": (b'{"\\u0000": 1}', 400, "bad_text"),
    "a name twice": (b'{"label": "a", "days": 1, "scopes": ["read"], "days": 300}', 400, "duplicate_name"),
    "a name twice, deeper": (b'{"label": {"a": 1, "a": 2}}', 400, "duplicate_name"),
    "a list": (b"[]", 422, "values_do_not_fit"),
    "null": (b"null", 422, "values_do_not_fit"),
    "a bare text": (b'"label"', 422, "values_do_not_fit"),
    "unknown names": (b'{"label": "a", "scopes": ["read"], "days": 1, "admin": true}', 422, "values_do_not_fit"),
    "nothing of it": (b"{}", 422, "values_do_not_fit"),
    "a huge number": (b'{"label": "a", "scopes": ["read"], "days": 99999999999999999999}', 422, "values_do_not_fit"),
    "a negative number": (b'{"label": "a", "scopes": ["read"], "days": -1}', 422, "values_do_not_fit"),
    "a label with control characters": (b'{"label": "a\\u001b[2J", "scopes": ["read"], "days": 1}', 400, "label_unfit"),
    "a label that turns": ('{"label": "a\u202eb", "scopes": ["read"], "days": 1}'.encode(), 400, "label_unfit"),
    "an unknown scope": (b'{"label": "a", "scopes": ["all"], "days": 1}', 400, "scope_unknown"),
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_cannot_be_taken_is_refused(admin, refuse, body):
    content, status, code = BODIES[body]
    refuse(post(admin, content), status, code)


def test_twenty_four_levels_and_a_written_backslash_are_no_offence(admin):
    assert post(admin, nested(24)).json["code"] == "values_do_not_fit"
    made = admin.post(TOKENS, json={"label": "a\\u0000b", "scopes": ["read"], "days": 1})
    assert made.status_code == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "x"])
def test_a_body_of_another_type_is_refused(admin, refuse, kind):
    told = refuse(admin.post(TOKENS, data=b"label=a", content_type=kind), 415, "wrong_content_type")
    assert told["where"] == "Content-Type"


def test_an_upload_as_a_form_is_refused(admin, refuse):
    answer = admin.post(f"{ASSETS}?filename=a.png", data={"file": (io.BytesIO(PNG), "a.png")})
    refuse(answer, 415, "wrong_content_type")


def test_every_fault_is_named(admin):
    told = post(admin, b'{"label": 1, "days": "x"}').json
    assert {fault["where"] for fault in told["errors"]} == {"label", "days", "scopes"}
    assert told["where"] in {"label", "days", "scopes"}
    assert "input" not in json.dumps(told["errors"])


class Endless(io.RawIOBase):
    """A body that does not end; it counts what was read of it."""

    taken = 0

    def readinto(self, buffer):
        self.taken += len(buffer)
        buffer[:] = b" " * len(buffer)
        return len(buffer)

    def readable(self):
        return True


@pytest.mark.parametrize("at", [TOKENS, "/hooks/unknown"])
def test_a_body_without_a_length_is_read_no_further_than_its_limit(world, admin, at):
    body = Endless()
    environ = {"wsgi.input": body, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = admin.post(at, content_type="application/json", environ_overrides=environ)
    assert answer.status_code == 413
    assert body.taken < 4 * 1_048_576


def test_a_chunked_body_is_as_good_as_another(admin):
    content = json.dumps({"label": "chunks", "scopes": ["read"], "days": 1}).encode()
    environ = {"wsgi.input": io.BytesIO(content), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = admin.post(TOKENS, content_type="application/json", environ_overrides=environ)
    assert answer.status_code == 201, answer.json


def test_a_body_that_breaks_off_is_refused(admin, refuse):
    environ = {"wsgi.input": io.BytesIO(b'{"label": "a"'), "CONTENT_LENGTH": "200"}
    answer = admin.post(TOKENS, content_type="application/json", environ_overrides=environ)
    refuse(answer, 400, "body_cut_off")


QUERIES = {
    "limit=-1": 422, "limit=0": 422, "limit=201": 422, "limit=99999999999999999999": 422, "limit=1e3": 422,
    "limit=x": 422, "lifecycle=secret": 422, "unknown=1": 422, "q=" + "x" * 501: 422, "cursor=" + "x" * 1001: 422,
    "q=%00": 400, "%00=1": 400, "sort=best": 400, "cursor=forged": 400, "cursor=OTk5OTk5OTk5": 400, "cursor=-1": 400,
}  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:30])
def test_a_question_that_cannot_be_asked_is_refused(searching, query):
    answer = searching.client("editor").get(f"{ASSETS}?{query}")
    assert answer.status_code == QUERIES[query], answer.json
    assert answer.json["next"]


@pytest.mark.parametrize("query", ["after=-1", "after=99999999999999999999", "limit=0", "limit=1001", "kind=", "x=1"])
def test_a_place_in_the_log_that_cannot_be_is_refused(admin, query):
    assert admin.get(f"/api/v1/activity?{query}").json["code"] == "values_do_not_fit"


@pytest.mark.parametrize("name", ["%00", "a" * 65, "DAM-99999999999999999999", "..%2f..%2fetc%2fpasswd", "%ff", BIDI])
def test_a_name_of_nothing_finds_nothing(admin, name):
    answer = admin.get(f"{ASSETS}/{name}")
    assert answer.status_code in {400, 404, 422}
    assert answer.json["code"] in {"bad_text", "no_such_asset", "values_do_not_fit", "no_such_page"}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"), ("..\\..\\boot.png", "boot.png"), (f"gnp{BIDI}.exe.png", "gnp.exe.png"),
        ("a\r\nSet-Cookie: x=1.png", "aSet-Cookie_ x=1.png"), ("a\x1b[2J.png", "a[2J.png"), ("con.png", "_con.png"),
        ('a".png', "a_.png"), ("....", "file"), ("%2e%2e%2fa.png", "%2e%2e%2fa.png"),
    ],
)  # fmt: skip
def test_a_hostile_name_is_kept_as_a_harmless_one(world, admin, name, kept):
    made = admin.post(ASSETS, query_string={"filename": name}, data=PNG, content_type="application/octet-stream")
    assert made.status_code == 201, made.json
    version = admin.get(f"{ASSETS}/{made.json['asset_id']}").json["versions"][0]
    assert version["filename"] == kept
    served = admin.get(f"{ASSETS}/{made.json['asset_id']}/renditions/original?download=1")
    said = served.headers["Content-Disposition"]
    assert said.startswith("attachment;")
    assert not set(said) & set("\r\n\x1b\u202e\\")


@pytest.mark.parametrize("name", ["", "x" * 501, "a\0.png"])
def test_a_name_that_is_none_is_refused(admin, refuse, name):
    answer = admin.post(ASSETS, query_string={"filename": name}, data=PNG, content_type="application/octet-stream")
    assert answer.status_code in {400, 422}
    refuse(answer, answer.status_code, answer.json["code"])


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\u202eb", "a\x1bb", "\u200b"])
def test_a_person_has_a_name_that_can_be_read(admin, refuse, name):
    refuse(admin.post(USERS, json=PERSON | {"name": name}), 400, "name_unfit")


def upload(client, content, query="filename=a.png", **environ):
    overrides = {"environ_overrides": environ} if environ else {}
    return client.post(f"{ASSETS}?{query}", data=content, content_type="application/octet-stream", **overrides)


def blobs(world):
    return {path for path in world.hub.settings.home.rglob("*") if path.is_file() and "keys" not in path.parts}


UPLOADS = {
    "empty": (b"", {"CONTENT_LENGTH": "0"}, 400, "upload_empty"),
    "cut off": (PNG, {"wsgi.input": io.BytesIO(PNG), "CONTENT_LENGTH": "5000"}, 400, "upload_cut_off"),
    "cut off behind gunicorn": (
        PNG,
        {"wsgi.input": io.BytesIO(PNG), "CONTENT_LENGTH": "5000", "wsgi.input_terminated": True},
        400,
        "upload_cut_off",
    ),
    "cut off before it began": (b"", {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "5000"}, 400, "upload_cut_off"),
    "no length": (PNG, {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}, 400, "length_required"),
    "a wild length": (PNG, {"CONTENT_LENGTH": "-5"}, 400, "upload_empty"),
    "more than may be": (PNG, {"CONTENT_LENGTH": str(6 * 1024**3)}, 413, "too_large"),
    "a page": (HTML, {}, 415, "type_not_taken"),
    "a program": (b"MZ" + bytes(200), {}, 415, "type_not_taken"),
    "a shell script": (b"#!/bin/sh\nrm -rf /\n", {}, 415, "type_not_taken"),
    "a playlist": (b"#EXTM3U\nhttp://169.254.169.254/latest\n", {}, 415, "type_not_taken"),
}  # fmt: skip


@pytest.mark.parametrize("case", UPLOADS)
@pytest.mark.parametrize("name", ["a.jpg", "a.mp4"])
def test_an_upload_that_is_not_right_leaves_nothing(world, admin, refuse, case, name):
    content, environ, status, code = UPLOADS[case]
    if "wsgi.input" in environ:
        environ = {**environ, "wsgi.input": io.BytesIO(environ["wsgi.input"].getvalue())}
    before = blobs(world)
    refuse(upload(admin, content, f"filename={name}", **environ), status, code)
    assert blobs(world) == before


def test_an_upload_with_another_digest_leaves_nothing(world, admin, refuse):
    before = blobs(world)
    refuse(upload(admin, PNG, f"filename=a.png&sha256={'0' * 64}"), 400, "upload_wrong_digest")
    assert blobs(world) == before
    right = hashlib.sha256(PNG).hexdigest()
    assert upload(admin, PNG, f"filename=a.png&sha256={right}").status_code == 201


@pytest.mark.parametrize("kind", ["/renditions/original", "/renditions/original?download=1"])
@pytest.mark.parametrize("name", ["a.svg", "a.png"])
def test_a_drawing_with_script_never_opens_on_our_origin(world, admin, kind, name):
    made = upload(admin, SVG, f"filename={name}").json
    assert_is_no_document(admin.get(f"{ASSETS}/{made['asset_id']}{kind}"))
    assert_is_no_document(admin.get(f"/media/{made['asset_id']}/{made['version_id']}/original"))
    assert admin.get(f"{ASSETS}/{made['asset_id']}/renditions/web").json["code"] == "no_rendition"


def test_a_shared_drawing_with_script_never_opens_on_our_origin(world, admin):
    made = upload(admin, SVG, "filename=a.svg").json
    sha256 = hashlib.sha256(SVG).hexdigest()
    admin.post(f"/api/v1/versions/{made['version_id']}/approve", json={"sha256": sha256})
    link = admin.post(f"{ASSETS}/{made['asset_id']}/links", json={"preset": "original"}).json["url"]
    assert_is_no_document(world.client("nobody").get(link.removeprefix("http://localhost")))


def assert_is_no_document(served):
    assert served.status_code == 200
    assert served.content_type == "application/octet-stream"
    assert served.headers["Content-Disposition"].startswith("attachment;")
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in served.headers["Content-Security-Policy"]
    assert "script-src" not in served.headers["Content-Security-Policy"]


def test_an_address_that_is_none_is_a_problem(admin):
    assert admin.get("/api/v1/unheard-of").json["code"] == "no_such_page"
    wrong = admin.open("/api/v1/me", method="TRACE")
    assert (wrong.status_code, wrong.json["code"]) == (405, "method_not_allowed")
    assert "GET" in wrong.headers["Allow"]


@pytest.mark.parametrize(
    "name",
    ["Authorization", "Cookie", "If-None-Match", "If-Match", "Range", "Idempotency-Key", "Origin", "Referer", "Accept"],
)
def test_huge_and_strange_headers_are_no_bug(world, name):
    client = world.client("viewer")
    for value in ("x" * 8000, "bytes=0-" + "9" * 6000, '"' * 4000, "\u00ff\u0080" * 100, "W/" * 2000, "=;=,;" * 1000):
        answer = client.get(f"{ASSETS}/{world.asset.id}/renditions/original", headers={name: value})
        assert answer.status_code < 500
        answer = client.post(f"{ASSETS}/{world.asset.id}/archive", headers={name: value})
        assert answer.status_code in {400, 401, 403}


def test_a_failure_of_the_hub_tells_nothing_of_its_inside(world, admin, monkeypatch, caplog):
    def fail(actor):
        raise RuntimeError("/srv/secret/path in line 5")

    monkeypatch.setattr(type(world.hub.services.access), "users", lambda self, actor: fail(actor))
    answer = admin.get(USERS)
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    assert "secret" not in answer.get_data(as_text=True)
    assert answer.json["request_id"] in caplog.text


def test_a_change_of_two_things_is_refused_whole(world, admin, refuse):
    at = f"{USERS}/{world.names['user']}"
    refuse(admin.patch(at, json={"role": "administrator", "password": "short"}), 422, "values_do_not_fit")
    refuse(admin.patch(at, json={}), 422, "values_do_not_fit")
    assert isinstance(admin.patch(at, json={"role": "editor"}), Response)
