"""Bytes and even the existence of what somebody may not see: every path, every asker, before and after."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import pytest

from hub.access.actors import Role
from hub.delivery.links import LinkClaims, write_token
from hub.placements.links import placement_link
from tests import media_samples as files
from tests.attacks.rig import API, problem

PRESETS = ("thumbnail", "web", "original")
NOTHING = "01a00000-0000-7000-8000-000000000000"
FORMS = {
    "whole": {}, "range": {"Range": "bytes=0-9"}, "last bytes": {"Range": "bytes=-5"},
    "if-none-match *": {"If-None-Match": "*"}, "if-range": {"If-Range": "*", "Range": "bytes=0-1"},
}  # fmt: skip


@pytest.fixture(scope="module")
def hidden(rig):
    """Assets that a viewer must not know of, or not know all of."""
    editor, rooms = rig.people[Role.EDITOR], rig.rooms

    def made(number, *, approve=True):
        return rig.bring(files.picture(colour=(number, 80, 10)), f"secret-{number}.png", approve=approve,
                         title=f"Geheimnis{number}")  # fmt: skip

    things = {"draft": made(1, approve=False)}
    for number, (name, hide) in enumerate({
        "revoked": lambda one: rooms.review.revoke(editor, one.id),
        "archived": lambda one: rooms.catalogue.archive(editor, one.id),
        "deleted": lambda one: rooms.catalogue.delete(editor, one.id),
    }.items(), start=2):  # fmt: skip
        things[name] = made(number)
        things[name].link = rooms.delivery.make_link(editor, things[name].id, "web").url
        hide(things[name])
    shown = made(9)
    newer = rig.bring(files.picture(colour=(10, 80, 10)), "newer.png", asset_id=shown.id)
    things["newer version"] = SimpleNamespace(id=shown.id, code=shown.code, version_id=newer.version_id)
    rig.work()
    return SimpleNamespace(**{name.replace(" ", "_"): one for name, one in things.items()}, all=things, shown=shown)


def viewer_token(rig):
    person = rig.people[Role.VIEWER]
    return rig.rooms.access.issue_token(person, label="reads", scopes=["read"], days=1)[1]


def askers(rig):
    return {
        "viewer": (rig.client(Role.VIEWER), {}), "contributor": (rig.client(Role.CONTRIBUTOR), {}),
        "a token of the viewer": (rig.client(None), {"Authorization": f"Bearer {viewer_token(rig)}"}),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "form"),
    [
        pytest.param(name, form, marks=() if form == "whole" or name == "draft" else pytest.mark.again)
        for name in ("draft", "revoked", "archived", "deleted", "newer version") for form in FORMS
    ],
)  # fmt: skip
def test_no_path_leads_to_bytes_that_are_not_for_the_asker(rig, hidden, name, form):
    thing = hidden.all[name]
    for preset in PRESETS:
        inside = rig.client().get(f"{API}/assets/{thing.id}/renditions/{preset}?version={thing.version_id}")
        assert inside.status_code == 200, "there is something to be hidden"
        for client, headers in askers(rig).values():
            sent = {**headers, **FORMS[form], **({"If-None-Match": inside.headers["ETag"]} if form == "whole" else {})}
            for path in (
                f"{API}/assets/{thing.id}/renditions/{preset}?version={thing.version_id}",
                f"{API}/assets/{thing.code}/renditions/{preset}?version={thing.version_id}",
                f"{API}/assets/{hidden.shown.id}/renditions/{preset}?version={thing.version_id}",
                f"/media/{thing.id}/{thing.version_id}/{preset}",
                f"/media/{hidden.shown.id}/{thing.version_id}/{preset}?download=1",
            ):
                for method in ("GET", "HEAD"):
                    answer = client.open(path, method=method, headers=sent)
                    assert answer.status_code == 404, (path, method, answer.status_code)
                    assert "ETag" not in answer.headers
                    assert inside.data not in answer.data
    assert rig.client(None).get(f"/media/{thing.id}/{thing.version_id}/web").status_code == 303


@pytest.mark.parametrize("name", ["draft", "revoked", "archived", "deleted"])
def test_what_is_hidden_looks_like_what_is_not_there(rig, hidden, name):
    thing, client = hidden.all[name], rig.client(Role.VIEWER)

    def told(asset_id, path):
        answer = client.get(path.format(asset_id))
        body = answer.get_data(as_text=True).replace(asset_id, "ID")
        if answer.is_json:
            body = {key: value for key, value in answer.json.items() if key not in {"request_id", "where"}}
        headers = {k: v for k, v in answer.headers if k not in {"X-Request-Id", "Content-Length"}}
        return answer.status_code, headers, body if isinstance(body, dict) else len(body)

    for path in ("/assets/{}", "/assets/{}/renditions/web", "/assets/{}/links", "/assets/{}/places"):
        assert told(thing.id, API + path) == told(NOTHING, API + path), path
    packed = client.post(f"{API}/zip", json={"asset_ids": [hidden.shown.id, thing.id]})
    problem(packed, 404, "no_such_asset")
    for path in (f"/assets/{thing.code}", f"/assets/{thing.id}/history"):
        assert client.get(path).status_code == 404


def test_search_tells_a_viewer_nothing_of_hidden_work(rig, hidden):
    client = rig.client(Role.VIEWER)
    for query in ("q=Geheimnis1", "q=secret", "q=newer", "lifecycle=draft", "lifecycle=archived", "lifecycle=in_review",
                  "lifecycle=rejected", f"q={hidden.draft.code}", "q=Geheimnis2", "q=Geheimnis3"):  # fmt: skip
        found = client.get(f"{API}/assets?{query}").json
        own = [item for item in found["items"] if item["id"] == hidden.shown.id]
        assert found["items"] == own, query
        assert found["total"] == len(own), query
    everything = client.get(f"{API}/assets").json
    assert everything["total"] == len(everything["items"]) == 1
    assert set(everything["facets"]["lifecycle"]) == {"approved"}
    assert sum(everything["facets"]["kind"].values()) == 1
    versions = client.get(f"{API}/assets/{hidden.shown.id}").json["versions"]
    assert [one["id"] for one in versions] == [hidden.shown.version_id]


@pytest.mark.parametrize("text", [
    "shown:false", "owner:*", "*", '" OR 1=1 --', "title:Geheimnis1", "NOT zzz", "(" * 400, '"' * 400, "Geheimnis?",
    "[a TO z]", "kind:[* TO *]", "/.*/", "\\", "%", "_", "Geheimnis*", "Geheimnis~2", "a^1e309", "+-&|!",
])  # fmt: skip
def test_what_is_typed_into_the_search_is_never_a_query_language(rig, hidden, text):
    answer = rig.client(Role.VIEWER).get(f"{API}/assets", query_string={"q": text})
    assert answer.status_code == 200
    assert {item["id"] for item in answer.json["items"]} <= {hidden.shown.id}
    page = rig.client(Role.VIEWER).get("/", query_string={"q": text, "keyword": text, "after": text})
    assert page.status_code in {200, 400}


def test_an_upload_of_known_bytes_tells_a_contributor_nothing(rig, hidden):
    content = rig.bytes_of(rig.rooms.catalogue.view(rig.admin, hidden.draft.id).versions[0].sha256)
    answer = rig.send(content, "guess.png", Role.CONTRIBUTOR)
    assert answer.status_code == 201
    assert answer.json["duplicate_of"] is None
    assert answer.json["asset_id"] != hidden.draft.id
    problem(rig.send(b"", "x.png", Role.CONTRIBUTOR, sha256=hidden.shown.sha256), 400, "upload_empty")


@pytest.mark.parametrize("name", ["revoked", "archived", "deleted"])
def test_a_link_dies_with_what_it_showed(rig, hidden, name):
    path = hidden.all[name].link.removeprefix("http://localhost")
    etag = rig.client().get(f"{API}/assets/{hidden.all[name].id}/renditions/web").headers["ETag"]
    for headers in ({}, {"If-None-Match": etag}, {"Range": "bytes=0-3"}):
        assert rig.client(None).get(path, headers=headers).status_code == 404
        assert rig.client().get(path, headers=headers).status_code == 404, "whoever holds it: it is nobody's session"


def test_nothing_about_a_signed_link_can_be_changed(rig, hidden):
    rooms, nobody = rig.rooms, rig.client(None)
    link = rooms.delivery.make_link(rig.admin, hidden.shown.id, "thumbnail")
    token = link.url.rsplit("/", 1)[1]
    good = nobody.get(f"/d/{token}")
    assert good.status_code == 200
    assert good.headers["Cache-Control"] == "no-cache, max-age=0, must-revalidate"
    body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    for name, value in {"preset": "original", "version_id": hidden.newer_version.version_id, "expires_at": 10**15,
                        "asset_id": hidden.draft.id, "id": NOTHING}.items():  # fmt: skip
        changed = json.dumps({**claims, name: value}, sort_keys=True, separators=(",", ":")).encode()
        forged = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        assert nobody.get(f"/d/{forged}.{signature}").status_code == 404
        for purpose in ("placement-link", "sign-in-form", "first-run"):
            other = rooms.keyring.sign(changed, purpose=purpose)
            assert nobody.get(f"/d/{forged}.{other}").status_code == 404, purpose
        # Even a signature of ours is worth nothing where the row says otherwise.
        truly = write_token(LinkClaims(**{**claims, name: value}), rooms.keyring)
        assert nobody.get(f"/d/{truly}").status_code == 404, name
    for query in ("?preset=original", "?version=" + hidden.newer_version.version_id):
        assert nobody.get(f"/d/{token}{query}").data == good.data
    rooms.delivery.revoke_link(rig.admin, link.id)
    assert nobody.get(f"/d/{token}", headers={"If-None-Match": good.headers["ETag"]}).status_code == 404


def test_a_link_ends_in_time(rig, hidden):
    link = rig.rooms.delivery.make_link(rig.admin, hidden.shown.id, "web", days=1)
    path = link.url.removeprefix("http://localhost")
    assert rig.client(None).get(path).status_code == 200
    rig.pass_time(24 * 3600 * 1000)
    assert rig.client(None).get(path).status_code == 404


def test_a_marker_cannot_be_guessed_and_a_card_link_is_no_signed_link(rig, hidden):
    keyring, nobody = rig.rooms.keyring, rig.client(None)
    address = placement_link("dhaaaaaaaa-guess", base_url="", keyring=keyring)
    for path in (address, "/p/dhaaaaaaaa-guess", "/p/dhaaaaaaaa-guess.", "/p/.", f"/p/{hidden.shown.id}",
                 address.replace("guess", "gues5"), address.replace("/p/", "/d/")):  # fmt: skip
        assert nobody.get(path).status_code == 404


def test_a_shared_picture_is_never_its_master_for_want_of_a_rendition(rig):
    """A master says where it was taken; while its rendition is not made, or cannot be made, nothing goes out."""
    for content, work in ((files.lake()[:-3000], True), (files.picture("JPEG", colour=(3, 77, 3)), False)):
        made = rig.send(content, "gps.jpg").json
        version = rig.rooms.catalogue.view(rig.admin, made["asset_id"]).versions[0]
        rig.rooms.review.approve(rig.admin, version.id, sha256=version.sha256)
        if work:
            rig.work()
        answer = rig.client().post(f"{API}/assets/{made['asset_id']}/links", json={"preset": "web", "days": 1})
        assert answer.status_code == 404, answer.json
        assert answer.json["code"] == ("file_damaged" if work else "no_rendition")
        rig.work()


def test_a_file_without_any_picture_is_shared_as_it_is(rig):
    made = rig.bring(b"PK\x05\x06" + bytes(18), "kit.zip", approve=True)
    url = rig.client().post(f"{API}/assets/{made.id}/links", json={"preset": "web", "days": 1}).json["url"]
    answer = rig.client(None).get(url.removeprefix("http://localhost"))
    assert answer.data == b"PK\x05\x06" + bytes(18)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_an_approval_is_of_the_bytes_that_were_looked_at(rig, hidden):
    """A version that arrives while somebody decides is not approved in passing, by the API and by the page."""
    editor = rig.client(Role.EDITOR)
    old = rig.bring(files.picture(colour=(5, 5, 200)), "seen.png")
    new = rig.bring(files.picture(colour=(6, 5, 200)), "swapped.png", asset_id=old.id)
    crossed = {"verdict": "approve", "version_id": new.version_id, "sha256": old.sha256}
    page = editor.post(f"/assets/{old.code}/decide", data={**crossed, "csrf": editor.environ_base["HTTP_X_CSRF_TOKEN"]})
    assert page.status_code == 409
    assert rig.rooms.catalogue.view(rig.admin, old.id).approved_version_id is None
    rig.rooms.review.approve(rig.people[Role.EDITOR], old.version_id, sha256=old.sha256)
    seen = rig.client(Role.VIEWER).get(f"{API}/assets/{old.id}/renditions/original")
    assert seen.data == rig.bytes_of(old.sha256)
    problem(rig.client(Role.VIEWER).get(f"{API}/assets/{old.id}/renditions/web?version={new.version_id}"), 404,
            "no_such_asset")  # fmt: skip


def test_nobody_approves_by_a_side_door(rig, hidden):
    contributor = rig.client(Role.CONTRIBUTOR)
    mine = rig.bring(files.picture(colour=(7, 5, 200)), "mine.png", Role.CONTRIBUTOR)
    body = {"fields": {"title": "x"}, "lifecycle": "approved", "approved_version_id": mine.version_id}
    answer = contributor.patch(f"{API}/assets/{mine.id}", json=body, headers={"If-Match": "*"})
    assert answer.status_code == 422
    form = {"verdict": "approve", "version_id": mine.version_id, "sha256": mine.sha256,
            "csrf": contributor.environ_base["HTTP_X_CSRF_TOKEN"]}  # fmt: skip
    assert contributor.post(f"/assets/{mine.code}/decide", data=form).status_code == 403
    assert rig.rooms.catalogue.view(rig.admin, mine.id).approved_version_id is None
