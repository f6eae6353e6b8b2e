"""What happens when a request is made twice, at once, on a stale picture, or page by page."""

from __future__ import annotations

import io
import threading

import pytest

from hub.clock import DAY
from tests.unit.web.routes import PNG
from tests.web_hub import picture

ASSETS, TOKENS, USERS = "/api/v1/assets", "/api/v1/tokens", "/api/v1/users"
WANTED = {"label": "one", "scopes": ["read"], "days": 1}


def keyed(key, **headers):
    return {"Idempotency-Key": key, **headers}


def tokens(client):
    return len(client.get(TOKENS).json["items"])


# One key, one effect


def test_the_same_key_replays_the_answer_and_does_nothing_more(world):
    client = world.client("editor")
    first = client.post(TOKENS, json=WANTED, headers=keyed("k1"))
    after = world.contents()
    again = client.post(TOKENS, json=WANTED, headers=keyed("k1"))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert world.contents() == after
    assert tokens(client) == 1


def test_without_a_key_each_request_counts(world):
    client = world.client("editor")
    for _ in range(2):
        client.post(TOKENS, json=WANTED)
    assert tokens(client) == 2


@pytest.mark.parametrize(
    "change", [{"json": WANTED | {"days": 2}}, {"path": USERS, "json": {}}, {"path": TOKENS + "?x=1"}]
)
def test_another_request_under_the_same_key_is_an_error(world, change):
    client = world.client("administrator")
    client.post(TOKENS, json=WANTED, headers=keyed("k1"))
    before = world.contents()
    other = {"path": TOKENS, "json": WANTED} | change
    answer = client.post(other["path"], json=other["json"], headers=keyed("k1"))
    assert (answer.status_code, answer.json["code"]) == (409, "key_used_otherwise")
    assert world.contents() == before


def test_an_upload_is_known_by_its_bytes(world):
    client, other = world.client("editor"), PNG[:-1] + b"x"

    def send(content):
        return client.post(
            f"{ASSETS}?filename=a.png", data=content, content_type="application/octet-stream", headers=keyed("up")
        )

    first, again = send(PNG), send(PNG)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert send(other).json["code"] == "key_used_otherwise"
    assert send(PNG + b"longer").json["code"] == "key_used_otherwise"
    assert send(PNG).json == first.json


def test_the_keys_of_two_people_do_not_mix(world):
    mine = world.client("editor").post(TOKENS, json=WANTED, headers=keyed("k1")).json
    theirs = world.client("contributor").post(TOKENS, json=WANTED, headers=keyed("k1"))
    assert theirs.status_code == 201
    assert "Idempotent-Replayed" not in theirs.headers
    assert theirs.json["id"] != mine["id"]


def test_what_a_session_was_answered_is_not_for_a_narrow_token(world):
    issued = world.client("administrator").post(TOKENS, json=WANTED, headers=keyed("k1"))
    answer = world.client("reader").post(TOKENS, json=WANTED, headers=keyed("k1"))
    assert answer.json["code"] == "key_used_otherwise"
    assert issued.json["secret"] not in answer.get_data(as_text=True)


def test_at_once_the_same_key_has_one_effect(world):
    start, answers = threading.Barrier(6), []

    def send():
        client = world.client("editor")
        start.wait()
        answers.append(client.post(TOKENS, json=WANTED, headers=keyed("k1")))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tokens(world.client("editor")) == 1
    good = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json["id"] for answer in good}) == 1
    assert {answer.json["code"] for answer in answers if answer.status_code != 201} <= {"still_at_work"}


def test_while_the_first_is_at_work_the_second_is_told_so(world, monkeypatch):
    access, client, second = world.hub.services.access, world.client("editor"), []
    issue = type(access).issue_token

    def slowly(self, actor, **wanted):
        second.append(world.client("editor").post(TOKENS, json=WANTED, headers=keyed("k1")))
        return issue(self, actor, **wanted)

    monkeypatch.setattr(type(access), "issue_token", slowly)
    assert client.post(TOKENS, json=WANTED, headers=keyed("k1")).status_code == 201
    assert [(answer.status_code, answer.json["code"]) for answer in second] == [(409, "still_at_work")]


@pytest.mark.parametrize("body", [WANTED | {"days": 0}, WANTED | {"scopes": ["all"]}])
def test_a_refused_request_leaves_its_key_free(world, body):
    client = world.client("editor")
    assert client.post(TOKENS, json=body, headers=keyed("k1")).status_code in {400, 422}
    assert client.post(TOKENS, json=WANTED, headers=keyed("k1")).status_code == 201


