"""What the operations of the API do: each act is asked for and then looked at."""

from __future__ import annotations

import hashlib
import zipfile
from io import BytesIO

import pytest

from connectors.sdk.registry import discover
from connectors.testing.sandbox import make_sandbox
from connectors.testing.serve import serve
from hub.clock import DAY
from hub.db.installation import wake
from hub.placements.models import Placement
from tests.unit.web.conftest import checked
from tests.unit.web.routes import PNG
from tests.web_hub import PASSWORD, WebHub, picture

API, ASSETS = "/api/v1", "/api/v1/assets"


@pytest.fixture
def editor(world):
    return world.client("editor")


@pytest.fixture
def admin(world):
    return world.client("administrator")


def done(answer, status=204):
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.json


def read(client, asset_id):
    return done(client.get(f"{ASSETS}/{asset_id}"), 200)


# People


def test_a_session_begins_and_ends(world):
    client = world.client("nobody")
    begun = done(client.post(f"{API}/session", json={"email": " EDITOR@dam.test", "password": PASSWORD}), 201)
    assert begun["me"]["role"] == "editor"
    assert done(client.get(f"{API}/me"), 200) == begun["me"]
    cookie = client.get_cookie("damhub_session").value
    assert client.delete(f"{API}/session").json["code"] == "forged_request"
    done(client.delete(f"{API}/session", headers={"X-CSRF-Token": begun["csrf"]}))
    assert client.get_cookie("damhub_session") is None
    client.set_cookie("damhub_session", cookie)
    assert client.get(f"{API}/me").json["code"] == "not_signed_in"


def test_guessing_is_slowed_down(world):
    client = world.client("nobody")
    for _ in range(5):
        wrong = client.post(f"{API}/session", json={"email": "editor@dam.test", "password": "guess"})
        assert (wrong.status_code, wrong.json["code"]) == (401, "wrong_credentials")
    slowed = client.post(f"{API}/session", json={"email": "editor@dam.test", "password": PASSWORD})
    if slowed.status_code == 401:
        slowed = client.post(f"{API}/session", json={"email": "editor@dam.test", "password": PASSWORD})
    assert (slowed.status_code, slowed.json["code"]) == (429, "too_many_tries")
    assert int(slowed.headers["Retry-After"]) > 0


def test_a_person_comes_changes_and_is_shut_out(world, admin):
    made = done(
        admin.post(f"{API}/users", json={"email": "n@dam.test", "name": "N", "role": "viewer", "password": PASSWORD}),
        201,
    )
    at = f"{API}/users/{made['id']}"
    done(admin.patch(at, json={"role": "editor"}))
    theirs = world.client("nobody")
    signed_in = theirs.post(f"{API}/session", json={"email": "n@dam.test", "password": PASSWORD})
    assert done(signed_in, 201)["me"]["role"] == "editor"
    done(admin.patch(at, json={"disabled": True}))
    assert theirs.get(f"{API}/me").status_code == 401
    shown = {user["id"]: user for user in done(admin.get(f"{API}/users"), 200)["items"]}[made["id"]]
    assert (shown["role"], shown["disabled"]) == ("editor", True)
    done(admin.patch(at, json={"disabled": False}))
    again = admin.post(
        f"{API}/users", json={"email": "N@dam.test", "name": "N", "role": "viewer", "password": PASSWORD}
    )
    assert (again.status_code, again.json["code"], again.json["where"]) == (409, "email_taken", "email")


def test_a_password_is_changed_by_who_knows_it(world):
    client, at = world.client("viewer"), f"{API}/users/{world.names['user']}"
    wrong = client.patch(at, json={"password": "another good one", "current_password": "guess"})
    assert wrong.json["code"] == "wrong_credentials"
    done(client.patch(at, json={"password": "another good one", "current_password": PASSWORD}))
    assert client.get(f"{API}/me").status_code == 401


def test_the_last_administrator_stays(world, admin):
    at = f"{API}/users/{world.hub.people['administrator'].id}"
    for change in ({"role": "viewer"}, {"disabled": True}):
        assert admin.patch(at, json=change).json["code"] == "last_administrator"