def test_a_failure_of_the_hub_leaves_its_key_free(world, monkeypatch):
    client, access = world.client("editor"), world.hub.services.access
    with monkeypatch.context() as broken:
        broken.setattr(type(access), "issue_token", lambda *_, **__: 1 / 0)
        assert client.post(TOKENS, json=WANTED, headers=keyed("k1")).status_code == 500
    assert client.post(TOKENS, json=WANTED, headers=keyed("k1")).status_code == 201


def test_an_answer_is_kept_for_a_day(world):
    client = world.client("editor")
    first = client.post(TOKENS, json=WANTED, headers=keyed("k1")).json
    world.hub.clock.advance(DAY - 1)
    client = renewed(world)
    assert client.post(TOKENS, json=WANTED, headers=keyed("k1")).json == first
    world.hub.clock.advance(1)
    assert client.post(TOKENS, json=WANTED, headers=keyed("k1")).json != first


def renewed(world):
    return world.hub.client("editor")


def test_a_kept_secret_is_sealed(world):
    secret = world.client("editor").post(TOKENS, json=WANTED, headers=keyed("k1")).json["secret"]
    assert secret not in repr(world.contents())


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb", "\u00e9\x85"])
def test_a_key_that_is_none_is_refused(world, key):
    answer = world.client("editor").post(TOKENS, json=WANTED, headers=keyed(key))
    assert (answer.status_code, answer.json["code"]) == (400, "bad_idempotency_key")


def test_a_key_is_only_heard_after_who_asks(world):
    before = world.contents()
    assert world.client("nobody").post(TOKENS, json=WANTED, headers=keyed("k1")).status_code == 401
    assert world.contents() == before


# What was seen and what is there


def test_a_change_upon_a_stale_picture_is_refused(world):
    client, at = world.client("editor"), f"{ASSETS}/{world.asset.id}"
    etag = client.get(at).headers["ETag"]
    first = client.patch(at, json={"fields": {"title": "Mine"}}, headers={"If-Match": etag})
    assert first.status_code == 200
    before = world.contents()
    second = client.patch(at, json={"fields": {"title": "Theirs"}}, headers={"If-Match": etag})
    assert (second.status_code, second.json["code"]) == (412, "changed_meanwhile")
    assert world.contents() == before
    fresh = first.headers["ETag"]
    assert client.get(at).headers["ETag"] == fresh != etag
    assert client.patch(at, json={"fields": {"title": "Theirs"}}, headers={"If-Match": fresh}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (None, "if_match_required"),
        ('"other-1"', "changed_meanwhile"),
        ("W/{etag}", "changed_meanwhile"),
        ("garbage", "changed_meanwhile"),
    ],
)
def test_a_change_says_what_it_is_based_upon(world, sent, code):
    client, at = world.client("editor"), f"{ASSETS}/{world.asset.id}"
    headers = {"If-Match": sent.replace("{etag}", client.get(at).headers["ETag"])} if sent else {}
    answer = client.patch(at, json={"fields": {"title": "New"}}, headers=headers)
    assert answer.json["code"] == code
    assert answer.status_code == (412 if sent else 428)


def test_two_changes_at_once_upon_one_picture_keep_one(world):
    at = f"{ASSETS}/{world.asset.id}"
    etag = world.client("editor").get(at).headers["ETag"]
    start, answers = threading.Barrier(4), []

    def send(number):
        client = world.client("editor")
        start.wait()
        answers.append(
            client.patch(at, json={"fields": {"title": f"T{number}"}}, headers={"If-Match": etag}).status_code
        )

    threads = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 412, 412, 412]


@pytest.mark.parametrize("rest", ["", "/renditions/thumbnail", "/renditions/web", "/renditions/original"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_what_is_known_already_is_not_sent_again(world, rest, form):
    client, at = world.client("viewer"), f"{ASSETS}/{world.asset.id}{rest}"
    etag = client.get(at).headers["ETag"]
    answer = client.get(at, headers={"If-None-Match": form.format(etag)})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)
    assert client.get(at, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("rest", ["", "/renditions/thumbnail", "/renditions/original"])
def test_not_modified_is_only_told_to_who_may_see(world, rest):
    at = f"{ASSETS}/{world.asset.id}{rest}"
    etag = world.client("viewer").get(at).headers["ETag"]
    world.client("editor").post(f"{ASSETS}/{world.asset.id}/revoke", json={"note": "Gone."})
    for asker, status in (("viewer", 404), ("nobody", 401)):
        for condition in (etag, "*"):
            assert world.client(asker).get(at, headers={"If-None-Match": condition}).status_code == status


# Parts of bytes


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=5-", 206, 5, None),
        ("bytes=-7", 206, -7, None),
        ("bytes=0-999999999", 206, 0, None),
        ("bytes=0-1,4-5", 200, 0, None),
        ("items=0-4", 200, 0, None),
        ("bytes=x", 200, 0, None),
        ("bytes=9-2", 200, 0, None),
        ("bytes=0-" + "9" * 5000, 200, 0, None),
    ],
)
def test_a_part_of_the_bytes_is_that_part(world, asked, status, start, end):
    client, at = world.client("viewer"), f"{ASSETS}/{world.asset.id}/renditions/original"
    whole = client.get(at).data
    answer = client.get(at, headers={"Range": asked})
    assert (answer.status_code, answer.data) == (status, whole[start:end])
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    if status == 206:
        first = start if start >= 0 else len(whole) + start
        assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(answer.data) - 1}/{len(whole)}"


def test_bytes_that_are_not_there_are_a_problem(world):
    client, at = world.client("viewer"), f"{ASSETS}/{world.asset.id}/renditions/original"
    size = len(client.get(at).data)
    answer = client.get(at, headers={"Range": f"bytes={size}-"})
    assert (answer.status_code, answer.json["code"]) == (416, "no_such_range")
    assert answer.headers["Content-Range"] == f"bytes */{size}"


def test_a_part_of_what_changed_is_the_whole(world):
    client, at = world.client("viewer"), f"{ASSETS}/{world.asset.id}/renditions/original"
    whole = client.get(at)
    same = client.get(at, headers={"Range": "bytes=0-1", "If-Range": whole.headers["ETag"]})
    other = client.get(at, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)
    assert other.data == whole.data


@pytest.mark.parametrize("preset", ["thumbnail", "web", "original"])
def test_a_look_at_the_head_says_what_the_whole_would(world, preset):
    client, at = world.client("viewer"), f"{ASSETS}/{world.asset.id}/renditions/{preset}"
    whole, head = client.get(at), client.head(at)
    assert head.data == b""
    differing = {"X-Request-Id"}
    assert {k: v for k, v in head.headers if k not in differing} == {
        k: v for k, v in whole.headers if k not in differing
    }


# Page by page


def walk(client, limit, between=lambda: None):
    found, cursor = [], ""
    while cursor is not None:
        part = client.get(ASSETS, query_string={"limit": limit, "cursor": cursor}).json
        found += [item["id"] for item in part["items"]]
        cursor = part["cursor"]
        between()
    return found


def test_pages_are_complete_and_stable_while_assets_are_added(searching):
    client = searching.client("editor")
    added = [searching.upload(picture(number, (40, 30))).id for number in range(7)]

    def add():
        if len(added) < 12:
            added.append(searching.upload(picture(100 + len(added), (40, 30))).id)

    found = walk(client, 2, add)
    assert found == added[6::-1]
    assert walk(client, 3) == added[::-1]


def test_a_page_goes_on_when_an_asset_vanishes_while_it_is_made(searching, monkeypatch):
    client = searching.client("editor")
    kept, gone = searching.upload(picture(1, (40, 30))), searching.upload(picture(2, (40, 30)))
    catalogue = type(searching.services.catalogue)
    view = catalogue.view

    def late(self, actor, asset_id):
        if asset_id == gone.id:
            self.delete(actor, asset_id)
            return view(self, searching.people["viewer"], asset_id)
        return view(self, actor, asset_id)

    monkeypatch.setattr(catalogue, "view", late)
    assert [item["id"] for item in client.get(ASSETS).json["items"]] == [kept.id]


def test_the_log_is_read_whole_while_it_grows(world):
    client, seen, after = world.client("editor"), [], 0
    last = client.get("/api/v1/activity?limit=1000").json["cursor"]
    while after < last:
        part = client.get(f"/api/v1/activity?limit=3&after={after}").json
        seen += [event["seq"] for event in part["items"]]
        after = part["cursor"]
        if len(seen) < 10:
            client.post(f"{ASSETS}/{world.asset.id}/{'archive' if len(seen) % 2 else 'unarchive'}")
    assert seen[: seen.index(last) + 1] == list(range(1, last + 1))
    assert client.get(f"/api/v1/activity?after={2**53}").json == {"items": [], "cursor": 2**53}


@pytest.mark.parametrize("cursor", ["x", "MTA", "bi0x", "cjEw", "\u202e", "%00", "bjE=bjE="])
def test_a_forged_cursor_is_a_clear_error(searching, cursor):
    answer = searching.client("editor").get(f"{ASSETS}?cursor={cursor}")
    assert answer.status_code == 400
    assert answer.json["code"] in {"bad_cursor", "bad_text"}


def test_an_archive_is_whole_and_names_its_length(world):
    import zipfile

    client = world.client("editor")
    answer = client.post("/api/v1/zip", json={"asset_ids": [world.asset.id, world.draft.id, world.asset.id]})
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    packed = zipfile.ZipFile(io.BytesIO(answer.data))
    assert packed.testzip() is None
    assert len(packed.namelist()) == 2