def test_a_token_works_narrowly_until_it_ends(world, editor):
    issued = done(editor.post(f"{API}/tokens", json={"label": "ci", "scopes": ["read"], "days": 2}), 201)
    program = world.hub.app.test_client()
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issued['secret']}"
    assert done(program.get(f"{API}/me"), 200)["scopes"] == ["read"]
    assert program.post(f"{ASSETS}/{world.asset.id}/archive").json["code"] == "not_allowed"
    (listed,) = done(editor.get(f"{API}/tokens"), 200)["items"]
    assert (listed["id"], listed["label"], listed["last_used_at"]) == (issued["id"], "ci", world.hub.clock.now())
    world.hub.clock.advance(2 * DAY)
    assert program.get(f"{API}/me").json["code"] == "bad_token"
    world.hub.clock.advance(-2 * DAY)
    done(editor.delete(f"{API}/tokens/{issued['id']}"))
    assert program.get(f"{API}/me").json["code"] == "bad_token"


# Assets


def test_an_asset_from_upload_to_approval(world, editor):
    content = picture(40, (60, 40))
    answer = editor.post(
        f"{ASSETS}?filename=hill.png&title=Hill", data=content, content_type="application/octet-stream"
    )
    made = done(answer, 201)
    assert answer.headers["Location"] == f"{ASSETS}/{made['asset_id']}"
    asset = read(editor, made["asset_id"])
    assert (asset["title"], asset["kind"], asset["lifecycle"]) == ("Hill", "image", "draft")
    assert asset["versions"][0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert read(editor, asset["code"]) == asset
    done(editor.post(f"{ASSETS}/{asset['id']}/submit"))
    assert read(editor, asset["id"])["lifecycle"] == "in_review"
    at = f"{API}/versions/{made['version_id']}"
    other = editor.post(f"{at}/approve", json={"sha256": "0" * 64})
    assert (other.status_code, other.json["code"]) == (409, "other_bytes")
    done(editor.post(f"{at}/approve", json={"sha256": asset["versions"][0]["sha256"], "note": "Good."}))
    assert read(world.client("viewer"), asset["id"])["approved_version_id"] == made["version_id"]
    (decision,) = done(editor.get(f"{ASSETS}/{asset['id']}/decisions"), 200)["items"]
    assert (decision["verdict"], decision["note"]) == ("approved", "Good.")
    done(editor.post(f"{ASSETS}/{asset['id']}/revoke", json={"note": "No."}))
    assert world.client("viewer").get(f"{ASSETS}/{asset['id']}").status_code == 404


def test_the_same_bytes_are_known(world, editor):
    def send(at):
        return editor.post(f"{at}?filename=a.png", data=PNG, content_type="application/octet-stream")

    first = done(send(ASSETS), 201)
    second = done(send(ASSETS), 200)
    assert (second["duplicate_of"], second["asset_id"]) == (first["asset_id"], first["asset_id"])
    version = done(send(f"{ASSETS}/{world.draft.id}/versions"), 200)
    assert (version["asset_id"], version["duplicate_of"]) == (world.draft.id, first["asset_id"])
    assert [one["number"] for one in read(editor, world.draft.id)["versions"]] == [2, 1]


def test_a_new_version_is_not_approved_by_inheritance(world, editor):
    editor.post(f"{ASSETS}/{world.asset.id}/versions?filename=a.png", data=PNG, content_type="application/octet-stream")
    assert read(editor, world.asset.id)["approved_version_id"] == world.asset.version_id
    viewer = world.client("viewer")
    assert [one["id"] for one in read(viewer, world.asset.id)["versions"]] == [world.asset.version_id]
    newest = read(editor, world.asset.id)["current_version_id"]
    assert viewer.get(f"{ASSETS}/{world.asset.id}/renditions/original?version={newest}").status_code == 404


def test_fields_are_set_and_removed(world, editor):
    at, any_state = f"{ASSETS}/{world.asset.id}", {"If-Match": "*"}
    fields = {"description": "A lake", "keywords": ["ice", "blue"], "campaign": "Winter"}
    assert done(editor.patch(at, json={"fields": fields}, headers=any_state), 200)["fields"].items() >= fields.items()
    changed = done(editor.patch(at, json={"fields": {"campaign": ""}}, headers=any_state), 200)
    assert "campaign" not in changed["fields"]
    for bad, code in (
        ({"colour": "x"}, "unknown_field"),
        ({"title": "a\u202eb"}, "forbidden_characters"),
        ({"keywords": "x"}, "keywords_not_a_list"),
    ):
        assert editor.patch(at, json={"fields": bad}, headers=any_state).json["code"] == code


def test_put_away_and_brought_back(world, editor):
    at = f"{ASSETS}/{world.asset.id}"
    for act, state in (("archive", "archived"), ("archive", "archived"), ("unarchive", "approved")):
        done(editor.post(f"{at}/{act}"))
        assert read(editor, world.asset.id)["lifecycle"] == state
    done(editor.delete(at))
    assert read(editor, world.asset.id)["deleted_at"] == world.hub.clock.now()
    assert world.client("viewer").get(at).status_code == 404
    done(editor.post(f"{at}/restore"))
    assert read(editor, world.asset.id)["deleted_at"] is None
    done(editor.delete(at))
    world.hub.clock.advance(30 * DAY)
    assert world.hub.client("editor").post(f"{at}/restore").json["code"] == "grace_over"


def test_a_successor_is_named_and_makes_no_circle(world, editor):
    at = f"{ASSETS}/{world.asset.id}/successor"
    done(editor.put(at, json={"successor_id": world.draft.id}))
    assert read(editor, world.asset.id)["successor_id"] == world.draft.id
    circle = editor.put(f"{ASSETS}/{world.draft.id}/successor", json={"successor_id": world.asset.id})
    assert (circle.status_code, circle.json["code"]) == (409, "successor_cycle")
    done(editor.put(at, json={"successor_id": None}))
    assert read(editor, world.asset.id)["successor_id"] is None


def test_assets_are_found_by_filters_and_words(searching):
    lake, hill = (
        searching.approved(picture(1, (40, 30)), title="Quiet lake"),
        searching.upload(picture(2, (40, 30)), title="Hill"),
    )
    client = searching.client("editor")
    found = done(client.get(f"{ASSETS}?q=quiet"), 200)
    assert ([item["id"] for item in found["items"]], found["total"]) == ([lake.id], 1)
    assert [item["id"] for item in client.get(f"{ASSETS}?lifecycle=draft").json["items"]] == [hill.id]
    assert found["facets"]["lifecycle"] == {"approved": 1}
    assert searching.client("viewer").get(ASSETS).json["total"] == 1


# Rights and bytes


def test_when_rights_end_bytes_stay_here(world, editor):
    viewer, at = world.client("viewer"), f"{ASSETS}/{world.asset.id}"
    until = world.hub.clock.now() + DAY
    term = done(editor.post(f"{at}/terms", json={"source": "licence", "effect": "allow", "until_at": until}), 201)
    assert done(viewer.get(f"{at}/usable"), 200)["ok"] is True
    assert viewer.get(f"{at}/usable").json["until"] == until
    assert viewer.get(f"{at}/renditions/web").status_code == 200
    world.hub.clock.advance(DAY)
    viewer = world.hub.client("viewer")
    assert viewer.get(f"{at}/usable").json["ok"] is False
    for preset in ("thumbnail", "web", "original"):
        for headers in ({}, {"If-None-Match": "*"}, {"Range": "bytes=0-1"}):
            assert viewer.get(f"{at}/renditions/{preset}", headers=headers).json["code"] == "rights_forbid"
    assert viewer.post(f"{API}/zip", json={"asset_ids": [world.asset.id]}).json["code"] == "rights_forbid"
    done(world.hub.client("editor").delete(f"{API}/terms/{term['id']}"))
    assert viewer.get(f"{at}/renditions/web").status_code == 200
    assert [one["lifted_at"] is None for one in viewer.get(f"{at}/terms").json["items"]] == [False]


def test_a_link_is_open_until_it_ends_or_is_revoked(world, editor):
    at = f"{ASSETS}/{world.asset.id}/links"
    made = done(editor.post(at, json={"preset": "original", "days": 2}), 201)
    where, anybody = made["url"].removeprefix("http://localhost"), world.client("nobody")
    whole = anybody.get(where)
    assert hashlib.sha256(whole.data).hexdigest() == world.asset.sha256
    assert whole.headers["Cache-Control"] == "no-cache, max-age=0, must-revalidate"
    assert anybody.get(where, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    assert anybody.get(where, headers={"Range": "bytes=0-3"}).data == whole.data[:4]
    assert anybody.get(where[:-1] + ("A" if where[-1] != "A" else "B")).status_code == 404
    world.hub.clock.advance(2 * DAY)
    assert_dead(anybody, where, whole.headers["ETag"])
    world.hub.clock.advance(-2 * DAY)
    done(editor.delete(f"{API}/links/{made['id']}"))
    assert_dead(anybody, where, whole.headers["ETag"])
    listed = {link["id"]: link for link in editor.get(at).json["items"]}
    assert listed[made["id"]]["revoked_at"] == world.hub.clock.now()
    assert "url" not in listed[made["id"]]


def assert_dead(anybody, where, etag):
    for headers in ({}, {"If-None-Match": etag}, {"If-None-Match": "*"}, {"Range": "bytes=0-1"}):
        answer = anybody.get(where, headers=headers)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (404, "no-store")
    assert anybody.head(where).status_code == 404


def test_a_link_dies_with_its_approval(world, editor):
    where = world.link.url.removeprefix("http://localhost")
    assert world.client("nobody").get(where).status_code == 200
    done(editor.post(f"{ASSETS}/{world.asset.id}/revoke", json={}))
    assert_dead(world.client("nobody"), where, "*")


def test_an_archive_holds_what_was_asked_for(world):
    answer = world.client("viewer").post(f"{API}/zip", json={"asset_ids": [world.asset.code]})
    (name,) = zipfile.ZipFile(BytesIO(answer.data)).namelist()
    assert name.startswith(world.asset.code)
    assert hashlib.sha256(zipfile.ZipFile(BytesIO(answer.data)).read(name)).hexdigest() == world.asset.sha256


# Copies


def test_a_copy_is_wanted_and_wanted_no_more(world, editor):
    made = done(editor.post(f"{ASSETS}/{world.asset.id}/copies", json={"target_id": world.blog.id}), 201)
    assert (made["wanted"], made["asset_code"], made["target_id"]) == (True, world.asset.code, world.blog.id)
    at = f"{API}/copies/{made['id']}"
    assert done(editor.get(at), 200)["id"] == made["id"]
    assert {one["id"] for one in editor.get(f"{ASSETS}/{world.asset.id}/copies").json["items"]} == {
        made["id"],
        world.copy.id,
        world.removed.id,
    }
    assert done(editor.delete(at), 200)["wanted"] is False
    nowhere = editor.post(f"{ASSETS}/{world.asset.id}/copies", json={"target_id": "nowhere"})
    assert (nowhere.status_code, nowhere.json["code"]) == (404, "no_such_target")


def test_a_persons_word_is_kept_as_that(world, editor):
    at = f"{API}/copies/{world.copy.id}"
    done(editor.post(f"{at}/attest", json={"note": "I looked."}), 200)
    proofs = done(editor.get(f"{at}/evidence"), 200)
    assert (proofs["evidence"][0]["level"], proofs["evidence"][0]["note"]) == ("attested", "I looked.")
    assert proofs["attempts"][0]["outcome"] == "done"


def test_a_recall_adds_up(world, editor):
    impact = done(editor.get(f"{ASSETS}/{world.asset.id}/impact?act=recall"), 200)
    assert [line["becomes"] for line in impact["lines"]] == ["withdrawn"]
    assert (impact["begins_at"], impact["ends_at"], impact["then"]) == (world.hub.clock.now(), None, [])
    made = done(editor.post(f"{API}/recalls", json={"asset_id": world.asset.id, "reason": "It must go."}), 201)
    assert [line["copy"]["id"] for line in made["lines"]] == [world.copy.id]
    assert done(editor.get(f"{API}/recalls/{made['id']}"), 200)["id"] == made["id"]
    assert [one["id"] for one in editor.get(f"{ASSETS}/{world.asset.id}/recalls").json["items"]] == [made["id"]]
    twice = editor.post(f"{API}/recalls", json={"asset_id": world.asset.id, "reason": "Again."})
    assert (twice.status_code, twice.json["code"]) == (409, "recall_open")


def test_an_approval_and_clauses_are_foreseen_with_what_cannot_be_done(world, editor):
    at = f"{ASSETS}/{world.asset.id}/impact"
    newer = world.hub.upload(picture(9, (300, 200)), asset_id=world.asset.id)
    seen = done(editor.get(f"{at}?act=approve"), 200)
    assert [(line["becomes"], line["reachable"], line["why"]) for line in seen["lines"]] == [("updated", True, "")]
    assert done(editor.get(f"{at}?act=approve&version_id={newer.version_id}"), 200) == seen
    elsewhere = editor.get(f"{at}?act=approve&version_id={world.draft.version_id}")
    assert (elsewhere.status_code, elsewhere.json["code"]) == (404, "no_such_version")
    ends = world.hub.clock.now() + DAY
    clause = done(editor.post(at, json={"source": "embargo", "effect": "deny", "until_at": ends}), 200)
    assert [line["becomes"] for line in clause["lines"]] == ["withdrawn"]
    assert (clause["ends_at"], [line["becomes"] for line in clause["then"]]) == (ends, ["published"])
    assert done(editor.get(f"{ASSETS}/{world.asset.id}/terms"), 200)["items"] == []
    added = done(editor.post(f"{ASSETS}/{world.asset.id}/terms", json={"source": "embargo", "effect": "deny"}), 201)
    with world.hub.database.unit() as session:  # as the planner leaves it
        session.get_one(Placement, world.copy.id).desired = "absent"
    lifted = done(editor.get(f"{at}?act=lift&term_id={added['id']}"), 200)
    assert [line["becomes"] for line in lifted["lines"]] == ["published"]
    for query, status, code in (("", 400, "no_term_named"), (f"&term_id={world.term.id}", 404, "no_such_term")):
        refused = editor.get(f"{at}?act=lift{query}")
        assert (refused.status_code, refused.json["code"]) == (status, code)
    with world.hub.database.unit() as session:
        row = session.get_one(Placement, world.copy.id)
        row.phase, row.blocked, row.problem = "blocked", True, "Trello refuses the token."
    [stuck] = done(editor.get(f"{at}?act=archive"), 200)["lines"]
    assert (stuck["reachable"], stuck["why"]) == (False, "Trello refuses the token.")


# The outside


def test_an_account_is_connected_tested_paused_and_forgotten(sqlite_url, clock, tmp_path, hub):
    sandbox = make_sandbox(discover()["trello"])
    with serve(sandbox) as origin:
        outward = checked(WebHub(hub.database, clock, tmp_path / "home", trusted_origins=[origin]))
        wake(hub.database, outward.settings, clock)
        client = outward.client("administrator")
        body = {"connector": "trello", "auth": sandbox.auth, "settings": dict(sandbox.settings(origin))}
        wrong = client.post(f"{API}/connections", json=body | {"secrets": dict(sandbox.wrong_secrets)})
        assert (wrong.status_code, wrong.json["code"]) == (400, "credentials_refused")
        made = done(client.post(f"{API}/connections", json=body | {"secrets": dict(sandbox.secrets)}), 201)
        assert made["state"] == "live"
        assert not [secret for secret in sandbox.secrets.values() if secret in str(made)]
        at = f"{API}/connections/{made['id']}"
        assert done(client.post(f"{at}/test"), 200)["state"] == "live"
        count = done(client.post(f"{at}/targets"), 200)["count"]
        targets = done(client.get(f"{API}/targets?remote_id={made['remote_id']}"), 200)["items"]
        assert len(targets) == count > 0
        done(client.post(f"{at}/pause"))
        assert client.post(f"{at}/test").json["code"] == "connection_off"
        done(client.post(f"{at}/resume"))
        assert [one["state"] for one in client.get(f"{API}/connections").json["items"]] == ["live"]
        done(client.delete(at))
    assert [one["state"] for one in client.get(f"{API}/connections").json["items"]] == ["off"]


def test_addresses_inside_are_not_called(world, admin):
    sandbox = make_sandbox(discover()["wordpress"])
    for origin in ("http://169.254.169.254", "http://127.0.0.1:1", "http://[::1]:1"):
        settings = dict(sandbox.settings(origin))
        body = {"connector": "wordpress", "auth": sandbox.auth, "settings": settings, "secrets": dict(sandbox.secrets)}
        answer = admin.post(f"{API}/connections", json=body)
        assert (answer.status_code, answer.json["code"]) == (400, "address_not_allowed")
        added = admin.post(f"{API}/endpoints", json={"url": origin + "/hook", "kinds": ["asset.approved"]})
        assert (added.status_code, added.json["code"]) == (400, "endpoint_url_refused")


def test_an_endpoint_is_added_turned_and_rotated(world, admin):
    body = {"url": "https://93.184.216.34/in", "kinds": ["asset.approved"]}
    made = done(admin.post(f"{API}/endpoints", json=body), 201)
    at = f"{API}/endpoints/{made['endpoint']['id']}"
    assert made["secret"] != done(admin.post(f"{at}/rotate"), 200)["secret"]
    assert done(admin.post(f"{at}/off"), 200)["state"] == "off"
    assert done(admin.post(f"{at}/on"), 200)["state"] == "live"
    assert done(admin.get(f"{at}/deliveries"), 200) == {"items": []}
    unknown = admin.post(f"{API}/endpoints", json=body | {"kinds": ["asset.eaten"]})
    assert (unknown.status_code, unknown.json["code"]) == (400, "event_kind_unknown")


def test_what_happened_can_be_read(world, editor):
    done(editor.post(f"{ASSETS}/{world.asset.id}/archive"))
    told = done(editor.get(f"{API}/activity?kind=asset.archived&subject={world.asset.id}"), 200)
    assert [(one["kind"], one["actor"]) for one in told["items"]] == [("asset.archived", world.hub.people["editor"].id)]


def test_a_remote_says_something_to_a_hook(world):
    client = world.client("nobody")
    assert client.post("/hooks/unknown", data=b"{}").status_code == 404
    assert client.open("/hooks/unknown", method="PUT").status_code == 405
